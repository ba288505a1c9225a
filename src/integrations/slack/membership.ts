import { chainOf } from "../../domain/errors.ts";
import type { Logger } from "../../ports/logger.ts";
import { type Member, OTHER_TEAM } from "./people.ts";

/** Whether an account belongs to people who work here, as Slack says. */
export type Membership =
  | { readonly kind: "member" }
  /** A guest of the workspace, a bot, or somebody of another one. */
  | { readonly kind: "outsider"; readonly why: string }
  /** Slack does not say. */
  | { readonly kind: "unknown" };

/** Machine time. As old as an answer may be: whoever asks often must not use up the calls that keys need. */
const KNOWN_FOR_MS = 60_000;
const MOST_KNOWN = 1_000;

/** Asks Slack about an account that nobody listed. Never rejects. */
export function memberships(
  ask: (account: string) => Promise<Member>,
  logger: Logger,
): (account: string) => Promise<Membership> {
  const known = new Map<string, { readonly answer: Promise<Membership>; readonly untilMs: number }>();
  return (account) => {
    const found = known.get(account);
    if (found && Date.now() < found.untilMs) return found.answer;
    const answer = ask(account).then(membershipOf, (error: unknown): Membership => {
      known.delete(account);
      logger.warn({ error: chainOf(error) }, "Slack did not say whose the account of somebody is who is not listed");
      return { kind: "unknown" };
    });
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(account, { answer, untilMs: Date.now() + KNOWN_FOR_MS });
    return answer;
  };
}

/** Another workspace of our own Enterprise Grid is a colleague's, who may ask; keys are turned by members of ours only. */
function membershipOf({ disqualifiedBy, isOfEnterprise }: Member): Membership {
  const why = disqualifiedBy.find((reason) => reason !== OTHER_TEAM || !isOfEnterprise);
  return why === undefined ? { kind: "member" } : { kind: "outsider", why };
}
