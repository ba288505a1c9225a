import { z } from "zod";
import { Bug } from "../../domain/errors.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { SeenMessage } from "../../simulators/slack/people.ts";
import { createRuns } from "../../store/runs.ts";
import { WITHOUT_KEY } from "../../store/seal.ts";
import { accountOf } from "../derive-slack.ts";
import type { Stage } from "../stage.ts";
import { gravestAlarm } from "./alarms.ts";
import type { Bench } from "./measurement.ts";

/** Machine times. */
const SOON_MS = 60_000;
const LOOK_EVERY_MS = 20;
/**
 * Nobody reads an alarm and asks for a failover sooner. Meanwhile TwoKey looks at what the alarm is about, and learns that a region
 * is silent by a call that has had all its time.
 */
export const PEOPLE_TAKE_MS = 12_000;
/** Half an hour of the world and some, at the speed of a bench. */
const VERIFIED_WITHIN_MS = 240_000;

const WithButtons = z.looseObject({ elements: z.array(z.looseObject({ action_id: z.string().optional() })) });

export interface Occasion {
  readonly isHomeDark: boolean;
  /** What is typed after the name of the service. */
  readonly words: (home: string) => string;
  /** Machine time from the alarm until somebody asks; absent: at once. */
  readonly asksAfterMs?: number;
}

/** The home region gives no answer. */
export const DARK_HOME: Occasion = { isHomeDark: true, words: (home) => `because ${home} is dark` };
/** Nobody is in a hurry, and nothing may be lost. */
export const PLANNED: Occasion = { isHomeDark: false, words: (home) => `planned because ${home} is maintained` };

/** An alarm comes, and people do what they do: ask for the failover and turn two keys. Resolves to the run's id. */
export async function startFailover(stage: Stage, occasion: Occasion = DARK_HOME): Promise<string> {
  const { world, inventory } = stage;
  const [service] = inventory.services;
  if (!service) throw new Bug("nothing-protected", "The file protects no service");
  const { approvers } = inventory.file.approvals;
  const requester = inventory.people.find(({ id, roles }) => roles.includes("responder") && !approvers.includes(id));
  if (!requester) throw new Bug("nobody-asks", "Every responder of the file is an approver: nobody is left to ask");
  if (occasion.isHomeDark) await world.setRegion(service.home, "dark");
  const alarm = gravestAlarm(inventory);
  const raisedMs = performance.now();
  await world.raiseAlarm(alarm.region, alarm.name, `${service.home} does not answer`);
  const asks = accountOf(inventory, requester.id);
  const holders = approvers.map((id) => accountOf(inventory, id));
  const channel = await world.people.expectChannel(
    ({ name = "", members }) => name.startsWith("inc-") && [asks, ...holders].every((id) => members.includes(id)),
    SOON_MS,
  );
  const leftMs = (occasion.asksAfterMs ?? 0) - (performance.now() - raisedMs);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, leftMs)));
  const words = `/dr failover ${service.name} ${occasion.words(service.home)}`;
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

/** World time. */
export interface Span {
  readonly lastKeyMs: number;
  /** From the last key until verified. */
  readonly tookMs: number;
  readonly run: RunState;
}

/** A failover from the alarm to its end; of one whose home is dark, by people who take their time. Throws Bug where it ends in any other way than verified. */
export async function spanOfFailover(bench: Bench, stage: Stage, occasion: Occasion): Promise<Span> {
  const id = await startFailover(stage, { ...occasion, ...(occasion.isHomeDark && { asksAfterMs: PEOPLE_TAKE_MS }) });
  bench.say(`run ${id} has its two keys`);
  const run = await seenRun(
    stage,
    { id, withinMs: VERIFIED_WITHIN_MS },
    ({ endedAtMs, state }) => endedAtMs !== undefined || state === "stopped",
  );
  if (run.state !== "verified" || run.endedAtMs === undefined) {
    throw new Bug("not-verified", `The failover ended as ${run.state}. ${run.why}`);
  }
  const lastKeyMs = Math.max(...run.keys.map(({ atMs }) => atMs));
  return { lastKeyMs, tookMs: run.endedAtMs - lastKeyMs, run };
}

/** The run, or the only open one, as soon as it fits. Throws after that much machine time. */
export async function seenRun(
  { redis }: Stage,
  { id, withinMs }: { readonly id: string | undefined; readonly withinMs: number },
  fits: (run: RunState) => boolean,
): Promise<RunState> {
  const runs = createRuns(redis, Date.now, WITHOUT_KEY);
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
