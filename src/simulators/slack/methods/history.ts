import { SlackError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Call, Methods } from "../method.ts";
import { messageJson, repliesTo } from "../wire.ts";
import type { Message } from "../workspace.ts";

const READ_HISTORY = {
  tier: 3,
  scopes: ["channels:history", "groups:history", "im:history", "mpim:history"],
  privateScopes: ["groups:history"],
} as const;

/** Tells whether a timestamp lies between `oldest` and `latest`; both ends are left out unless `inclusive`. */
function inRange(call: Call): (ts: string) => boolean {
  const bound = (name: "oldest" | "latest", otherwise: number) => {
    const value = call.args.has(name) ? Number(call.args.text(name)) : otherwise;
    if (!Number.isFinite(value) && call.args.has(name)) throw new SlackError(`invalid_ts_${name}`);
    return value;
  };
  const oldest = bound("oldest", Number.NEGATIVE_INFINITY);
  const latest = bound("latest", Number.POSITIVE_INFINITY);
  const inclusive = call.args.flag("inclusive");
  return (ts) => {
    const at = Number(ts);
    return (at > oldest && at < latest) || (inclusive && (at === oldest || at === latest));
  };
}

function answer(call: Call, messages: readonly Message[], most: number): Json {
  const { items, nextCursor } = call.args.page(messages, 100, most);
  const withMetadata = call.args.flag("include_all_metadata");
  return {
    messages: items.map((message) => messageJson(call.workspace, message, withMetadata)),
    has_more: nextCursor !== "",
    ...(nextCursor === "" ? {} : { response_metadata: { next_cursor: nextCursor } }),
  };
}

/** Newest first; answers in threads only where they were sent to the channel as well. */
function history(call: Call): Json {
  const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
  if (!channel.members.has(call.app.botUserId)) throw new SlackError("not_in_channel");
  const isInRange = inRange(call);
  const found = channel.messages.filter(
    (message) => (message.threadTs === undefined || message.isBroadcast) && isInRange(message.ts),
  );
  return { ...answer(call, found.reverse(), 999), pin_count: channel.pins.length };
}

/** The message that began the thread, always, then its answers, oldest first. */
function replies(call: Call): Json {
  const channel = call.workspace.channelFor(call.app, call.args.text("channel"));
  if (!channel.members.has(call.app.botUserId)) throw new SlackError("not_in_channel");
  const asked = call.workspace.message(channel.id, call.args.text("ts"));
  const parent = asked?.threadTs === undefined ? asked : call.workspace.message(channel.id, asked.threadTs);
  if (!parent) throw new SlackError("thread_not_found");
  const isInRange = inRange(call);
  const found = repliesTo(call.workspace, parent).filter((message) => isInRange(message.ts));
  return answer(call, [parent, ...found], 1000);
}

export const HISTORY_METHODS: Methods = {
  "conversations.history": { ...READ_HISTORY, required: { channel: "channel_not_found" }, handle: history },
  "conversations.replies": {
    ...READ_HISTORY,
    required: { channel: "channel_not_found", ts: "thread_not_found" },
    handle: replies,
  },
};
