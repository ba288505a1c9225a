import { contentOf, keyOf, rewrite } from "../content.ts";
import { SlackError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Call, Methods } from "../method.ts";
import { messageJson } from "../wire.ts";
import type { Channel, Message } from "../workspace.ts";
import { joinedChannel } from "./channels.ts";

const WRITE = { scopes: ["chat:write"] } as const;

/** A channel id, or a person's id for the direct conversation. Throws channel_not_found, not_in_channel, is_archived. */
function destination(call: Call): Channel {
  const { app, args, workspace } = call;
  const id = args.text("channel");
  if (workspace.users.has(id)) return workspace.directChannel(app, id);
  const channel = workspace.channelFor(app, id);
  if (channel.isArchived) throw new SlackError("is_archived");
  const mayAnywhere = channel.kind === "public" && app.scopes.includes("chat:write.public");
  if (!channel.members.has(app.botUserId) && !mayAnywhere) throw new SlackError("not_in_channel");
  return channel;
}

/** The message that a thread hangs on: an answer in a thread stands for its first message. Throws cannot_reply_to_message. */
function threadOf(call: Call, channel: Channel): string | undefined {
  const ts = call.args.optional("thread_ts");
  if (ts === undefined) return undefined;
  const parent = call.workspace.message(channel.id, ts);
  if (!parent) throw new SlackError("cannot_reply_to_message");
  return parent.threadTs ?? parent.ts;
}

function post(call: Call): Json {
  const { app, args, workspace, world } = call;
  const channel = destination(call);
  const { metadata, ...content } = contentOf(args, workspace);
  const message = workspace.addMessage({
    ...content,
    channel: channel.id,
    user: app.botUserId,
    appId: app.appId,
    threadTs: threadOf(call, channel),
    isBroadcast: args.flag("reply_broadcast"),
    metadata: metadata ?? undefined,
  });
  world.log.append("slack.message-posted", {
    channel: channel.id,
    ts: message.ts,
    key: keyOf(message),
    text: message.text,
    app: app.appId,
    user: app.botUserId,
    threadTs: message.threadTs,
  });
  return { channel: channel.id, ts: message.ts, message: messageJson(workspace, message, true) };
}

/** Throws message_not_found, or `refusal` where another wrote it. */
function ownMessage(call: Call, refusal: string): Message {
  const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
  const message = call.workspace.message(channel.id, call.args.text("ts"));
  if (!message) throw new SlackError("message_not_found");
  if (message.appId !== call.app.appId) throw new SlackError(refusal);
  if (channel.isArchived) throw new SlackError("is_inactive");
  return message;
}

function update(call: Call): Json {
  const { app, workspace, world } = call;
  const message = ownMessage(call, "cant_update_message");
  const content = contentOf(call.args, workspace);
  rewrite(workspace, message, content);
  if (content.metadata !== undefined) message.metadata = content.metadata ?? undefined;
  const { channel, ts, text } = message;
  world.log.append("slack.message-updated", { channel, ts, key: keyOf(message), text, app: app.appId });
  return { channel, ts, text, message: messageJson(workspace, message, true) };
}

function remove(call: Call): Json {
  const { workspace, world } = call;
  const message = ownMessage(call, "cant_delete_message");
  const messages = workspace.channels.get(message.channel)?.messages ?? [];
  messages.splice(messages.indexOf(message), 1);
  world.log.append("slack.message-deleted", { channel: message.channel, ts: message.ts, key: keyOf(message) });
  return { channel: message.channel, ts: message.ts };
}

function postEphemeral(call: Call): Json {
  const { app, args, workspace, world } = call;
  const channel = joinedChannel(call);
  const user = args.text("user");
  if (!channel.members.has(user)) throw new SlackError("user_not_in_channel");
  const { text, blocks } = contentOf(args, workspace);
  const threadTs = args.optional("thread_ts");
  const ephemeral = workspace.addEphemeral({ channel: channel.id, user, appId: app.appId, threadTs, text, blocks });
  world.log.append("slack.ephemeral", { channel: channel.id, user, ts: ephemeral.ts, text, app: app.appId });
  return { message_ts: ephemeral.ts };
}

function permalink(call: Call): Json {
  const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
  const message = call.workspace.message(channel.id, call.args.text("message_ts"));
  if (!message) throw new SlackError("message_not_found");
  const { domain } = call.workspace.spec.team;
  const thread = message.threadTs === undefined ? "" : `?thread_ts=${message.threadTs}&cid=${channel.id}`;
  const address = `https://${domain}.slack.com/archives/${channel.id}/p${message.ts.replace(".", "")}${thread}`;
  return { channel: channel.id, permalink: address };
}

const channelAndTs = { channel: "channel_not_found", ts: "message_not_found" } as const;

export const CHAT_METHODS: Methods = {
  "chat.postMessage": { tier: "post", ...WRITE, required: { channel: "channel_not_found" }, handle: post },
  "chat.update": { tier: 3, ...WRITE, required: channelAndTs, handle: update },
  "chat.delete": { tier: 3, ...WRITE, required: channelAndTs, handle: remove },
  "chat.postEphemeral": {
    tier: 4,
    ...WRITE,
    required: { channel: "channel_not_found", user: "user_not_in_channel" },
    handle: postEphemeral,
  },
  "chat.getPermalink": {
    tier: "none",
    scopes: [],
    required: { channel: "channel_not_found", message_ts: "message_not_found" },
    handle: permalink,
  },
};
