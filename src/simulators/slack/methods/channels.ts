import { SlackError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Call, Method, Methods } from "../method.ts";
import { channelJson } from "../wire.ts";
import type { Channel } from "../workspace.ts";
import { inviteUsers } from "./invitations.ts";

const LONGEST_NAME = 80;
const LONGEST_TOPIC = 250;

const MANAGE = { scopes: ["channels:manage", "channels:write"], privateScopes: ["groups:write"] } as const;
const READ = {
  scopes: ["channels:read", "groups:read", "im:read", "mpim:read"],
  privateScopes: ["groups:read"],
} as const;

/** A channel the bot is in and that is not archived. Throws channel_not_found, not_in_channel, is_archived. */
export function joinedChannel(call: Call, argument = "channel"): Channel {
  const channel = call.workspace.channelFor(call.app, call.args.text(argument));
  if (!channel.members.has(call.app.botUserId)) throw new SlackError("not_in_channel");
  if (channel.isArchived) throw new SlackError("is_archived");
  return channel;
}

const show = (call: Call, channel: Channel): Json => channelJson(call.workspace, channel, call.app.botUserId);

function create(call: Call): Json {
  const { app, args, workspace, world } = call;
  const name = args.text("name");
  if (name.length > LONGEST_NAME) throw new SlackError("invalid_name_maxlength");
  if (/[^a-z0-9_-]/.test(name)) throw new SlackError("invalid_name_specials");
  if (!/[a-z0-9]/.test(name)) throw new SlackError("invalid_name_punctuation");
  // An archived channel keeps its name.
  if ([...workspace.channels.values()].some((channel) => channel.name === name)) throw new SlackError("name_taken");
  const kind = args.flag("is_private") ? "private" : "public";
  const channel = workspace.addChannel({ name, kind, creator: app.botUserId, members: [app.botUserId] });
  world.log.append("slack.channel-created", {
    channel: channel.id,
    name,
    app: app.appId,
    isPrivate: kind === "private",
  });
  return { channel: show(call, channel) };
}

/** Topic and purpose follow the same rule; both leave a note in the channel. */
const describe = (what: "topic" | "purpose"): Method => ({
  tier: 2,
  scopes: [...MANAGE.scopes, "channels:write.topic"],
  privateScopes: ["groups:write", "groups:write.topic"],
  required: { channel: "channel_not_found" },
  handle: (call) => {
    const { app, args, workspace, world } = call;
    const channel = joinedChannel(call);
    const value = args.text(what);
    if (value.length > LONGEST_TOPIC) throw new SlackError("too_long");
    channel[what] = { value, creator: app.botUserId, setMs: workspace.now() };
    workspace.addMessage({
      channel: channel.id,
      user: app.botUserId,
      subtype: `channel_${what}`,
      text: `set the channel ${what}: ${value}`,
    });
    world.log.append(`slack.${what}`, { channel: channel.id, [what]: value, app: app.appId });
    return { channel: show(call, channel) };
  },
});

function archive(call: Call): Json {
  const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
  if (channel.isArchived) throw new SlackError("already_archived");
  if (channel.name === "general") throw new SlackError("cant_archive_general");
  if (!channel.members.has(call.app.botUserId)) throw new SlackError("not_in_channel");
  channel.isArchived = true;
  call.world.log.append("slack.channel-archived", { channel: channel.id, app: call.app.appId });
  return {};
}

function join(call: Call): Json {
  const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
  if (channel.kind !== "public") throw new SlackError("method_not_supported_for_channel_type");
  if (channel.isArchived) throw new SlackError("is_archived");
  const wasMember = channel.members.has(call.app.botUserId);
  channel.members.add(call.app.botUserId);
  return { channel: show(call, channel), ...(wasMember ? { warning: "already_in_channel" } : {}) };
}

function listChannels(call: Call): Json {
  const { app, args, workspace } = call;
  const types = args.has("types") ? args.list("types") : ["public_channel"];
  const wanted: Record<Channel["kind"], string> = { public: "public_channel", private: "private_channel", im: "im" };
  const visible = [...workspace.channels.values()].filter(
    (channel) =>
      types.includes(wanted[channel.kind]) &&
      (channel.kind === "public" || channel.members.has(app.botUserId)) &&
      !(channel.isArchived && args.flag("exclude_archived")),
  );
  const { items, nextCursor } = args.page(visible, 100, 1000);
  return { channels: items.map((channel) => show(call, channel)), response_metadata: { next_cursor: nextCursor } };
}

/** One person only: group conversations are not simulated. */
function openDirect(call: Call): Json {
  const [user, ...others] = call.args.list("users");
  if (user === undefined || others.length > 0) throw new SlackError("invalid_user_combination");
  const person = call.workspace.users.get(user);
  if (!person) throw new SlackError("user_not_found");
  if (person.flags.deleted) throw new SlackError("user_disabled");
  const channel = call.workspace.directChannel(call.app, user);
  return { channel: call.args.flag("return_im") ? show(call, channel) : { id: channel.id } };
}

const noChannel = { channel: "channel_not_found" } as const;

export const CHANNEL_METHODS: Methods = {
  "conversations.create": { tier: 2, ...MANAGE, required: { name: "invalid_name_required" }, handle: create },
  "conversations.invite": {
    tier: 3,
    scopes: [...MANAGE.scopes, "channels:write.invites"],
    privateScopes: ["groups:write", "groups:write.invites"],
    required: { ...noChannel, users: "no_user" },
    handle: (call) => ({ ...inviteUsers(call, joinedChannel(call)) }),
  },
  "conversations.setTopic": describe("topic"),
  "conversations.setPurpose": describe("purpose"),
  "conversations.archive": { tier: 2, ...MANAGE, required: noChannel, handle: archive },
  "conversations.join": { tier: 3, scopes: ["channels:join"], required: noChannel, handle: join },
  "conversations.open": {
    tier: 3,
    scopes: ["im:write", "mpim:write", "channels:manage"],
    required: { users: "users_list_not_supplied" },
    handle: openDirect,
  },
  "conversations.info": {
    tier: 3,
    ...READ,
    required: noChannel,
    handle: (call) => {
      const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
      const count = call.args.flag("include_num_members") ? { num_members: channel.members.size } : {};
      return { channel: { ...show(call, channel), ...count } };
    },
  },
  "conversations.list": { tier: 2, scopes: READ.scopes, handle: listChannels },
  "conversations.members": {
    tier: 4,
    ...READ,
    required: noChannel,
    handle: (call) => {
      const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
      const { items, nextCursor } = call.args.page([...channel.members], 100, 1000);
      return { members: items, response_metadata: { next_cursor: nextCursor } };
    },
  },
  "conversations.canvases.create": {
    tier: 2,
    scopes: ["canvases:write"],
    required: { channel_id: "invalid_arguments" },
    handle: (call) => {
      const channel = joinedChannel(call, "channel_id");
      if (!call.workspace.spec.isPaidPlan) throw new SlackError("team_tier_cannot_create_channel_canvases");
      if (channel.canvasId !== undefined) throw new SlackError("channel_canvas_already_exists");
      channel.canvasId = call.workspace.newId("F");
      return { canvas_id: channel.canvasId };
    },
  },
};
