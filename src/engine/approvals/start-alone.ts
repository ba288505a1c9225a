import { sayTime } from "../../domain/duration.ts";
import { Bug, messageOf, OutcomeUnknown, Superseded, UserError } from "../../domain/errors.ts";
import type { Event } from "../../domain/event.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { Proof } from "../../ports/asker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ledger, Runs, Start } from "../../ports/runs.ts";
import type { Wake } from "../../ports/wake.ts";
import { eventOf } from "../runs/journal.ts";

export interface StartDeps {
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly wake: Wake;
}

/** Who asks for a plan: a person of `people`, or something that is none and has no key. */
export interface Requester {
  readonly id: string;
  readonly name: string;
  readonly proof: Proof;
}

/** On whose word a plan starts, and what is said of it. */
export interface Starting {
  readonly requester: Requester;
  readonly proposed: Event;
  /** Of the run or plan that is in its way: why nothing was started. */
  readonly inTheWay: (run: string) => Promise<UserError>;
}

/**
 * Keeps and starts, in one step, a plan that only adds something, on the word of one responder (G1). That its steps only add is a rule
 * of the plan itself and, step by step, of the executor; here only the count of keys is believed. It stands in the ledger before
 * anything is kept: a ledger that takes no line leaves no plan and no run behind.
 */
export async function startAlone(run: RunState, starting: Starting, deps: StartDeps): Promise<void> {
  const { id, keysRequired } = run.plan;
  if (keysRequired !== 0) throw new Bug("keys-needed", `Plan ${id} needs ${keysRequired} keys`);
  const { requester } = starting;
  const atMs = deps.clock.now();
  const says = `${run.plan.title}: started by ${requester.name}; it only adds something, so one responder is enough`;
  const entry: Start["entry"] = { kind: "started", atMs, keys: [] };
  const begun = { ...eventOf(run, entry, { says }), by: requester.id, door: requester.proof.door };
  await noteStart(run, { requester, atMs, kind: "started", says }, deps);
  try {
    await begin(run, { entry, events: [starting.proposed, begun] }, { starting, deps });
  } catch (error) {
    // Best effort: what people read does not depend on it.
    const kind = insteadOf(error);
    if (kind) await noteStart(run, { requester, atMs, kind, says: messageOf(error) }, deps).catch(() => undefined);
    throw error;
  }
  await deps.wake.run(id);
}

/** Of a start of which nobody can say whether it happened, the ledger says that it was asked for. A run that exists was started by the same request before. */
function insteadOf(error: unknown): Note["kind"] | undefined {
  if (error instanceof OutcomeUnknown) return undefined;
  return error instanceof Superseded ? "started-before" : "not-started";
}

interface Beginning {
  readonly starting: Starting;
  readonly deps: StartDeps;
}

async function begin(run: RunState, start: Start, { starting, deps }: Beginning): Promise<void> {
  const answer = await deps.runs.createStarted(run, start);
  if (answer.kind === "in-the-way") throw await starting.inTheWay(answer.run);
  if (answer.kind !== "cooling-down") return;
  const mayStart = sayTime(answer.untilMs, start.entry.atMs);
  throw new UserError(
    "service-cooling-down",
    `Nothing was started: ${run.plan.service} was moved a short while ago. The next run may start at ${mayStart}.`,
  );
}

interface Note {
  readonly requester: Requester;
  readonly atMs: number;
  readonly kind: "started" | "not-started" | "started-before";
  readonly says: string;
}

const noteStart = (
  { plan: { id, service }, epoch }: RunState,
  { requester, ...note }: Note,
  { ledger }: StartDeps,
): Promise<void> => {
  const { door, strength } = requester.proof;
  return ledger.append({ ...note, run: id, service, epoch, by: requester.id, door, strength });
};
