import { SlackError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Call } from "../method.ts";
import { channelJson } from "../wire.ts";
import type { Channel } from "../workspace.ts";

const MOST_INVITED = 100;

/** Why this person cannot come in, in Slack's words; undefined where they can. */
function obstacle(call: Call, channel: Channel, userId: string): string | undefined {
  const { app, workspace } = call;
  const { team } = workspace.spec;
  const user = workspace.users.get(userId);
  if (!user) return "user_not_found";
  if (userId === app.botUserId) return "cant_invite_self";
  if (channel.members.has(userId)) return "already_in_channel";
  if (user.flags.deleted || user.flags.stranger) return "cant_invite";
  const isForeign = user.teamId !== undefined && user.teamId !== team.id && !user.enterprise?.teams.includes(team.id);
  if (isForeign && user.enterprise?.id === team.enterpriseId && team.enterpriseId !== undefined)
    return "org_user_not_in_team";
  if (isForeign && !channel.isExtShared) return "cant_invite";
  const isElsewhere = [...workspace.channels.values()].some((each) => each.kind !== "im" && each.members.has(userId));
  if (user.flags.singleChannelGuest && isElsewhere) return "ura_max_channels";
  return undefined;
}

/**
 * Without `force` one obstacle stops the whole invitation. With it the others come in; that the answer is then ok with
 * an `errors` list is an assumption, the documentation only says that invalid ids are disregarded.
 */
export function inviteUsers(call: Call, channel: Channel): Json {
  const { app, args, workspace, world } = call;
  const userIds = [...new Set(args.list("users"))];
  if (userIds.length > MOST_INVITED) throw new SlackError("too_many_users");
  const errors = userIds.flatMap((user) => {
    const error = obstacle(call, channel, user);
    return error === undefined ? [] : [{ user, ok: false, error }];
  });
  const refused = new Set(errors.map((each) => each.user));
  const invited = userIds.filter((user) => !refused.has(user));
  const [first] = errors;
  if (first && (!args.flag("force") || invited.length === 0)) throw new SlackError(first.error, { errors });
  for (const user of invited) {
    channel.members.add(user);
    workspace.addMessage({
      channel: channel.id,
      user,
      subtype: "channel_join",
      text: `<@${user}> has joined the channel`,
    });
    call.announce({ type: "member_joined_channel", user, channel: channel.id, inviter: app.botUserId });
  }
  if (invited.length > 0) world.log.append("slack.invited", { channel: channel.id, users: invited, app: app.appId });
  const shown = channelJson(workspace, channel, app.botUserId);
  return { channel: shown, ...(errors.length > 0 ? { errors } : {}) };
}
