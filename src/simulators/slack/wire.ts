import type { Json } from "./json.ts";
import type { User } from "./spec.ts";
import { botIdOf, type Channel, type Ephemeral, type Message, type Workspace } from "./workspace.ts";

const seconds = (ms: number) => Math.floor(ms / 1000);

/** Slack's user object. A deleted person keeps hardly any flag, as documented. */
export function userJson(workspace: Workspace, user: User): Json {
  const { team } = workspace.spec;
  const { flags } = user;
  const profile = {
    real_name: user.realName,
    display_name: user.name,
    team: user.teamId ?? team.id,
    ...(user.email === undefined ? {} : { email: user.email }),
  };
  // Somebody of the whole organisation (W…) is of no workspace: `enterprise_user` names theirs.
  const isOfWholeGrid = user.enterprise !== undefined && user.id.startsWith("W");
  const root = isOfWholeGrid ? {} : { team_id: user.teamId ?? team.id };
  const always = { id: user.id, ...root, name: user.name, deleted: flags.deleted, profile };
  if (flags.deleted) return { ...always, is_bot: flags.bot };
  return {
    ...always,
    real_name: user.realName,
    tz: "Etc/UTC",
    tz_label: "Coordinated Universal Time",
    tz_offset: 0,
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: flags.guest || flags.singleChannelGuest,
    is_ultra_restricted: flags.singleChannelGuest,
    is_bot: flags.bot,
    is_app_user: false,
    is_workflow_bot: flags.workflowBot,
    is_connector_bot: flags.connectorBot,
    ...(flags.stranger ? { is_stranger: true } : {}),
    ...(flags.invited ? { is_invited_user: true } : {}),
    ...(user.enterprise
      ? { enterprise_user: { id: user.id, enterprise_id: user.enterprise.id, teams: user.enterprise.teams } }
      : {}),
  };
}

export function channelJson(workspace: Workspace, channel: Channel, viewer: string): Json {
  const { team } = workspace.spec;
  const said = (fact: Channel["topic"]) => ({
    value: fact.value,
    creator: fact.creator,
    last_set: seconds(fact.setMs),
  });
  if (channel.kind === "im") {
    const user = [...channel.members].find((member) => member !== viewer) ?? viewer;
    return { id: channel.id, created: seconds(channel.createdMs), is_im: true, is_archived: false, user };
  }
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === "public",
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: channel.kind === "private",
    is_archived: channel.isArchived,
    is_general: channel.name === "general",
    is_member: channel.members.has(viewer),
    is_shared: channel.isExtShared,
    is_org_shared: false,
    is_ext_shared: channel.isExtShared,
    is_pending_ext_shared: channel.isPendingExtShared,
    created: seconds(channel.createdMs),
    creator: channel.creator,
    context_team_id: team.id,
    topic: said(channel.topic),
    purpose: said(channel.purpose),
    previous_names: [],
    properties: channel.canvasId === undefined ? {} : { canvas: { file_id: channel.canvasId, is_empty: false } },
  };
}

const posted = (workspace: Workspace, message: Message | Ephemeral): Json => {
  const app = workspace.spec.apps.find((each) => each.appId === message.appId);
  return {
    type: "message",
    ts: message.ts,
    text: message.text,
    team: workspace.spec.team.id,
    ...(app ? { bot_id: botIdOf(app), app_id: app.appId } : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
  };
};

/** Metadata is only shown where asked for (`include_all_metadata`). */
export function messageJson(workspace: Workspace, message: Message, withMetadata = false): Json {
  const replies = repliesTo(workspace, message);
  const latest = replies.at(-1);
  return {
    ...posted(workspace, message),
    user: message.user,
    ...(message.subtype === undefined ? {} : { subtype: message.subtype }),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
    ...(message.editedTs === undefined ? {} : { edited: { user: message.user, ts: message.editedTs } }),
    ...(latest
      ? {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          latest_reply: latest.ts,
        }
      : {}),
    ...(message.reactions.size > 0
      ? { reactions: [...message.reactions].map(([name, users]) => ({ name, users: [...users], count: users.size })) }
      : {}),
  };
}

export function ephemeralJson(workspace: Workspace, ephemeral: Ephemeral): Json {
  return { ...posted(workspace, ephemeral), channel: ephemeral.channel, user: ephemeral.user, is_ephemeral: true };
}

export function repliesTo(workspace: Workspace, message: Message): Message[] {
  return (workspace.channels.get(message.channel)?.messages ?? []).filter(
    (each) => each.threadTs === message.ts && each.ts !== message.ts,
  );
}
