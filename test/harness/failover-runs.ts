import { z } from "zod";
import type { Event } from "../../src/domain/event.ts";
import { type Mode, planDigest } from "../../src/domain/plan-run/plan.ts";
import { isOver, type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import type { Observation } from "../../src/domain/service/observation.ts";
import type { Region } from "../../src/domain/service/service.ts";
import { observe } from "../../src/flows/observe.ts";
import { namesOf, storesIn } from "../../src/flows/resources/site.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import type { Planned } from "../../src/flows/runbooks/runbook.ts";
import type { Verdict } from "../../src/sandbox/world-client.ts";
import type { FailoverWorld } from "./failover-world.ts";
import { started } from "./keys.ts";
import { standbyOf } from "./site.ts";

export interface RunWish {
  readonly mode?: Mode;
  readonly id?: string;
  /** Where a failover leads; absent: the standby. */
  readonly to?: Region;
  /** Name of the runbook; absent: the failover. */
  readonly runbook?: string;
  /** What is wished for besides. */
  readonly words?: Readonly<Record<string, string>>;
  /** The run whose rest this is. */
  readonly continues?: RunState;
  /** What the observer saw before. */
  readonly lastLook?: Observation;
}

/** Looks at the world, plans, and turns the keys of the first two approvers. Resolves to the run that has just started. */
export async function startRun(at: FailoverWorld, wish: RunWish = {}): Promise<RunState> {
  const { mode = "unplanned", id = "F-1", runbook = "failover", words = {}, continues, lastLook } = wish;
  const { inventory, memory, clock, service, cloud } = at;
  const meant = runbookOf({ runbook, id });
  // Each runbook takes of it what its wish knows.
  const read = meant.read({ mode, to: wish.to ?? standbyOf(service), ...words });
  if (!read.ok) throw new Error(read.why);
  const ask = async () =>
    meant.plan(
      {
        ...{ id, service, inventory, reason: "a rehearsal", incident: undefined, requester: "nobody-who-approves" },
        observed: await observe(service, cloud, { isForPlan: true, lastLook }),
        nowMs: clock.now(),
        ...(continues ? { continues } : {}),
      },
      read.wish,
    );
  const planned = await askAgainWhileUnseen(ask);
  if (planned.kind === "refused") throw new Error(planned.reasons.join(" "));
  const digest = planDigest(planned.plan);
  const created = await memory.runs.create(planned.plan, digest, []);
  if (created.kind !== "created") throw new Error(`${created.run} is in the way of the run`);
  const run = await runOf(at, id);
  const atMs = clock.now();
  const keys = inventory.file.approvals.approvers.slice(0, planned.plan.keysRequired);
  const answer = await memory.runs.append(run, {
    entries: started(planned.plan, atMs, keys),
    events: [],
    claim: { action: "hold", service: service.name },
    ...(continues ? { continues: { run: continues, entry: ending(id, atMs), event: eventAt(atMs) } } : {}),
  });
  if (answer.kind !== "appended") throw new Error(`the run did not start: ${answer.kind}`);
  void peopleMoveNames(at, id);
  return answer.run;
}

/** A busy machine may not answer the first look in time; the refusal then asks for what people would do. */
async function askAgainWhileUnseen(ask: () => Promise<Planned>): Promise<Planned> {
  const deadline = Date.now() + ASK_AGAIN_WITHIN_MS;
  for (;;) {
    const planned = await ask();
    const isUnseen = planned.kind === "refused" && planned.reasons.some((why) => why.includes("cannot be seen"));
    if (!isUnseen || Date.now() > deadline) return planned;
  }
}

const ASK_AGAIN_WITHIN_MS = 90_000;

const Pointing = z.object({ name: z.string(), newSide: z.string() });
/** World time. */
const PEOPLE_LOOK_EVERY_MS = 1_000;

/** What people do while a run waits for them: they move each name outside Route 53 that it asks for, once. */
async function peopleMoveNames(at: FailoverWorld, id: string): Promise<void> {
  const moved = new Set<string>();
  while (!at.ended.aborted) {
    const run = await at.memory.runs.read(id).catch(() => "out of reach" as const);
    if (run === "out of reach") {
      await at.clock.sleep(PEOPLE_LOOK_EVERY_MS);
      continue;
    }
    if (!run || isOver(run)) return;
    for (const step of run.plan.steps) {
      if (step.role !== "waits-for-people" || moved.has(step.id) || stateOf(run, step.id).state === "waiting") continue;
      moved.add(step.id);
      const { name, newSide } = Pointing.parse(step.input);
      if (!namesOf(at.service).some((known) => known.name === name)) await at.client.pointName(name, newSide);
    }
    if (run.plan.steps.every(({ id: each, role }) => role !== "waits-for-people" || moved.has(each))) return;
    await at.clock.sleep(PEOPLE_LOOK_EVERY_MS);
  }
}

const ending = (plan: string, atMs: number): RunEntry => ({ kind: "superseded", atMs, plan });
const eventAt = (atMs: number): Event => ({
  kind: "run.superseded",
  atMs,
  door: "slack",
  says: "it goes on elsewhere",
  facts: {},
});

export async function runOf({ memory }: FailoverWorld, id = "F-1"): Promise<RunState> {
  const run = await memory.runs.read(id);
  if (!run) throw new Error(`there is no run ${id}`);
  return run;
}

/** Calls that changed the world, as `service:operation region input`, in their order. */
export function mutationsOf({ whole }: FailoverWorld): string[] {
  return whole.world.log
    .read(0, "aws.mutation")
    .map(({ facts }) => `${String(facts["operation"])} ${String(facts["region"])} ${JSON.stringify(facts["input"])}`);
}

export function verdictOf(at: FailoverWorld, afterMs = 0): Promise<Verdict> {
  return at.client.verdict(at.service.name, afterMs);
}

/** Somebody opens the old database again in the console. */
export const reopenOldSide = (at: FailoverWorld): Promise<void> => clickRule(at, "ec2:AuthorizeSecurityGroupIngress");

/** Somebody closes it there once more. */
export const closeOldSide = (at: FailoverWorld): Promise<void> => clickRule(at, "ec2:RevokeSecurityGroupIngress");

async function clickRule({ client, service }: FailoverWorld, call: `ec2:${string}`): Promise<void> {
  const [store] = storesIn(service, service.home);
  await client.click(call, service.home, {
    GroupId: store?.database.security_group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }],
  });
}
