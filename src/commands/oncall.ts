import { keeperOf } from "../domain/incident/pager-traits.ts";
import type { PersonId } from "../domain/people/person.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { emptyOf, rotationsOf } from "../flows/incident/paging/rotations.ts";
import { type OnCallNow, onCallCard } from "../views/page.ts";
import type { IncidentCommandDeps } from "./incident-deps.ts";
import type { Answer, Ask } from "./intent.ts";
import { personOf } from "./run-deps.ts";

/**
 * `/dr oncall`: who would be paged now, for every policy of the matrix; an empty one is said loudly. People of the file also see,
 * alone, by which number to call those who help, the ones on call first.
 */
export async function onCall(ask: Ask, deps: Pick<IncidentCommandDeps, "pagers" | "inventory">): Promise<Answer> {
  const inventory = deps.inventory();
  const { people, escalation } = inventory;
  const keeper = keeperOf(escalation.pagers) ?? "";
  const policies = rotationsOf(inventory, keeper);
  const answer = await deps.pagers.keeper.whoIsOnCall([...policies.keys()]);
  const numbers = (first: readonly (PersonId | undefined)[]) =>
    personOf(ask, inventory) === undefined ? {} : { toCall: toCall(inventory, first) };
  if (answer.kind !== "accepted")
    return { kind: "whisper", card: onCallCard({ lines: [], empty: [], why: answer.why, ...numbers([]) }) };
  const lines = answer.value
    .toSorted((a, b) => a.policy.localeCompare(b.policy) || a.level - b.level)
    .map(({ policy, policyName, level, pagerUserId, name, untilMs }) => {
      const person = people.find(({ pagers }) => pagers[keeper] === pagerUserId);
      return {
        policy: policies.get(policy) ?? policyName,
        level,
        name: person?.name ?? name,
        person: person?.id,
        untilMs,
      };
    });
  const empty = emptyOf(policies, answer.value);
  return { kind: "whisper", card: onCallCard({ lines, empty, ...numbers(lines.map(({ person }) => person)) }) };
}

/** Approvers only turn keys: they are called by the run that needs them. */
function toCall({ people }: Inventory, first: readonly (PersonId | undefined)[]): NonNullable<OnCallNow["toCall"]> {
  return people
    .filter(({ id, roles }) => first.includes(id) || roles.some((role) => role !== "approver"))
    .toSorted((a, b) => Number(first.includes(b.id)) - Number(first.includes(a.id)))
    .map(({ id, phone }) => ({ person: id, phone }));
}
