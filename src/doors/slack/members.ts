import type { PersonId } from "../../domain/people/person.ts";

/** Whose accounts these are, and what Slack says of one at this moment. */
export interface Members {
  personOf(member: string): PersonId | undefined;
  /** Throws UserError unless the account may turn keys. */
  confirm(member: string): Promise<void>;
}
