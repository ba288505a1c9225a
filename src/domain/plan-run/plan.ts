import { z } from "zod";
import { canonicalJson } from "../json.ts";
import { sha256 } from "../service/inventory.ts";
import { Bound } from "./bound.ts";
import { ByHandBlock } from "./by-hand.ts";

export const Mode = z.enum(["planned", "unplanned"]);
export type Mode = z.infer<typeof Mode>;

/**
 * What a step leaves behind when the run unwinds. There is no default: whoever writes a step must say.
 * `undo`: it has a way back. `nothing-to-undo`: it changes nothing, or keeps capacity that hurts nobody.
 * `irreversible`: it has no way back; recording its intent passes the point of no return.
 */
export const WayBack = z.enum(["undo", "nothing-to-undo", "irreversible"]);
export type WayBack = z.infer<typeof WayBack>;

/**
 * What a step is for. Everything outside `flows` knows steps by this and by their way back, never by a name.
 * `protects`: it stops the old side from writing; its input carries `captured`, its output is a `FenceOutput`.
 * `commits`: it decides which side is the writer. `proves`: it changes nothing and says what was seen.
 * `prepares`: it makes the new side ready. `moves-users`: it changes what users reach.
 * `settles`: it waits for something that runs out by itself. `waits-for-people`: somebody does it by hand. `adds`: it only adds something.
 */
export const StepRole = z.enum([
  "protects",
  "commits",
  "proves",
  "prepares",
  "moves-users",
  "settles",
  "waits-for-people",
  "adds",
]);
export type StepRole = z.infer<typeof StepRole>;

/** How long steps like one of a plan took, world time: pinned with the plan, so that it stays what people saw. */
export const Learned = z.strictObject({
  /** Runs that it is learned from. */
  runs: z.number().int().min(1),
  /** Of enough runs what half and nine in ten took; of fewer the smallest and the largest. */
  span: z.enum(["smallest-to-largest", "p50-to-p90"]),
  fromMs: z.number(),
  toMs: z.number(),
});
export type Learned = z.infer<typeof Learned>;

/** Roles by which what does not lie in the ordinary account is entered, as ARNs: in one region, or wherever none is named. */
export const Roles = z.strictObject({ anywhere: z.string().exactOptional(), in: z.record(z.string(), z.string()) });
export type Roles = z.infer<typeof Roles>;

export const PlannedStep = z.strictObject({
  /** Unique in the plan. */
  id: z.string(),
  /** Which step of the table does it. */
  does: z.string(),
  /** Id of the resource that it is about: `stores.stock`; absent for a step about the whole service. */
  resource: z.string().exactOptional(),
  /** Roles by which it is entered, where it lies in another account. */
  roles: Roles.exactOptional(),
  role: StepRole,
  /** What a responder would say: "Promote inventory-replica in eu-central-1". */
  title: z.string(),
  /** Ids of the steps that must be done first. */
  after: z.array(z.string()),
  /** Every choice made; the step's own schema parses it. */
  input: z.record(z.string(), z.unknown()),
  wayBack: WayBack,
  /** Region whose control plane must answer; absent where only probes are used. */
  controlPlane: z.string().optional(),
  /** World time: what is documented, and when the step counts as failed. */
  expectedMs: z.number(),
  deadlineMs: z.number(),
  /** Present where its input decides how long it takes: its times are compared only with those of steps that say the same. */
  alike: z.string().exactOptional(),
  /** Absent where no step like it has left a time. */
  learned: Learned.exactOptional(),
  /** The same by hand, for the day this bot is gone too. */
  byHand: z.array(ByHandBlock),
  /** What gave no answer when the plan was made, in words: until it does, no command of `byHand` can work. */
  silent: z.string().exactOptional(),
  /** While its vendor refuses it people may do it in another way, and the step sees that without the vendor. */
  otherWay: z.literal(true).exactOptional(),
  /** Its call leads back when it is made twice. */
  leadsBack: z.literal(true).exactOptional(),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

/**
 * A fact the plan rests on. `identity`: any change voids the keys. `bounded`: only worse than `limit` does
 * (absent limit: it was accepted as unknown). Informational facts are not listed at all.
 */
export const Assumption = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("identity"), fact: z.string(), says: z.string(), value: z.string() }),
  z.strictObject({ kind: z.literal("bounded"), fact: z.string(), says: z.string(), limit: z.number() }),
]);
export type Assumption = z.infer<typeof Assumption>;

/** Something each key holder agrees to in words before their key counts. */
export const Acceptance = z.strictObject({
  /** Unique in the plan; the runbook's own word. */
  id: z.string(),
  /** The sentence they agree to. */
  words: z.string(),
  /** The danger that it is about, as a short sentence for the head of the card; absent where another line says it. */
  danger: z.string().exactOptional(),
  /** What makes it unnecessary from the next plan on: nothing to be decided about this one. */
  advice: z.string().exactOptional(),
  /** It is a reason not to agree at all: read before the other dangers. */
  speaksAgainst: z.literal(true).exactOptional(),
  /** It leaves something open whose writes may be lost, also where the plan itself loses nothing. */
  mayLose: z.literal(true).exactOptional(),
  /** Worse than this voids the keys; absent: it has no measure, and only what was not agreed to at all does. */
  bound: Bound.exactOptional(),
});
export type Acceptance = z.infer<typeof Acceptance>;

/**
 * What could not be checked, in words. Where it was last known from an answer that may be old by now, also when that was:
 * a plan waits for hours, so how long ago that is belongs to the moment at which it is read.
 */
export const Unchecked = z.union([z.string(), z.strictObject({ says: z.string(), saidAtMs: z.number() })]);
export type Unchecked = z.infer<typeof Unchecked>;

