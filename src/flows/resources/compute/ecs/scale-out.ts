import { z } from "zod";
import { StepFailed, TransientError } from "../../../../domain/errors.ts";
import { isSuspended, type ServiceFacts } from "../../../../ports/compute.ts";
import type { Step } from "../../../../ports/step.ts";
import { ComputeInput, MINUTE, SECOND } from "../../../steps/schemas.ts";
import { raisedByHand, runningByHand, savedByHand } from "./by-hand.ts";
import { scaling } from "./permissions.ts";

/**
 * Raises the standby's tasks. It never lowers anything, and unwinding keeps the capacity: taking it away could take it
 * from a side that DNS answers with (G7).
 */
const Input = z.object({ region: z.string(), compute: ComputeInput, tasks: z.number().int().min(1) });
type Input = z.infer<typeof Input>;

/** Failed task launches after which a scale-out from a broken image is called broken; ECS itself retries for ever. */
const MOST_FAILED_TASKS = 10;

/** World time for which missing room is waited for before people are asked; a task with room runs within a minute or two. */
const ROOM_WITHIN_MS = 3 * MINUTE;
/** What ECS says in the service's events, each time that it tries. */
const NO_ROOM = /unable to place a task/i;

/** A deployment whose tasks do not start, and will not. */
export const haveFailed = ({ rollout, failedTasks }: ServiceFacts["deployments"][number]): boolean =>
  rollout === "FAILED" || failedTasks >= MOST_FAILED_TASKS;

/** An earlier attempt, or somebody else, asked for as much already. */
function isAskedFor({ desired, scaling }: ServiceFacts, tasks: number): boolean {
  return desired >= tasks && (scaling === undefined || (scaling.min >= tasks && !isSuspended(scaling)));
}

const Data = z.object({ askedAtMs: z.number() });
type Data = z.infer<typeof Data>;
const Output = z.object({ running: z.number() });

export const scaleOut: Step<Input, Data, z.infer<typeof Output>> = {
  name: "scale-out",
  role: "prepares",
  input: Input,
  data: Data,
  dataByHand: (nowMs) => ({ askedAtMs: nowMs }),
  output: Output,
  title: ({ region, compute, tasks }) => `Scale ${compute.service} in ${region} out to ${tasks} tasks`,
  times: () => ({ expectedMs: 75 * SECOND, deadlineMs: 20 * MINUTE }),
  controlPlane: ({ region }) => region,
  byHand: ({ region, compute, tasks }) => {
    const { look, goOn } = runningByHand(region, { ...compute, tasks });
    return [
      { commands: [...savedByHand(region, compute), ...raisedByHand(region, { ...compute, tasks }), look], goOn },
    ];
  },
  permissions: ({ region, compute }) => scaling(region, compute.cluster, compute.service),

  async run(input, { cloud, signal }) {
    const now = await cloud.compute.service(input.region, input.compute, signal);
    if (!now.known && (now.cause === "denied" || now.cause === "absent"))
      throw new StepFailed("service-unseen", `${input.compute.service}: ${now.why}`);
    if (!now.known) throw new TransientError("service-unseen", `${input.compute.service} cannot be seen: ${now.why}`);
    if (now.value.status !== "ACTIVE")
      throw new StepFailed("service-inactive", `${input.compute.service} is ${now.value.status}`);
    const data = { askedAtMs: cloud.clock.now() };
    if (isAskedFor(now.value, input.tasks)) return { requestIds: [], data };
    const act = await cloud.compute.scaleOut({ region: input.region, site: input.compute, tasks: input.tasks }, signal);
    return { requestIds: act.requestIds, data };
  },

  async verify(input, { askedAtMs }, { cloud, signal }) {
    const now = await cloud.compute.service(input.region, input.compute, signal);
    if (!now.known) return { done: false, says: `cannot be seen: ${now.why}` };
    const { running, pending, deployments, reasons } = now.value;
    const failedTasks = Math.max(0, ...deployments.map((deployment) => deployment.failedTasks));
    if (deployments.some(haveFailed)) {
      throw new StepFailed("tasks-fail", `${input.compute.service}: tasks fail to start. ${reasons[0] ?? ""}`.trim());
    }
    if (running >= input.tasks && pending === 0 && deployments.length === 1)
      return { done: true, says: `${running} tasks run`, output: { running } };
    const noRoom = pending === 0 && running < input.tasks ? reasons.find((reason) => NO_ROOM.test(reason)) : undefined;
    if (noRoom !== undefined && cloud.clock.now() >= askedAtMs + ROOM_WITHIN_MS)
      throw capacityMissing(input, running, noRoom);
    return {
      done: false,
      says: `${running} of ${input.tasks} tasks run${reasons[0] && failedTasks > 0 ? ` (${reasons[0]})` : ""}`,
    };
  },

  undo: "nothing-to-undo",
};

/** Whether some of the tasks are enough is for people to say: they know what the day is like. */
function capacityMissing({ compute, tasks }: Input, running: number, said: string): StepFailed {
  const share = Math.floor((100 * running) / tasks);
  return new StepFailed(
    "capacity-missing",
    `${running} of ${tasks} tasks of ${compute.service} run, ${share} % of what was asked for, and ECS finds no room for more: ${said} Retry waits for room, skip goes on with these`,
    { facts: { mustAsk: true } },
  );
}
