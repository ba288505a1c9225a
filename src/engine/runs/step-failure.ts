import { messageOf, type NotAuthorised, type StepFailed } from "../../domain/errors.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { stateOf } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { sayUnwritable } from "./halt.ts";
import { isDecided } from "./held-up.ts";
import type { Entered, RunHold } from "./journal.ts";

/** Characters of a machine's own answer that a timeline shows. */
const LONGEST_REPLY = 140;

interface Failed {
  readonly hold: RunHold;
  readonly step: PlannedStep;
  readonly deps: ExecutorDeps;
}

interface Failing extends Failed {
  /** What failed is the look at what people did, and no try of TwoKey's own. */
  readonly isByHand: boolean;
  /** What people do in the place of a step that nothing waits for. */
  readonly left: string | undefined;
}

/** A try that people decided about while it was in flight says nothing of what they did: it stands in the ledger alone. */
export async function recordFailure(failing: Failing, error: StepFailed): Promise<void> {
  const { hold, step, deps, isByHand, left } = failing;
  if (left !== undefined) return leaveToPeople(failing, error, left);
  const why = messageOf(error);
  const { mustAsk: isAsked, reply, ways } = error.facts;
  const mustAsk = isAsked === true;
  const replied = reply === undefined ? "" : ` (the answer was “${String(reply).slice(0, LONGEST_REPLY)}”)`;
  const entry = { kind: "failed" as const, atMs: deps.clock.now(), step: step.id, epoch: hold.epoch };
  const waysOn = typeof ways === "string" ? { ways: ways.split("\n") } : {};
  const told = { says: `${step.title} failed: ${why}${replied}`, requestIds: requestIdsOf(error) };
  const failed: Entered = { entry: { ...entry, code: error.code, why, mustAsk, ...waysOn }, told };
  await hold.append((run) => {
    const isOvertaken = isByHand ? stateOf(run, step.id).state === "skipped" : isDecided(run, step);
    return isOvertaken ? undefined : failed;
  });
  await hold.note(failed);
  deps.logger.error({ run: hold.run.plan.id, step: step.id, code: error.code, why }, "A step failed");
}

async function leaveToPeople({ hold, step, deps }: Failed, error: StepFailed, left: string): Promise<void> {
  const why = messageOf(error);
  const says = `left to people: ${why}`;
  const done: Entered = {
    entry: { kind: "done", atMs: deps.clock.now(), step: step.id, epoch: hold.epoch, says, output: { left } },
    told: { says: `${step.title}: ${says}. ${left}`, requestIds: requestIdsOf(error) },
  };
  await hold.append((run) => (isDecided(run, step) ? undefined : done));
  await hold.note(done);
  deps.logger.warn({ run: hold.run.plan.id, step: step.id, code: error.code, why }, "A step is left to people");
}

/** The step is no worse than before: what people signed does not carry it any further, so the run waits for them. */
export async function haltFor(
  { hold, deps }: Pick<Failed, "hold" | "deps">,
  { code, message }: NotAuthorised,
): Promise<void> {
  const atMs = deps.clock.now();
  // A freeze is lifted again, and the run is resumed; keys that carry it no further never will.
  const entry: RunEntry =
    code === "frozen"
      ? { kind: "paused", atMs, door: "engine", why: message }
      : { kind: "voided", atMs, because: "authority", why: [message] };
  const says = code === "frozen" ? message : `The keys of this plan do not count any more: ${message}`;
  const entered = await hold.append((run) => (run.state === "running" ? { entry, told: { says } } : undefined));
  if (entered) await hold.note(entered);
}

/** What was asked for stands in the journal alone. Nothing more is asked for, and nothing goes on unasked. */
export async function haltUnwritten({ hold, deps }: Pick<Failed, "hold" | "deps">, error: unknown): Promise<void> {
  const why = sayUnwritable(error);
  const entry: RunEntry = { kind: "paused", atMs: deps.clock.now(), door: "engine", why, halted: true };
  await hold.append((run) => (run.state === "running" ? { entry, told: { says: why } } : undefined));
  deps.logger.error({ run: hold.run.plan.id, why }, "A run waits for people: the ledger cannot be written");
}

/** Adapters put the request ids of refused and lost calls into the error: the ledger wants those too. */
function requestIdsOf(error: StepFailed): string[] {
  const ids = error.facts["requestIds"];
  return typeof ids === "string" && ids !== "" ? ids.split(" ") : [];
}
