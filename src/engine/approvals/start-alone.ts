import { sayTime } from "../../domain/duration.ts";
import { Bug, messageOf, OutcomeUnknown, UserError } from "../../domain/errors.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { Proof } from "../../ports/asker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ledger, Runs } from "../../ports/runs.ts";
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

/** What a plan starts with, and on whose word. */
export interface Starting {
  readonly requester: Requester;
  /** Keeps the plan, where that has not been done. */
  readonly keep?: () => Promise<void>;
}

/**
 * Starts a plan that only adds something, on the word of one responder (G1). That its steps only add is a rule of the plan
 * itself and, step by step, of the executor; here only the count of keys is believed. It stands in the ledger before anything is
 * kept: a ledger that takes no line leaves no plan and no run behind.
 */
export async function startAlone(run: RunState, { requester, keep }: Starting, deps: StartDeps): Promise<void> {
  const { id, keysRequired } = run.plan;
  if (keysRequired !== 0) throw new Bug("keys-needed", `Plan ${id} needs ${keysRequired} keys`);
  const atMs = deps.clock.now();
  await refuseWhileCooling(run, atMs, deps);
  const says = sayStarted(run, requester);
  await noteStart(run, { requester, atMs, kind: "started", says }, deps);
  try {
    await keep?.();
    await begin(run, { requester, atMs }, deps);
  } catch (error) {
    // Of a start of which nobody can say whether it happened, the ledger says that it was asked for. Best effort: what people read does not depend on it.
    if (!(error instanceof OutcomeUnknown))
      await noteStart(run, { requester, atMs, kind: "not-started", says: messageOf(error) }, deps).catch(
        () => undefined,
      );
    throw error;
  }
  await deps.wake.run(id);
}

/** Before anything is kept: a plan that cannot start now would keep the service from every other one. */
async function refuseWhileCooling({ plan: { service } }: RunState, atMs: number, { runs }: StartDeps): Promise<void> {
  const untilMs = await runs.coolDownUntil(service);
  if (untilMs !== undefined && untilMs > atMs) throw coolingDown(service, untilMs, atMs);
}

const coolingDown = (service: string, untilMs: number, atMs: number): UserError =>
  new UserError(
    "service-cooling-down",
    `Nothing was started: ${service} was moved a short while ago. The next run may start at ${sayTime(untilMs, atMs)}.`,
  );

const sayStarted = ({ plan }: RunState, { name }: Requester): string =>
  `${plan.title}: started by ${name}; it only adds something, so one responder is enough`;

interface Begun {
  readonly requester: Requester;
  readonly atMs: number;
}

async function begin(run: RunState, { requester, atMs }: Begun, { runs }: StartDeps): Promise<void> {
  const { id, service } = run.plan;
  const { door } = requester.proof;
  const started: RunEntry = { kind: "started", atMs, keys: [] };
  const answer = await runs.append(run, {
    entries: [started],
    events: [{ ...eventOf(run, started, { says: sayStarted(run, requester) }), by: requester.id, door }],
    claim: { action: "hold", service },
  });
  if (answer.kind === "claimed-by")
    throw new UserError("service-claimed", `Nothing was started: run ${answer.run} holds ${service}.`);
  if (answer.kind === "cooling-down") throw coolingDown(service, answer.untilMs, atMs);
  if (answer.kind === "conflict") throw new Bug("start-conflict", `Plan ${id} changed while it was being started`);
}

interface Note extends Begun {
  readonly kind: "started" | "not-started";
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
