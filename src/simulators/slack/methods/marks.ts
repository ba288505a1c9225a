import { SlackError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Call, Methods } from "../method.ts";
import { messageJson } from "../wire.ts";
import type { Bookmark, Channel, Message } from "../workspace.ts";
import { joinedChannel } from "./channels.ts";

/** Pins, bookmarks and reactions: what is put on a channel or a message. */
const MOST_PINS = 100;
const MOST_BOOKMARKS = 100;
const MOST_REACTIONS = 23;
const PIN = {
  tier: 2,
  scopes: ["pins:write"],
  required: { channel: "channel_not_found", timestamp: "no_item_specified" },
} as const;
const BOOKMARK = { tier: 2, scopes: ["bookmarks:write"] } as const;

function target(call: Call): { channel: Channel; message: Message } {
  const channel = joinedChannel(call);
  const ts = call.args.text("timestamp");
  if (!/^\d+\.\d+$/.test(ts)) throw new SlackError("bad_timestamp");
  const message = call.workspace.message(channel.id, ts);
  if (!message) throw new SlackError("message_not_found");
  return { channel, message };
}

function pin(call: Call): Json {
  const { channel, message } = target(call);
  if (message.subtype !== undefined) throw new SlackError("not_pinnable");
  if (channel.pins.some((each) => each.ts === message.ts)) throw new SlackError("already_pinned");
  if (channel.pins.length >= MOST_PINS) throw new SlackError("too_many_pins");
  channel.pins.unshift({ ts: message.ts, by: call.app.botUserId, pinnedMs: call.workspace.now() });
  call.world.log.append("slack.pinned", { channel: channel.id, ts: message.ts, app: call.app.appId });
  return {};
}

function unpin(call: Call): Json {
  const { channel, message } = target(call);
  const index = channel.pins.findIndex((each) => each.ts === message.ts);
  if (index < 0) throw new SlackError("no_pin");
  channel.pins.splice(index, 1);
  return {};
}

function listPins(call: Call): Json {
  const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
  const items = channel.pins.flatMap((each) => {
    const message = call.workspace.message(channel.id, each.ts);
    const pinned = {
      type: "message",
      channel: channel.id,
      created: Math.floor(each.pinnedMs / 1000),
      created_by: each.by,
    };
    return message ? [{ ...pinned, message: messageJson(call.workspace, message) }] : [];
  });
  return { items };
}

/** Each method checks the link on its own: http(s) and nothing else. */
function checkedLink(link: string): string {
  if (!URL.canParse(link) || !["http:", "https:"].includes(new URL(link).protocol))
    throw new SlackError("invalid_link");
  return link;
}

const bookmarkJson = (channel: Channel, bookmark: Bookmark): Json => ({
  id: bookmark.id,
  channel_id: channel.id,
  title: bookmark.title,
  link: bookmark.link,
  emoji: bookmark.emoji,
  type: "link",
  date_created: Math.floor(bookmark.createdMs / 1000),
  app_id: bookmark.appId,
});

function bookmarkOf(call: Call): { channel: Channel; bookmark: Bookmark } {
  const channel = joinedChannel(call, "channel_id");
  const bookmark = channel.bookmarks.find((each) => each.id === call.args.text("bookmark_id"));
  if (!bookmark) throw new SlackError("not_found");
  return { channel, bookmark };
}

function addBookmark(call: Call): Json {
  const { app, args, workspace, world } = call;
  const channel = joinedChannel(call, "channel_id");
  if (args.text("type") !== "link") throw new SlackError("invalid_bookmark_type");
  const link = checkedLink(args.text("link"));
  if (channel.bookmarks.length >= MOST_BOOKMARKS) throw new SlackError("too_many_bookmarks");
  const bookmark: Bookmark = {
    id: workspace.newId("Bk"),
    title: args.text("title"),
    link,
    emoji: args.text("emoji"),
    createdMs: workspace.now(),
    appId: app.appId,
  };
  channel.bookmarks.push(bookmark);
  world.log.append("slack.bookmark-added", { channel: channel.id, title: bookmark.title, link, app: app.appId });
  return { bookmark: bookmarkJson(channel, bookmark) };
}

function editBookmark(call: Call): Json {
  const { channel, bookmark } = bookmarkOf(call);
  const link = call.args.optional("link");
  if (link !== undefined) bookmark.link = checkedLink(link);
  bookmark.title = call.args.optional("title") ?? bookmark.title;
  bookmark.emoji = call.args.optional("emoji") ?? bookmark.emoji;
  return { bookmark: bookmarkJson(channel, bookmark) };
}

function removeBookmark(call: Call): Json {
  const { channel, bookmark } = bookmarkOf(call);
  channel.bookmarks.splice(channel.bookmarks.indexOf(bookmark), 1);
  return {};
}

function react(call: Call): Json {
  const { message } = target(call);
  const name = call.args.text("name");
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new SlackError("invalid_name");
  const users = message.reactions.get(name) ?? new Set<string>();
  if (users.has(call.app.botUserId)) throw new SlackError("already_reacted");
  if (users.size === 0 && message.reactions.size >= MOST_REACTIONS) throw new SlackError("too_many_emoji");
  message.reactions.set(name, users.add(call.app.botUserId));
  return {};
}

function unreact(call: Call): Json {
  const { message } = target(call);
  const name = call.args.text("name");
  const users = message.reactions.get(name);
  if (!users?.delete(call.app.botUserId)) throw new SlackError("no_reaction");
  if (users.size === 0) message.reactions.delete(name);
  return {};
}

const REACTION = {
  scopes: ["reactions:write"],
  required: { channel: "no_item_specified", timestamp: "no_item_specified", name: "invalid_name" },
} as const;
const inChannel = { channel_id: "channel_not_found" } as const;

export const MARK_METHODS: Methods = {
  "pins.add": { ...PIN, handle: pin },
  "pins.remove": { ...PIN, handle: unpin },
  "pins.list": { tier: 2, scopes: ["pins:read"], required: { channel: "channel_not_found" }, handle: listPins },
  "bookmarks.add": {
    ...BOOKMARK,
    required: { ...inChannel, title: "invalid_arguments", type: "invalid_bookmark_type" },
    handle: addBookmark,
  },
  "bookmarks.edit": { ...BOOKMARK, required: { ...inChannel, bookmark_id: "not_found" }, handle: editBookmark },
  "bookmarks.remove": { ...BOOKMARK, required: { ...inChannel, bookmark_id: "not_found" }, handle: removeBookmark },
  "bookmarks.list": {
    tier: 3,
    scopes: ["bookmarks:read"],
    required: inChannel,
    handle: (call) => {
      const channel = joinedChannel(call, "channel_id");
      return { bookmarks: channel.bookmarks.map((bookmark) => bookmarkJson(channel, bookmark)) };
    },
  },
  "reactions.add": { tier: 3, ...REACTION, handle: react },
  "reactions.remove": { tier: 2, ...REACTION, handle: unreact },
};
