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

/** What `twokey.yaml` says of somebody in Slack. */
interface InSlack {
  readonly slack: string;
  readonly also: readonly string[];
}

export function slackAccounts(file: () => { readonly people: Readonly<Record<PersonId, InSlack>> }): Accounts {
  const membersOf = (person: PersonId) => {
    const { people } = file();
    // A person's id may be spelled like something that every object has.
    const found = Object.hasOwn(people, person) ? people[person] : undefined;
    return found ? [found.slack, ...found.also] : [];
  };
  return {
    membersOf,
    memberOf: (person) => membersOf(person)[0],
    personOf: (member) =>
      Object.entries(file().people).find(([, { slack, also }]) => slack === member || also.includes(member))?.[0],
  };
}
