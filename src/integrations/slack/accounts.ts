import type { PersonId } from "../../domain/people/person.ts";

/** Which Slack account is whose. Inside the app people have person ids only; this is where the two meet. */
export interface Accounts {
  /** The account by which a person is reached and mentioned; undefined: `people` has nobody of this id. */
  memberOf(person: PersonId): string | undefined;
  /** Whose account it is, also where it is a second one of theirs; undefined: nobody's. */
  personOf(member: string): PersonId | undefined;
}

/** What `twokey.yaml` says of somebody in Slack. */
interface InSlack {
  readonly slack: string;
  readonly also: readonly string[];
}

export function slackAccounts(file: () => { readonly people: Readonly<Record<PersonId, InSlack>> }): Accounts {
  return {
    memberOf: (person) => {
      const { people } = file();
      // A person's id may be spelled like something that every object has.
      return Object.hasOwn(people, person) ? people[person]?.slack : undefined;
    },
    personOf: (member) =>
      Object.entries(file().people).find(([, { slack, also }]) => slack === member || also.includes(member))?.[0],
  };
}
