import type { DoorName } from "../../domain/event.ts";
import type { DoorId } from "../../domain/people/door-ids.ts";
import type { PersonId } from "../../domain/people/person.ts";

/** Which Slack account is whose. Inside the app people have person ids only; this is where the two meet. */
export interface Accounts {
  /** The account by which a person is reached and mentioned; undefined: `people` has nobody of this id. */
  memberOf(person: PersonId): string | undefined;
  /** Every account of theirs, the one by which they are reached first. */
  membersOf(person: PersonId): readonly string[];
  /** Whose account it is, also where it is a second one of theirs; undefined: nobody's. */
  personOf(member: string): PersonId | undefined;
}

const DOOR: DoorName = "slack";

type Named = readonly Pick<DoorId, "door" | "id">[];
const idsOf = (named: Named): string[] => named.filter(({ door }) => door === DOOR).map(({ id }) => id);

/** What `twokey.yaml` says of people, of whom each may have accounts at several doors. */
interface WithPeople {
  readonly people: Readonly<Record<PersonId, { readonly accounts: Named }>>;
}

export function slackAccounts(file: () => WithPeople): Accounts {
  const membersOf = (person: PersonId) => {
    const { people } = file();
    // A person's id may be spelled like something that every object has.
    return idsOf((Object.hasOwn(people, person) && people[person]?.accounts) || []);
  };
  return {
    membersOf,
    memberOf: (person) => membersOf(person)[0],
    personOf: (member) => Object.keys(file().people).find((person) => membersOf(person).includes(member)),
  };
}

/** The user group that narrows who may turn keys; undefined: the file names none. */
export const approversGroupOf = ({
  approvals,
}: {
  readonly approvals: { readonly groups: Named };
}): string | undefined => idsOf(approvals.groups)[0];
