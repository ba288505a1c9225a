import { sayTime } from "../../domain/duration.ts";
import { Bug, UserError } from "../../domain/errors.ts";
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

/**
 * Starts a plan that only adds something, on the word of one responder (G1). That its steps only add is a rule of the plan
 * itself and, step by step, of the executor; here only the count of keys is believed.
 */
export async function startAlone(run: RunState, { id: by, name, proof }: Requester, deps: StartDeps): Promise<void> {
  const { id, service, title, keysRequired } = run.plan;
  if (keysRequired !== 0) throw new Bug("keys-needed", `Plan ${id} needs ${keysRequired} keys`);
  const atMs = deps.clock.now();
  const { door, strength } = proof;
  const started: RunEntry = { kind: "started", atMs, keys: [] };
  const says = `${title}: started by ${name}; it only adds something, so one responder is enough`;
  const answer = await deps.runs.append(run, {
    entries: [started],
    events: [{ ...eventOf(run, started, { says }), by, door }],
    claim: { action: "hold", service },
  });
  if (answer.kind === "claimed-by")
    throw new UserError("service-claimed", `Nothing was started: run ${answer.run} holds ${service}.`);
  if (answer.kind === "cooling-down")
    throw new UserError(
      "service-cooling-down",
      `Nothing was started: ${service} was moved a short while ago. The next run may start at ${sayTime(answer.untilMs, atMs)}.`,
    );
  if (answer.kind === "conflict") throw new Bug("start-conflict", `Plan ${id} changed while it was being started`);
  await deps.ledger.append({
    atMs,
    run: id,
    service,
    epoch: run.epoch,
    kind: "started",
    by,
    door,
    strength,
    says,
  });
  await deps.wake.run(id);
}
