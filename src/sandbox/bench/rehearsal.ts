import { z } from "zod";
import { Bug } from "../../domain/errors.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { SeenMessage } from "../../simulators/slack/people.ts";
import { createRuns } from "../../store/runs.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import { gravestAlarm } from "./alarms.ts";

/** Machine times. */
const SOON_MS = 60_000;
const LOOK_EVERY_MS = 20;

const WithButtons = z.looseObject({ elements: z.array(z.looseObject({ action_id: z.string().optional() })) });

/** The home region goes dark and people do what they do: ask for the failover and turn two keys. Resolves to the run's id. */
export async function startFailover(stage: Stage): Promise<string> {
  const { world, inventory } = stage;
  const [service] = inventory.services;
  if (!service) throw new Bug("nothing-protected", "The file protects no service");
  const { approvers } = inventory.file.approvals;
  const requester = inventory.people.find(({ id, roles }) => roles.includes("responder") && !approvers.includes(id));
  if (!requester) throw new Bug("nobody-asks", "Every responder of the file is an approver: nobody is left to ask");
  await world.setRegion(service.home, "dark");
  const alarm = gravestAlarm(inventory);
  await world.raiseAlarm(alarm.region, alarm.name, `${service.home} does not answer`);
  const asks = accountOf(inventory, requester.id);
  const holders = approvers.map((id) => accountOf(inventory, id));
  const channel = await world.people.expectChannel(
    ({ name = "", members }) => name.startsWith("inc-") && [asks, ...holders].every((id) => members.includes(id)),
    SOON_MS,
  );
  const words = `/dr failover ${service.name} because ${service.home} is dark`;
  await world.people.as(asks).types(words, { in: channel.id });
  const plan = await world.people.expectMessage(channel.id, (message) => approveButton(message) !== undefined, SOON_MS);
  for (const holder of holders.slice(0, inventory.file.approvals.required)) {
    await world.people.as(holder).clicks(approveButton(plan) ?? "", { in: channel.id, message: plan });
    const form = await world.people.expectView(holder, undefined, SOON_MS);
    const inputs = form.blocks.filter(({ type }) => type === "input").map((block) => String(block["block_id"]));
    await world.people.as(holder).submits(form, Object.fromEntries(inputs.map((id) => [id, "yes"])));
  }
  const run = await seenRun(stage, { id: undefined, withinMs: SOON_MS }, ({ state }) => state !== "waiting-for-keys");
  return run.plan.id;
}

/** The run, or the only open one, as soon as it fits. Throws after that much machine time. */
export async function seenRun(
  { redis }: Stage,
  { id, withinMs }: { readonly id: string | undefined; readonly withinMs: number },
  fits: (run: RunState) => boolean,
): Promise<RunState> {
  const runs = createRuns(redis, Date.now);
  const deadline = Date.now() + withinMs;
  for (;;) {
    const [wanted = id] = id === undefined ? await runs.openIds() : [id];
    const run = wanted === undefined ? undefined : await runs.read(wanted);
    if (run && fits(run)) return run;
    if (Date.now() > deadline) {
      const said = run ? `it is ${run.state}${run.why === "" ? "" : `: ${run.why}`}` : "there is none";
      throw new Bug("run-not-there", `The run did not get there within ${withinMs} ms; ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

export function approveButton({ blocks }: SeenMessage): string | undefined {
  const buttons = blocks.flatMap((block) => WithButtons.safeParse(block).data?.elements ?? []);
  return buttons.find((button) => button.action_id?.startsWith("intent:approve"))?.action_id;
}
