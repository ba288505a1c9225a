import { sayTime } from "../../domain/duration.ts";
import { UserError } from "../../domain/errors.ts";
import type { DoorName } from "../../domain/event.ts";
import type { Person } from "../../domain/people/person.ts";
import { sealedKey } from "../../domain/plan-run/authority.ts";
import { judgeKey, type KeyAnswer, type KeyTurn } from "../../domain/plan-run/key.ts";
import { planDigest } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import type { Proof, Who } from "../../ports/asker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ledger, Runs } from "../../ports/runs.ts";
import type { Wake } from "../../ports/wake.ts";
import { eventOf } from "../runs/journal.ts";
import { confirmed } from "./proof.ts";

/**
 * Two keys. Invariants:
 *  K1 who may turn is asked fresh at the click, and any doubt is a no (fail closed)
 *  K2 the rules of `domain/plan-run/key` judge the journal as it stands, and the key is written only if it still stands so
 *  K3 the last key, the claim on the service and the start are one atomic step: keys are consumed once
 */
export interface KeyDeps {
  readonly inventory: () => Inventory;
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly wake: Wake;
}

export interface KeyTurned {
  readonly answer: KeyAnswer;
  readonly run: RunState;
  readonly started: boolean;
}

/** A key as somebody turns it: who they are, and what they read and agreed to. */
export interface Turning extends Pick<KeyTurn, "digest" | "accepted"> {
  readonly who: Who;
}

const UNPROVABLE =
  "A key can only be turned in Slack: this door cannot prove who is asking. Press “Turn my key” on the plan card.";

export async function turnKey(runId: string, { who, digest, accepted }: Turning, deps: KeyDeps): Promise<KeyTurned> {
  const inventory = deps.inventory();
  const { person, proof } = await confirmed(who, UNPROVABLE);
  for (;;) {
    const run = await deps.runs.read(runId);
    if (!run) throw new UserError("plan-unknown", "This plan is not in the store any more. Ask for a new one.");
    const { restOf } = run.plan;
    const continued = restOf && (await deps.runs.read(restOf.run));
    const turn = { person, digest, accepted, nowMs: deps.clock.now(), ...(continued ? { continued } : {}) };
    const answer = judgeKey(run, turn, inventory);
    if (answer.kind === "refused") return { answer, run, started: false };
    const written = await writeKey(run, { ...turn, answer, door: proof.door }, deps);
    if (written.kind === "conflict") continue;
    if (written.kind === "claimed-by")
      throw new UserError(
        "service-claimed",
        `Your key was not turned: another run (${written.run}) holds ${run.plan.service}. Two runs of one service cannot go on at once.`,
      );
    if (written.kind === "cooling-down") {
      throw new UserError(
        "service-cooling-down",
        `Your key was not turned: ${run.plan.service} was moved a short while ago. The next run may start at ${sayTime(written.untilMs, deps.clock.now())} (cool_down in twokey.yaml).`,
      );
    }
    await noteKey(written.run, { person: answer.person, proof, atMs: turn.nowMs }, deps);
    if (answer.complete) await Promise.all([runId, ...(restOf ? [restOf.run] : [])].map((id) => deps.wake.run(id)));
    return { answer, run: written.run, started: answer.complete };
  }
}

interface JudgedTurn extends Pick<KeyTurn, "accepted" | "nowMs" | "continued"> {
  readonly answer: Extract<KeyAnswer, { kind: "turned" }>;
  readonly door: DoorName;
}

function writeKey(run: RunState, { answer, ...turn }: JudgedTurn, deps: KeyDeps) {
  const atMs = turn.nowMs;
  const digest = planDigest(run.plan);
  const held = { by: answer.person.id, door: turn.door, atMs, digest, accepted: [...turn.accepted] };
  const key: RunEntry = { kind: "key-turned", ...held, seal: deps.ledger.seal(sealedKey(run.plan, held)) };
  const started: RunEntry = { kind: "started", atMs, keys: [...run.keys.map((held) => held.by), answer.person.id] };
  const count = run.keys.length + 1;
  const events = [
    eventOf(run, key, { says: `${answer.person.name} turned key ${count} of ${run.plan.keysRequired}` }),
    ...(answer.complete
      ? [
          eventOf(run, started, {
            says: `${run.plan.title}: the keys are complete, and it starts`,
          }),
        ]
      : []),
  ];
  return deps.runs.append(run, {
    entries: answer.complete ? [key, started] : [key],
    events,
    ...(answer.complete ? { claim: { action: "take" as const, service: run.plan.service } } : {}),
    ...(answer.complete && turn.continued ? { continues: endOf(turn.continued, run, atMs) } : {}),
  });
}

/** K3 for a plan for the rest: the run before it ends, and hands the service on, in the step in which this one starts. */
function endOf(continued: RunState, run: RunState, atMs: number) {
  const entry: RunEntry = { kind: "superseded", atMs, plan: run.plan.id };
  const says = `${continued.plan.service}: the rest of ${continued.plan.id} goes on as ${run.plan.id}`;
  return { run: continued, entry, event: eventOf(continued, entry, { says }) };
}

/** The same act outside the store. A ledger that cannot be written stops the run at its first intent, not the key. */
function noteKey(
  run: RunState,
  { person, proof, atMs }: { readonly person: Person; readonly proof: Proof; readonly atMs: number },
  deps: KeyDeps,
): Promise<void> {
  const says = `${person.name} turned key ${run.keys.length} of ${run.plan.keysRequired} on ${run.digest}`;
  return deps.ledger.append({
    atMs,
    run: run.plan.id,
    service: run.plan.service,
    epoch: run.epoch,
    kind: "key-turned",
    by: person.id,
    door: proof.door,
    strength: proof.strength,
    says,
  });
}
