import type { Person, PersonId } from "../people/person.ts";
import { approversOf } from "../service/access.ts";
import { findPerson, type Inventory } from "../service/inventory.ts";
import { FIND_OUT, whyNotOurs } from "./not-ours.ts";
import { askAgain, type Plan, type RestOf } from "./plan.ts";
import { type RunKey, type RunState, stillContinues } from "./run.ts";
import { whyOf } from "./why.ts";

/**
 * Whether a key may be turned. Pure, so that every guard can be read and tested alone; the store makes it atomic by
 * writing only if the journal has not grown since (G1, G2, G3, G4). Each refusal is a sentence for the person.
 */
export interface KeyTurn {
  readonly person: PersonId;
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
  | "journal-not-ours"
  | "expired"
  | "digest"
  | "unknown-person"
  | "not-approver"
  | "requester"
  | "already-turned"
  | "acceptance-missing"
  | "inventory-changed"
  | "rest-moved-on";

/** What people sign: a plan, or the way on after a lost store. */
export interface Signable {
  readonly name: "plan" | "recovery";
  /** What one person gives to it. */
  readonly gives: "key" | "signature";
  /** How a new one is asked for. */
  readonly again: string;
  readonly isOpen: boolean;
  /** Why nothing that stands there can be signed: somebody else has written into its journal. */
  readonly notOurs?: string;
  /** Undefined: it is about all of them. */
  readonly service: string | undefined;
  /** Its state and why, for whoever comes too late. */
  readonly stands: string;
  /** World time after which no signature counts. */
  readonly signByMs: number;
  readonly digest: string;
  readonly inventoryDigest: string;
  readonly requester: string;
  readonly held: readonly { readonly by: string }[];
  readonly acceptances: readonly { readonly id: string; readonly words: string }[];
  readonly keysRequired: number;
  /** What a plan for the rest rests on. */
  readonly continues?: RestOf;
}

/** The sentences of the plan that one key holder agreed to. */
export const acceptedIn = (
  { acceptances }: Pick<Plan, "acceptances">,
  { accepted }: Pick<RunKey, "accepted">,
): string[] => acceptances.flatMap(({ id, words }) => (accepted.includes(id) ? [words] : []));

type Refusal = readonly [KeyRefusal, string];
type Guard<By> = (it: Signable, turn: KeyTurn, by: By) => Refusal | undefined;

/** A person of the file who turns the key. */
interface Signer {
  readonly inventory: Inventory;
  readonly person: Person;
}

/** What stops everybody, in the order in which a person wants to hear it. Deleting any line fails a test that names it. */
const GUARDS: readonly Guard<Inventory>[] = [
  (it) => (it.isOpen ? undefined : ["closed", `This ${it.name} is ${it.stands}. Nothing was changed by your click.`]),
  ({ notOurs, gives }) =>
    notOurs === undefined ? undefined : ["journal-not-ours", `Your ${gives} does not count: ${notOurs}. ${FIND_OUT}`],
  (it, turn) =>
    turn.nowMs < it.signByMs
      ? undefined
      : ["expired", `This ${it.name} is too old to start. Ask for a new one with ${it.again}.`],
  (it, turn) =>
    turn.digest === it.digest
      ? undefined
      : [
          "digest",
          `The card you clicked shows another ${it.name} than the one that is waiting. Open the newest ${it.name} card.`,
        ],
  (it, _turn, inventory) =>
    it.inventoryDigest === inventory.digest
      ? undefined
      : [
          "inventory-changed",
          `twokey.yaml changed after this ${it.name} was made. Ask for a new one with ${it.again}.`,
        ],
  ({ continues }, { continued }) =>
    continues === undefined || stillContinues(continues, continued)
      ? undefined
      : [
          "rest-moved-on",
          `Run ${continues.run} has moved on since this plan was made. If it waits again, ask for a new plan with /dr replan ${continues.run}.`,
        ],
];

/** What stops one person whom the file lists, in the same way. */
const GUARDS_OF_PERSON: readonly Guard<Signer>[] = [
  ({ gives, service = "" }, _turn, { inventory, person }) => {
    if (approversOf(inventory, service).some(({ id }) => id === person.id)) return undefined;
    const isOfOthers = approversOf(inventory, undefined).some(({ id }) => id === person.id);
    const why = isOfOthers
      ? `twokey.yaml names who approves ${service} (services.${service}.access.approve), and not you`
      : "You are not an approver in twokey.yaml";
    return ["not-approver", `${why}, so your ${gives} does not count.`];
  },
  (it, _turn, { person }) =>
    person.id === it.requester
      ? [
          "requester",
          `You asked for this ${it.name}, so your own ${it.gives} does not count. ${it.keysRequired} other people are needed.`,
        ]
      : undefined,
  (it, _turn, { person }) =>
    it.held.some((key) => key.by === person.id)
      ? ["already-turned", `Your ${it.gives} counts already. Another person is needed now.`]
      : undefined,
  (it, turn) => {
    const missing = it.acceptances.find((acceptance) => !turn.accepted.includes(acceptance.id));
    return missing ? ["acceptance-missing", `To turn your key you must agree in words: “${missing.words}”`] : undefined;
  },
];

function signablePlan(run: RunState, inventory: Inventory): Signable {
  const { plan, state, digest, keys } = run;
  const why = whyOf(run, inventory);
  const { restOf } = plan;
  const notOurs = whyNotOurs(run);
  const { startByMs, inventoryDigest, requester, acceptances, keysRequired } = plan;
  return {
    name: "plan",
    gives: "key",
    again: askAgain(plan),
    isOpen: state === "waiting-for-keys",
    service: plan.service,
    stands: `${state}${why ? `: ${why}` : ""}`,
    ...{ signByMs: startByMs, digest, inventoryDigest, requester, held: keys, acceptances, keysRequired },
    ...(restOf ? { continues: restOf } : {}),
    ...(notOurs !== undefined && { notOurs }),
  };
}

export function judgeKey(run: RunState, turn: KeyTurn, inventory: Inventory): KeyAnswer {
  return judgeSignature(signablePlan(run, inventory), turn, inventory);
}

export function judgeSignature(it: Signable, turn: KeyTurn, inventory: Inventory): KeyAnswer {
  for (const guard of GUARDS) {
    const refused = guard(it, turn, inventory);
    if (refused) return refusedBecause(refused);
  }
  const person = findPerson(inventory, turn.person);
  if (!person) {
    const why = `You are not listed under people in twokey.yaml, so your ${it.gives} does not count.`;
    return refusedBecause(["unknown-person", why]);
  }
  for (const guard of GUARDS_OF_PERSON) {
    const refused = guard(it, turn, { inventory, person });
    if (refused) return refusedBecause(refused);
  }
  return { kind: "turned", person, complete: it.held.length + 1 >= it.keysRequired };
}

const refusedBecause = ([code, why]: Refusal): KeyAnswer => ({ kind: "refused", code, why });

/** Approvers who could still turn a key on this run, for the page and the card. */
export function whoIsLeft(run: RunState, inventory: Inventory): Person[] {
  return whoCanSign(signablePlan(run, inventory), inventory);
}

export function whoCanSign({ requester, held, service }: Signable, inventory: Inventory): Person[] {
  return approversOf(inventory, service).filter(({ id }) => id !== requester && !held.some((key) => key.by === id));
}
