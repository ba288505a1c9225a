import { UserError } from "../../domain/errors.ts";
import type { StillMay } from "../../ports/asker.ts";
import type { Member } from "./people.ts";

/** What is asked of Slack about an account; each may throw. */
export interface Standing {
  member(id: string): Promise<Pick<Member, "disqualifiedBy">>;
  groupMembers(group: string): Promise<readonly string[]>;
  /** The user group that approvals are limited to, if the file names one. */
  group(): string | undefined;
}

/** Codes of what Slack did not say. */
const UNANSWERED = ["approver-unknown", "approver-group-unknown"];

/** K4: the same of somebody who signed earlier, by any account of theirs. */
export async function stillMay(members: readonly string[], confirm: (id: string) => Promise<void>): Promise<StillMay> {
  const answers = await Promise.all(members.map((id) => standingOf(id, confirm)));
  const none: StillMay = { kind: "no", why: "they are not listed under people in twokey.yaml" };
  return (
    answers.find(({ kind }) => kind === "yes") ?? answers.find(({ kind }) => kind === "unknown") ?? answers[0] ?? none
  );
}

async function standingOf(id: string, confirm: (id: string) => Promise<void>): Promise<StillMay> {
  try {
    await confirm(id);
    return { kind: "yes" };
  } catch (error) {
    if (error instanceof UserError && !UNANSWERED.includes(error.code))
      return { kind: "no", why: String(error.facts["ofThem"] ?? error.message) };
    return { kind: "unknown", why: "Slack does not answer" };
  }
}

/** K1: the account behind the click, as Slack knows it at this moment. Any doubt is a no. */
export async function refuseIneligible(id: string, slack: Standing): Promise<void> {
  const account = await slack.member(id).catch((error: unknown) => {
    throw new UserError(
      "approver-unknown",
      "Slack could not confirm who you are just now, so nothing was changed. Try again.",
      { cause: error },
    );
  });
  const [reason] = account.disqualifiedBy;
  if (reason !== undefined)
    throw new UserError("approver-ineligible", `Your Slack account cannot turn keys: ${reason}.`, {
      facts: { ofThem: `Slack says of their account: ${reason}` },
    });
  const group = slack.group();
  if (group === undefined) return;
  const members = await slack.groupMembers(group).catch((error: unknown) => {
    throw new UserError(
      "approver-group-unknown",
      "Slack could not confirm the approvers' group just now, so nothing was changed. Try again.",
      { cause: error },
    );
  });
  if (!members.includes(id))
    throw new UserError(
      "approver-not-in-group",
      `Nothing was changed: you are not in the Slack group ${group}, which approvals are limited to.`,
      { facts: { ofThem: `they are not in the Slack group ${group}` } },
    );
}
