import { keeperLabel, keeperOf } from "../domain/incident/pager-traits.ts";
import type { Person } from "../domain/people/person.ts";
import { approversOf } from "../domain/service/access.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { emptyOf, rotationsOf } from "../flows/incident/paging/rotations.ts";
import type { Pagers } from "../ports/pager.ts";
import { type OnCallLine, onCallCard, type Reached, type ToCall } from "../views/on-call.ts";
import { shownTo } from "./access.ts";
import type { IncidentCommandDeps } from "./incident-deps.ts";
import type { Answer, Ask } from "./intent.ts";
import { personOf } from "./run-deps.ts";

/**
 * `/dr oncall`: who would be paged now, for every policy of the matrix; an empty one is said loudly. People of the file also see,
 * alone, how to reach those who help, the ones on call first, and those who turn keys, where no pager does it.
 */
export async function onCall(ask: Ask, deps: Pick<IncidentCommandDeps, "pagers" | "inventory">): Promise<Answer> {
  const inventory = deps.inventory();
  const { people, escalation } = inventory;
  const keeper = keeperOf(escalation.pagers) ?? "";
  const policies = rotationsOf(inventory, keeper);
  const answer = await deps.pagers.keeper.whoIsOnCall([...policies.keys()]);
  const reached = (lines: readonly OnCallLine[]) =>
    personOf(ask, inventory) === undefined
      ? {}
      : { toCall: { ...helping(lines, inventory), approvers: approversFor(ask, inventory, deps.pagers) } };
  if (answer.kind !== "accepted")
    return { kind: "whisper", card: onCallCard({ lines: [], empty: [], why: answer.why, ...reached([]) }) };
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
  return { kind: "whisper", card: onCallCard({ lines, empty: emptyOf(policies, answer.value), ...reached(lines) }) };
}

/** Who can do more than turn keys. Somebody on call may be in the pager's directory only. */
function helping(lines: readonly OnCallLine[], { people, escalation }: Inventory): Omit<ToCall, "approvers"> {
  const first = lines.map(({ person }) => person);
  const unlisted = [...new Set(lines.filter(({ person }) => person === undefined).map(({ name }) => name))];
  const helpers = people
    .filter(({ id, roles }) => first.includes(id) || roles.some((role) => role !== "approver"))
    .toSorted((a, b) => Number(first.includes(b.id)) - Number(first.includes(a.id)));
  return { unlisted, keeper: keeperLabel(escalation.pagers), helpers: helpers.map(reachedBy) };
}

const reachedBy = ({ id, phone, email }: Person): Reached => ({ person: id, phone, email });

/** Of services that the asker is not shown nothing is said. */
function approversFor(ask: Ask, inventory: Inventory, { keeper, others }: Pagers): ToCall["approvers"] {
  const services = inventory.services.map(({ name }) => name).filter(shownTo(ask, inventory));
  const ringing = [keeper, ...others].filter(({ name }) => inventory.escalation.pagers[name]?.rings);
  return approversOf(inventory, undefined).flatMap((person) => {
    const keysFor = services.filter((service) => approversOf(inventory, service).some(({ id }) => id === person.id));
    if (inventory.services.length > 0 && keysFor.length === 0) return [];
    const isRung = ringing.some((pager) => pager.addressOf(person) !== undefined);
    return [{ ...reachedBy(person), isRung, ...(keysFor.length < services.length && { keysFor }) }];
  });
}
