import { z } from "zod";
import type { Card } from "../../domain/card/card.ts";
import { OutcomeUnknown, UserError } from "../../domain/errors.ts";
import type { Chat, MessageRef, PostTarget } from "../../ports/chat.ts";
import type { Accounts } from "./accounts.ts";
import { hasButtons, messageOf, type SlackMessage } from "./blocks.ts";
import { inviteTo, openChannel } from "./channels.ts";
import { slackCodeOf } from "./classify.ts";
import { DONE, SlackClient, type SlackClientOptions } from "./client.ts";
import { escapeText, rawText } from "./escape.ts";
import { type Membership, memberships } from "./membership.ts";
import { groupMembers, memberOf as memberInfo, ownUserId } from "./people.ts";
import type { MemberOf } from "./rich-text.ts";
import { refuseIneligible } from "./standing.ts";

const EVENT_TYPE = "twokey_message";
/** Leads into whichever client the reader has (docs.slack.dev, “deep linking”). */
const OPENS = "https://slack.com/app_redirect";
const LONGEST_TOPIC = 250;
const LONGEST_TITLE = 200;

/** Slack's clock and ours may differ by so much. */
const SKEW_MS = 60_000;
const PAGE = 200;
const MOST_PAGES = 20;

export interface ChatOptions extends SlackClientOptions {
  /** Our team id; anybody of another is a stranger. */
  readonly team: string;
  readonly enterprise?: string | undefined;
  readonly accounts: Accounts;
  /** The user group that approvals are limited to, if the file names one. */
  readonly approversGroup: () => string | undefined;
}

/** What the Slack door needs beside the port: it knows accounts, whoever's they are. */
export interface ForTheDoor {
  /** Shown to one account in a channel; not stored, best effort. */
  whisper(channel: string, member: string, card: Card): Promise<void>;
  /** Throws UserError unless Slack says at this moment that the account may turn keys. */
  confirm(member: string): Promise<void>;
  /** Whether the account is of somebody who works here; as Slack said within the last minute. Never rejects. */
  membership(member: string): Promise<Membership>;
}

/** The Chat port on Slack's Web API. */
// oxlint-disable-next-line max-lines-per-function -- one table: the calls of a port
export function createChat(options: ChatOptions): Chat & ForTheDoor {
  const client = new SlackClient(options);
  const self = ownUserId(client);
  const { memberOf, personOf } = options.accounts;
  const drawn = (card: Card) => messageOf(card, memberOf);
  const membership = memberships((id) => memberInfo(client, id, options), options.logger);
  return {
    post: async (to, card, key) => post(client, conversationFor(to, memberOf), { message: drawn(card), key }),
    update: async ({ channel, ts }, card) => {
      // Text alone would remove the blocks: both, always.
      const { text, blocks } = drawn(card);
      await client.call("chat.update", DONE, (web) => web.chat.update({ channel, ts, text, blocks }), {
        message: { channel, hasButtons: hasButtons(blocks) },
      });
    },
    find: async (to, key, sinceMs) =>
      find(client, conversationFor(to, memberOf), { key, sinceMs, author: await self() }),
    whisper: async (channel, user, card) => {
      const { text, blocks } = drawn(card);
      await client.call("chat.postEphemeral", DONE, (web) => web.chat.postEphemeral({ channel, user, text, blocks }));
    },
    addressOf: (channel) => `${OPENS}?${new URLSearchParams({ team: options.team, channel }).toString()}`,
    openChannel: async (name, key) => openChannel(client, { name, key, creator: self }),
    invite: async (channel, people) => {
      const members = people.map((person) => ({ person, member: memberOf(person) }));
      const strangers = members.filter(({ member }) => member === undefined);
      const refused = await inviteTo(
        client,
        channel,
        members.flatMap(({ member }) => member ?? []),
      );
      return [
        ...refused.map(({ user, why }) => ({ person: personOf(user) ?? user, why })),
        ...strangers.map(({ person }) => ({ person, why: NOT_LISTED })),
      ];
    },
    setTopic: async (channel, topic) => {
      const shown = escapeText(topic.replaceAll("\n", " "), LONGEST_TOPIC);
      await client.call("conversations.setTopic", DONE, (web) => web.conversations.setTopic({ channel, topic: shown }));
    },
    addBookmark: (channel, title, url) => addBookmark(client, channel, { title, url }),
    pin: ({ channel, ts }) => pin(client, channel, ts),
    confirm: (member) =>
      refuseIneligible(member, {
        member: (id) => memberInfo(client, id, options),
        groupMembers: (group) => groupMembers(client, group),
        group: options.approversGroup,
      }),
    membership,
  };
}

