import type { Person, PersonId } from "../people/person.ts";
import { findService, type Inventory } from "./inventory.ts";
import type { Access } from "./service.ts";
import type { TwoKeyFile } from "./twokey-file.ts";

/** Who of the file may what with one service (`services.<name>.access`). */

type What = keyof Access;

/** Whoever may do the one is shown the service as well. */
const ALSO: Readonly<Record<What, readonly What[]>> = {
  see: ["see", "ask", "approve"],
  ask: ["ask"],
  approve: ["approve"],
};

/** The people of a team: those whom its audiences list, and those who are named themselves. */
export function peopleOfTeam(audiences: TwoKeyFile["audiences"], team: readonly string[]): PersonId[] {
  return team.flatMap((name) => {
    const audience = Object.hasOwn(audiences, name) ? audiences[name] : undefined;
    return audience?.kind === "people" ? audience.people : [name];
  });
}

/**
 * Whether the file keeps this from them. A service that it does not have any more keeps nothing from anybody: what its runs have left
 * behind has to be seen to.
 */
export function isKept(
  { service: name, what }: { readonly service: string; readonly what: What },
  person: PersonId | undefined,
  inventory: Inventory,
): boolean {
  const access = findService(inventory, name)?.access;
  if (access?.[what] === undefined) return false;
  // Whoever is asked for a key is shown what it is for.
  if (what === "see" && approversOf(inventory, name).some(({ id }) => id === person)) return false;
  const allowed = ALSO[what].flatMap((each) => peopleOfTeam(inventory.file.audiences, access[each] ?? []));
  return person === undefined || !allowed.includes(person);
}

/** People whose keys count: listed as approvers and holding the role, and, for a service, of the team that approves it. */
export function approversOf(inventory: Inventory, service: string | undefined): Person[] {
  return inventory.people.filter(
    ({ id, roles }) =>
      inventory.file.approvals.approvers.includes(id) &&
      roles.includes("approver") &&
      !(service !== undefined && isKept({ service, what: "approve" }, id, inventory)),
  );
}
