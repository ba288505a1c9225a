import type { PersonId } from "../../domain/people/person.ts";

/** Whether an account is of somebody who works here: a guest of the workspace and a member of another one are outsiders. */
export type Membership =
  | { readonly kind: "member" }
  | { readonly kind: "outsider"; readonly why: string }
  | { readonly kind: "unknown" };

/** Whose accounts these are, and what Slack says of one at this moment. */
export interface Members {
  personOf(member: string): PersonId | undefined;
  /** Throws UserError unless the account may turn keys. */
  confirm(member: string): Promise<void>;
  /** What Slack says of an account that `people` does not list. Never rejects. */
  membership(member: string): Promise<Membership>;
}
