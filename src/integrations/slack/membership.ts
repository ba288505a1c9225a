import { setTimeout as after } from "node:timers/promises";
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

/** Machine time that somebody waits for it: who raises the alarm while Slack is slow is heard first. */
const WITHIN_MS = 1_500;
const LATE: Membership = { kind: "unknown" };
const soon = (answer: Promise<Membership>): Promise<Membership> =>
  Promise.race([answer, after(WITHIN_MS, LATE, { ref: false })]);

/** Asks Slack about an account that nobody listed. Never rejects; what comes late is known for the next question. */
export function memberships(
  ask: (account: string) => Promise<Member>,
  logger: Logger,
): (account: string) => Promise<Membership> {
  const known = new Map<string, { readonly answer: Promise<Membership>; readonly untilMs: number }>();
  return (account) => {
    const found = known.get(account);
    if (found && Date.now() < found.untilMs) return soon(found.answer);
    const answer = ask(account).then(membershipOf, (error: unknown): Membership => {
      known.delete(account);
      logger.warn({ error: chainOf(error) }, "Slack did not say whose the account of somebody is who is not listed");
      return { kind: "unknown" };
    });
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(account, { answer, untilMs: Date.now() + KNOWN_FOR_MS });
    return soon(answer);
  };
}

/** Another workspace of our own Enterprise Grid is a colleague's, who may ask; keys are turned by members of ours only. */
function membershipOf({ disqualifiedBy, isOfEnterprise }: Member): Membership {
  const why = disqualifiedBy.find((reason) => reason !== OTHER_TEAM || !isOfEnterprise);
  return why === undefined ? { kind: "member" } : { kind: "outsider", why };
}