/** Where Slack posts: a channel's id, or a member's for a direct message. */
interface Conversation {
  readonly channel: string;
  readonly thread?: string | undefined;
}

const NOT_LISTED = "not listed under people in twokey.yaml";

function conversationFor(to: PostTarget, memberOf: MemberOf): Conversation {
  if ("channel" in to) return to;
  const channel = memberOf(to.person);
  if (channel === undefined)
    throw new UserError("slack-person-unknown", `${to.person} cannot be written to in Slack: ${NOT_LISTED}`);
  return { channel };
}

const Posted = z.object({ channel: z.string(), ts: z.string() });

async function post(
  client: SlackClient,
  to: Conversation,
  { message, key }: { readonly message: SlackMessage; readonly key: string },
): Promise<MessageRef> {
  const metadata = { event_type: EVENT_TYPE, event_payload: { key } };
  const where = { channel: to.channel, ...(to.thread === undefined ? {} : { thread_ts: to.thread }) };
  const answer = await client.call(
    "chat.postMessage",
    Posted,
    (web) => web.chat.postMessage({ ...where, ...message, metadata, mrkdwn: false }),
    { message: { channel: to.channel, hasButtons: hasButtons(message.blocks) } },
  );
  return { channel: answer.channel, ts: answer.ts };
}

const Seen = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      metadata: z.object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).optional(),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** `sinceMs` is machine time, as Slack's timestamps are. Metadata can be written by any app: only our own messages count. */
async function find(
  client: SlackClient,
  to: Conversation,
  wanted: { readonly key: string; readonly sinceMs: number; readonly author: string },
): Promise<MessageRef | undefined> {
  const { thread } = to;
  const channel = await conversationOf(client, to.channel);
  const oldest = String((wanted.sinceMs - SKEW_MS) / 1_000);
  let cursor = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const range = { channel, oldest, limit: PAGE, include_all_metadata: true, ...(cursor === "" ? {} : { cursor }) };
    const answer =
      thread === undefined
        ? await client.call("conversations.history", Seen, (web) => web.conversations.history(range))
        : await client.call("conversations.replies", Seen, (web) =>
            web.conversations.replies({ ...range, ts: thread }),
          );
    const { messages, response_metadata } = answer;
    const found = messages.find(
      ({ user, metadata }) =>
        user === wanted.author && metadata?.event_type === EVENT_TYPE && metadata.event_payload["key"] === wanted.key,
    );
    if (found) return { channel, ts: found.ts };
    cursor = response_metadata?.next_cursor ?? "";
    if (cursor === "") return undefined;
  }
  // "Not there" would be a guess, and a wrong guess posts twice.
  throw new OutcomeUnknown("slack-history-too-long", "The channel has more messages since then than can be searched", {
    facts: { channel, pages: MOST_PAGES },
  });
}

const Opened = z.object({ channel: z.object({ id: z.string() }) });

/** A message can be posted to a member id, but only the conversation with them can be read. */
async function conversationOf(client: SlackClient, channel: string): Promise<string> {
  if (!/^[UW]/.test(channel)) return channel;
  const opened = await client.call("conversations.open", Opened, (web) => web.conversations.open({ users: channel }));
  return opened.channel.id;
}

const Bookmarks = z.object({
  bookmarks: z.array(z.object({ title: z.string().optional(), link: z.string().optional() })).default([]),
});

/** Not idempotent at Slack: what is there is looked at first. */
async function addBookmark(
  client: SlackClient,
  channel: string,
  wanted: { title: string; url: string },
): Promise<void> {
  const title = rawText(wanted.title, LONGEST_TITLE);
  const link = wanted.url;
  const { bookmarks } = await client.call("bookmarks.list", Bookmarks, (web) =>
    web.bookmarks.list({ channel_id: channel }),
  );
  if (bookmarks.some((bookmark) => bookmark.title === title && bookmark.link === link)) return;
  await client.call("bookmarks.add", DONE, (web) =>
    web.bookmarks.add({ channel_id: channel, title, type: "link", link }),
  );
}

async function pin(client: SlackClient, channel: string, ts: string): Promise<void> {
  await client.call("pins.add", DONE, (web) => web.pins.add({ channel, timestamp: ts }), {
    accept: (error) => (slackCodeOf(error) === "already_pinned" ? "already pinned" : undefined),
  });
}
