import type { Random } from "../world/random.ts";
import { SlackError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { Metadata } from "./metadata.ts";
import { type App, type SlackSpec, type User, UserFlags, type Usergroup } from "./spec.ts";

export interface Message {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly appId: string | undefined;
  readonly threadTs: string | undefined;
  readonly isBroadcast: boolean;
  readonly subtype: string | undefined;
  text: string;
  blocks: readonly Json[];
  attachments: readonly Json[];
  metadata: Metadata | undefined;
  editedTs: string | undefined;
  readonly reactions: Map<string, Set<string>>;
  /** Earlier contents, oldest first: what a person whose screen lags may still click. */
  readonly earlier: { readonly text: string; readonly blocks: readonly Json[] }[];
}

/** Shown to one person only; never in the history. */
export interface Ephemeral {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly appId: string | undefined;
  readonly threadTs: string | undefined;
  text: string;
  blocks: readonly Json[];
}

export interface Bookmark {
  readonly id: string;
  title: string;
  link: string;
  emoji: string;
  readonly createdMs: number;
  readonly appId: string;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: "public" | "private" | "im";
  readonly isExtShared: boolean;
  readonly isPendingExtShared: boolean;
  readonly creator: string;
  readonly createdMs: number;
  isArchived: boolean;
  topic: { value: string; creator: string; setMs: number };
  purpose: { value: string; creator: string; setMs: number };
  canvasId: string | undefined;
  readonly members: Set<string>;
  /** Oldest first. */
  readonly messages: Message[];
  readonly pins: { readonly ts: string; readonly by: string; readonly pinnedMs: number }[];
  readonly bookmarks: Bookmark[];
}

export type NewMessage = Pick<Message, "channel" | "user" | "text"> &
  Partial<Omit<Message, "ts" | "reactions" | "earlier">>;

const ID_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";

/** What the workspace holds: people, groups, channels with their messages, pins and bookmarks, and ephemerals. */
export class Workspace {
  readonly spec: SlackSpec;
  readonly users = new Map<string, User>();
  readonly usergroups = new Map<string, Usergroup>();
  readonly channels = new Map<string, Channel>();
  readonly ephemerals: Ephemeral[] = [];
  /** Threads that somebody has on the screen: they wrote or clicked there. */
  readonly #openThreads = new Set<string>();
  /** Tokens of the app that count no more. */
  readonly revoked = new Set<"bot" | "app">();
  readonly now: () => number;
  readonly #random: Random;
  #lastTsMicros = 0;

  constructor(spec: SlackSpec, now: () => number, random: Random) {
    this.spec = spec;
    this.now = now;
    this.#random = random;
    this.reset();
  }

  /** These count no more; any other does again. */
  revoke(tokens: readonly ("bot" | "app")[]): void {
    this.revoked.clear();
    for (const token of tokens) this.revoked.add(token);
  }

  /** Back to what the specification says; ids and timestamps go on. */
  reset(): void {
    this.users.clear();
    this.usergroups.clear();
    this.channels.clear();
    this.ephemerals.length = 0;
    this.#openThreads.clear();
    this.revoked.clear();
    for (const user of this.spec.users) this.users.set(user.id, user);
    for (const app of this.spec.apps) if (!this.users.has(app.botUserId)) this.users.set(app.botUserId, botUser(app));
    for (const group of this.spec.usergroups) this.usergroups.set(group.id, group);
    for (const { isPrivate, ...channel } of this.spec.channels) {
      const kind = isPrivate ? "private" : "public";
      this.addChannel({ ...channel, kind, creator: channel.members[0] ?? "USLACKBOT" });
    }
  }

  /** A person becomes a guest, leaves, is invited … Throws where a flag is unknown. */
  setFlags(userId: string, flags: Readonly<Record<string, boolean>>): User {
    const user = this.users.get(userId);
    if (!user) throw new Error(`There is no user ${userId}`);
    const changed = { ...user, flags: UserFlags.parse({ ...user.flags, ...flags }) };
    this.users.set(userId, changed);
    return changed;
  }

  newId(prefix: string): string {
    let id = prefix;
    while (id.length < 11) id += ID_LETTERS[this.#random.integer(0, ID_LETTERS.length - 1)];
    return id;
  }

  /** Unique over the whole workspace and always increasing; machine time, as in Slack itself. */
  newTs(): string {
    this.#lastTsMicros = Math.max(this.#lastTsMicros + 1, Math.floor(this.now() * 1000));
    const micros = String(this.#lastTsMicros);
    return `${micros.slice(0, -6)}.${micros.slice(-6)}`;
  }

  addChannel(wanted: {
    id?: string;
    name: string;
    kind: Channel["kind"];
    creator: string;
    members: Iterable<string>;
    isExtShared?: boolean;
    isPendingExtShared?: boolean;
  }): Channel {
    const nobody = { value: "", creator: "", setMs: 0 };
    const channel: Channel = {
      id: wanted.id ?? this.newId(wanted.kind === "im" ? "D" : "C"),
      name: wanted.name,
      kind: wanted.kind,
      isExtShared: wanted.isExtShared ?? false,
      isPendingExtShared: wanted.isPendingExtShared ?? false,
      creator: wanted.creator,
      createdMs: this.now(),
      isArchived: false,
      topic: { ...nobody },
      purpose: { ...nobody },
      canvasId: undefined,
      members: new Set(wanted.members),
      messages: [],
      pins: [],
      bookmarks: [],
    };
    this.channels.set(channel.id, channel);
    return channel;
  }

  /** The direct conversation of an app's bot with a person, made on first use. */
  directChannel(app: App, user: string): Channel {
    const name = `${app.botUserId}-${user}`;
    const found = [...this.channels.values()].find((channel) => channel.kind === "im" && channel.name === name);
    return found ?? this.addChannel({ name, kind: "im", creator: app.botUserId, members: [app.botUserId, user] });
  }

  /** The channel as this app sees it: private ones exist only for members. Throws channel_not_found. */
  channelFor(app: App, id: string): Channel {
    const channel = this.channels.get(id);
    if (!channel || (channel.kind !== "public" && !channel.members.has(app.botUserId)))
      throw new SlackError("channel_not_found");
    return channel;
  }

  addMessage(wanted: NewMessage): Message {
    const { channel: id, user, text } = wanted;
    const channel = this.channels.get(id);
    if (!channel) throw new SlackError("channel_not_found");
    const message: Message = {
      ts: this.newTs(),
      channel: id,
      user,
      text,
      appId: wanted.appId,
      threadTs: wanted.threadTs,
      isBroadcast: wanted.isBroadcast ?? false,
      subtype: wanted.subtype,
      blocks: wanted.blocks ?? [],
      attachments: wanted.attachments ?? [],
      metadata: wanted.metadata,
      editedTs: undefined,
      reactions: new Map(),
      earlier: [],
    };
    channel.messages.push(message);
    return message;
  }

  message(channelId: string, ts: string): Message | undefined {
    return this.channels.get(channelId)?.messages.find((message) => message.ts === ts);
  }

  addEphemeral(wanted: Omit<Ephemeral, "ts">): Ephemeral {
    const ephemeral: Ephemeral = { ...wanted, ts: this.newTs() };
    this.ephemerals.push(ephemeral);
    return ephemeral;
  }

  openThread(user: string, channel: string, threadTs: string): void {
    this.#openThreads.add(`${user} ${channel} ${threadTs}`);
  }

  /** What somebody sees: one in a thread is shown in that thread alone, and to those who have it open. */
  ephemeralsSeenBy(user: string): readonly Ephemeral[] {
    const isOpen = ({ channel, threadTs }: Ephemeral) =>
      threadTs === undefined || this.#openThreads.has(`${user} ${channel} ${threadTs}`);
    return this.ephemerals.filter((each) => each.user === user && isOpen(each));
  }

  removeEphemeral(ephemeral: Ephemeral): void {
    const index = this.ephemerals.indexOf(ephemeral);
    if (index >= 0) this.ephemerals.splice(index, 1);
  }
}

function botUser(app: App): User {
  return {
    id: app.botUserId,
    name: app.name.toLowerCase(),
    realName: app.name,
    flags: UserFlags.parse({ bot: true }),
  };
}

/** `B…` of an app's bot; Slack's id is unrelated to the user id, ours is derived from it. */
export function botIdOf(app: App): string {
  return `B${app.botUserId.slice(1)}`;
}
