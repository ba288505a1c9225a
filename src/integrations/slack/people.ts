import { z } from "zod";
import { TransientError } from "../../domain/errors.ts";
import type { SlackClient } from "./client.ts";

/** An account as Slack knows it now. */
export interface Member {
  /** Why it may not turn keys: guest, bot, deleted, invited, stranger, other team. Empty: an ordinary member of our team. */
  readonly disqualifiedBy: readonly string[];
  /** Of our own Enterprise Grid, in whichever workspace of it. */
  readonly isOfEnterprise: boolean;
}

/** Our own user id, asked once; a failure is not remembered. */
export function ownUserId(client: SlackClient): () => Promise<string> {
  let known: Promise<string> | undefined;
  return () => {
    known ??= client
      .call("auth.test", z.object({ user_id: z.string() }), (web) => web.auth.test())
      .then((answer) => answer.user_id)
      .catch((error: unknown) => {
        known = undefined;
        throw error;
      });
    return known;
  };
}

/** A deleted member keeps hardly any flag; for everybody else the main ones must be there, or nothing is known. */
const Deleted = z.object({ id: z.string(), deleted: z.literal(true) });
const Flag = z.boolean().default(false);
const MemberFacts = z
  .object({
    id: z.string(),
    /** Absent for somebody of a whole Enterprise Grid: `enterprise_user` says of which workspaces. */
    team_id: z.string().optional(),
    deleted: z.literal(false),
    is_bot: z.boolean(),
    is_restricted: z.boolean(),
    is_ultra_restricted: z.boolean(),
    is_workflow_bot: Flag,
    is_connector_bot: Flag,
    is_invited_user: Flag,
    is_stranger: Flag,
    enterprise_user: z.object({ enterprise_id: z.string(), teams: z.array(z.string()).default([]) }).optional(),
  })
  .refine(({ team_id, enterprise_user }) => team_id !== undefined || enterprise_user !== undefined, {
    error: "Slack names neither a team nor an enterprise",
  });
type MemberFacts = z.infer<typeof MemberFacts>;
const Answer = z.object({ user: z.union([Deleted, MemberFacts]) });

export interface OurTeam {
  readonly team: string;
  readonly enterprise?: string | undefined;
}

const SLACKBOT = "USLACKBOT";
export const OTHER_TEAM = "other team";

/** One row for each way in which an account may not turn keys (docs.slack.dev, user object). */
const DISQUALIFIES: readonly (readonly [why: string, test: (member: MemberFacts, ours: OurTeam) => boolean])[] = [
  ["bot", ({ id, is_bot }) => is_bot || id === SLACKBOT],
  ["workflow bot", ({ is_workflow_bot }) => is_workflow_bot],
  ["connector bot", ({ is_connector_bot }) => is_connector_bot],
  ["guest", ({ is_restricted, is_ultra_restricted }) => is_restricted || is_ultra_restricted],
  ["invited, not yet joined", ({ is_invited_user }) => is_invited_user],
  ["stranger", ({ is_stranger }) => is_stranger],
  [OTHER_TEAM, (member, ours) => !isOfTeam(member, ours)],
];

/** Fresh at every call. Throws where Slack does not say enough: who cannot be known may turn no key. */
export async function memberOf(client: Pick<SlackClient, "call">, id: string, ours: OurTeam): Promise<Member> {
  const { user } = await client.call("users.info", Answer, (web) => web.users.info({ user: id }));
  if (user.id !== id)
    throw new TransientError("slack-person-unclear", "Slack told about another member", { facts: { member: id } });
  if (user.deleted) return { disqualifiedBy: ["deleted"], isOfEnterprise: false };
  const disqualifiedBy = DISQUALIFIES.filter(([, test]) => test(user, ours)).map(([why]) => why);
  return { disqualifiedBy, isOfEnterprise: isOfEnterprise(user, ours) };
}

/** `is_stranger` is false for Slack Connect members who share a channel with us: the team is what tells. */
function isOfTeam(member: MemberFacts, { team, enterprise }: OurTeam): boolean {
  if (member.team_id === team) return true;
  return isOfEnterprise(member, { team, enterprise }) && member.enterprise_user?.teams.includes(team) === true;
}

function isOfEnterprise({ enterprise_user }: MemberFacts, { enterprise }: OurTeam): boolean {
  return enterprise !== undefined && enterprise_user?.enterprise_id === enterprise;
}

export async function groupMembers(client: SlackClient, group: string): Promise<readonly string[]> {
  const answer = await client.call("usergroups.users.list", z.object({ users: z.array(z.string()) }), (web) =>
    web.usergroups.users.list({ usergroup: group, include_disabled: false }),
  );
  return answer.users;
}
