import { approversOf, type Inventory } from "./inventory.ts";
import { type Person, whoOwns } from "./person.ts";
import { type RunState, stillContinues } from "./run.ts";

/**
 * Whether a key may be turned. Pure, so that every guard can be read and tested alone; the store makes it atomic by
 * writing only if the journal has not grown since (G1, G2, G3, G4). Each refusal is a sentence for the person.
 */
export interface KeyTurn {
  readonly slackId: string;
  /** Digest of the plan that the card showed them. */
  readonly digest: string;
  /** Acceptance ids they agreed to in words. */
  readonly accepted: readonly string[];
  /** The run that this plan continues, as its journal stands; absent where it continues none. */
  readonly continued?: RunState;
  readonly nowMs: number;
}

export type KeyAnswer =
  | { readonly kind: "turned"; readonly person: Person; readonly complete: boolean }
  | { readonly kind: "refused"; readonly code: KeyRefusal; readonly why: string };

export type KeyRefusal =
  | "closed"
  | "expired"
  | "digest"
  | "unknown-person"
  | "not-approver"
  | "requester"
  | "already-turned"
  | "acceptance-missing"
  | "inventory-changed"
  | "rest-moved-on";

type Guard = (
  run: RunState,
  turn: KeyTurn,
  inventory: Inventory,
  person: Person | undefined,
) => readonly [KeyRefusal, string] | undefined;

/** In the order in which a person wants to hear it. Deleting any line fails a test that names it. */
const GUARDS: readonly Guard[] = [
  (run) =>
    run.state === "waiting-for-keys"
      ? undefined
      : ["closed", `This plan is ${run.state}${run.why ? `: ${run.why}` : ""}. Nothing was changed by your click.`],
  (run, turn) =>
    turn.nowMs < run.plan.startByMs
      ? undefined
      : ["expired", "This plan is too old to start. Ask for a new one with /dr failover."],
  (run, turn) =>
    turn.digest === run.digest
      ? undefined
      : ["digest", "The card you clicked shows another plan than the one that is waiting. Open the newest plan card."],
  (run, _turn, inventory) =>
    run.plan.inventoryDigest === inventory.digest
      ? undefined
      : ["inventory-changed", "twokey.yaml changed after this plan was made. Ask for a new one with /dr failover."],
  ({ plan }, { continued }) =>
    plan.restOf === undefined || stillContinues(plan.restOf, continued)
      ? undefined
      : [
          "rest-moved-on",
          `Run ${plan.restOf.run} has moved on since this plan for its rest was made. If it waits again, ask for a new one with /dr plan-rest ${plan.restOf.run}.`,
        ],
  (_run, _turn, _inventory, person) =>
    person
      ? undefined
      : ["unknown-person", "You are not listed under people in twokey.yaml, so your key does not count."],
  (_run, _turn, inventory, person) =>
    approversOf(inventory).some((approver) => approver.id === person?.id)
      ? undefined
      : ["not-approver", "You are not an approver in twokey.yaml, so your key does not count."],
  (run, _turn, _inventory, person) =>
    person?.id === run.plan.requester
      ? [
          "requester",
          "You asked for this plan, so your own key does not count (G2). Two other people must turn theirs.",
        ]
      : undefined,
  (run, _turn, _inventory, person) =>
    run.keys.some((key) => key.by === person?.id)
      ? ["already-turned", "Your key is turned already. Another person must turn the next one."]
      : undefined,
  (run, turn) => {
    const missing = run.plan.acceptances.find((acceptance) => !turn.accepted.includes(acceptance.id));
    return missing ? ["acceptance-missing", `To turn your key you must agree in words: “${missing.words}”`] : undefined;
  },
];

export function judgeKey(run: RunState, turn: KeyTurn, inventory: Inventory): KeyAnswer {
  const person = whoOwns(inventory.people, turn.slackId);
  for (const guard of GUARDS) {
    const refused = guard(run, turn, inventory, person);
    if (refused) return { kind: "refused", code: refused[0], why: refused[1] };
  }
  if (!person)
    return { kind: "refused", code: "unknown-person", why: "You are not listed under people in twokey.yaml." };
  return { kind: "turned", person, complete: run.keys.length + 1 >= run.plan.keysRequired };
}

/** Approvers who could still turn a key on this run, for the page and the card. */
export function whoIsLeft(run: RunState, inventory: Inventory): Person[] {
  return approversOf(inventory).filter(
    (person) => person.id !== run.plan.requester && !run.keys.some((key) => key.by === person.id),
  );
}