/** The run whose unfinished move a plan takes over: its last key ends that run and hands the service on. */
export const RestOf = z.strictObject({
  run: z.string(),
  /** What that run had asked of the cloud when this was planned; if it goes on, the plan fits no longer. */
  intents: z.number().int(),
});
export type RestOf = z.infer<typeof RestOf>;

/** Fewest people who must agree before anything that is there is changed (G1). */
export const FEWEST_KEYS = 2;

/** What may run on the word of one responder: it changes nothing that is there (G1). */
const ADDS_ONLY: readonly StepRole[] = ["adds", "proves"];

/** Nothing that is there is changed by a step of this role. */
export const addsAtMost = (role: StepRole): boolean => ADDS_ONLY.includes(role);

/** Nothing that is there is changed by it, so that it can stop at any time. */
export const onlyAdds = ({ steps }: { readonly steps: readonly { readonly role: StepRole }[] }): boolean =>
  steps.every(({ role }) => addsAtMost(role));

/** It leads a service from one region to another. What only adds something leaves everything where it is. */
export const isMove = (plan: Pick<Plan, "from" | "to" | "steps">): boolean => plan.from !== plan.to && !onlyAdds(plan);

const PlanShape = z.strictObject({
  id: z.string(),
  /** Name in the table of runbooks, and the verb that asks for one. */
  runbook: z.string(),
  /** What is asked, as an imperative: "Move inventory to eu-central-1". */
  title: z.string(),
  service: z.string(),
  from: z.string(),
  to: z.string(),
  /** Why it does not go to a region of higher priority, as sentences; absent where people named the target, or it is the first one. */
  passedOver: z.array(z.string()).exactOptional(),
  restOf: RestOf.exactOptional(),
  /** Something irreversible has happened, or may have, before this was planned: its run begins past that point (J4). */
  pastNoReturn: z.boolean(),
  mode: Mode,
  reason: z.string(),
  /** Person id of who asked; their own key does not count. */
  requester: z.string(),
  incident: z.string().optional(),
  /** World times, epoch milliseconds. */
  madeAtMs: z.number(),
  /** Keys must be complete before this. */
  startByMs: z.number(),
  /** The consumed keys let TwoKey fence the old side on its return only until then. */
  authorisesUntilMs: z.number(),
  /** No second failover of the service earlier than this after the end of this one. */
  coolDownMs: z.number(),
  /** Two or more; 0 in a plan whose steps only add something, which one responder starts (G1). */
  keysRequired: z.number().int(),
  inventoryDigest: z.string(),
  steps: z.array(PlannedStep).min(1),
  assumptions: z.array(Assumption),
  acceptances: z.array(Acceptance),
  /** What could not be checked, in words. */
  unchecked: z.array(Unchecked),
  /** What gave no answer when it was made. Where that answers within the next half minute the plan is made again. */
  unanswered: z.array(z.string()).exactOptional(),
  /** What is left for people once it has ended, as sentences; absent where there is nothing. */
  leftForPeople: z.array(z.string()).exactOptional(),
  /** Record sets that it leaves as they are, each with why that is harmless; absent where there is none. */
  staying: z.array(z.string()).exactOptional(),
  /** What it was judged on, and when each was seen or measured: world times. */
  facts: z.array(z.strictObject({ what: z.string(), atMs: z.number() })).exactOptional(),
  /** Expected loss, as a point in time or as unknown: never a moving number. */
  dataLoss: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({
      kind: z.literal("after"),
      atMs: z.number(),
      measuredAtMs: z.number(),
      /** Present where this is the last known position of the replica: why there is no newer one. */
      why: z.string().exactOptional(),
    }),
    z.strictObject({ kind: z.literal("unknown"), why: z.string() }),
  ]),
  /** The end of the ledger of the process that made the plan: signed with it, it cannot be cut off unseen. */
  ledger: z.strictObject({ process: z.string(), lines: z.number().int(), seal: z.string() }).exactOptional(),
  rtoMs: z.number(),
  rpoMs: z.number(),
});
export const Plan = PlanShape.refine(
  ({ keysRequired, steps }) => keysRequired >= FEWEST_KEYS || (keysRequired === 0 && onlyAdds({ steps })),
  "a plan takes the keys of two people at least, unless all of its steps only add something",
);
export type Plan = z.infer<typeof Plan>;

/** How a plan like this one is asked for anew. */
export function askAgain(plan: Pick<Plan, "runbook" | "service" | "restOf">): string {
  return plan.restOf ? `/dr replan ${plan.restOf.run}` : askFresh(plan);
}

/** How a plan of this kind is asked for that continues nothing. */
export function askFresh({ runbook, service }: Pick<Plan, "runbook" | "service">): string {
  return `/dr ${runbook} ${service}`;
}

/** What people sign: SHA-256 over every choice, assumption and acceptance. */
export function planDigest(plan: Plan): string {
  return sha256(canonicalJson(plan));
}

export function stepOf(plan: Plan, id: string): PlannedStep {
  const step = plan.steps.find((candidate) => candidate.id === id);
  if (!step) throw new RangeError(`Plan ${plan.id} has no step ${id}`);
  return step;
}

/** Steps grouped by how many steps must come before them: what can run side by side shares a phase. */
export function phasesOf(plan: Plan): PlannedStep[][] {
  const depth = new Map<string, number>();
  for (const step of plan.steps) {
    depth.set(step.id, Math.max(-1, ...step.after.map((id) => depth.get(id) ?? -1)) + 1);
  }
  const phases: PlannedStep[][] = [];
  for (const step of plan.steps) {
    const index = depth.get(step.id) ?? 0;
    phases[index] = [...(phases[index] ?? []), step];
  }
  return phases;
}
