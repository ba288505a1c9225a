import type { World } from "../world/world.ts";
import type { Delivery } from "./delivery.ts";
import type { Ack } from "./envelope.ts";
import { SlackError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { Responses, Source } from "./responses.ts";
import type { App, User } from "./spec.ts";
import type { Triggers } from "./triggers.ts";
import type { Views } from "./views.ts";
import { ephemeralJson, messageJson } from "./wire.ts";
import type { Channel, Workspace } from "./workspace.ts";

/** What a person saw come of what they did, at the moment of the acknowledgement. */
export interface InteractionResult {
  readonly ack: Ack;
  readonly ackMs: number;
  /** New messages of the app in that channel, and new ephemerals that this person sees. */
  readonly messages: readonly Json[];
  readonly ephemerals: readonly Json[];
  /** What is on top of the person's screen. */
  readonly view: Json | null;
  /** The client or the app refused the form; by block id. */
  readonly inputErrors?: Readonly<Record<string, string>>;
  /** The dialog that was answered with "no"; nothing was sent. */
  readonly cancelled?: Json;
  /** What Slack could not do with the acknowledgement, for example `invalid_blocks`. */
  readonly problem?: string;
}

export interface InteractionContext {
  readonly world: World;
  readonly workspace: Workspace;
  readonly views: Views;
  readonly triggers: Triggers;
  readonly responses: Responses;
  readonly delivery: Delivery;
  readonly baseUrl: () => string;
}

/** Someone who can act: there, not deleted, not a bot. */
export function personOf(context: InteractionContext, id: string): User {
  const user = context.workspace.users.get(id);
  if (!user) throw new Error(`There is no user ${id}`);
  if (user.flags.deleted || user.flags.bot) throw new Error(`${id} cannot act: deleted or a bot`);
  return user;
}

export function channelOf(context: InteractionContext, user: User, id: string): Channel {
  const channel = context.workspace.channels.get(id);
  if (!channel) throw new Error(`There is no channel ${id}`);
  if (!channel.members.has(user.id)) throw new Error(`${user.id} is not in ${id}`);
  return channel;
}

/** What every interactive payload begins with. */
export function envelopeOf(
  context: InteractionContext,
  { type, app, user }: { type: string; app: App; user: User },
): Json {
  const { team } = context.workspace.spec;
  return {
    type,
    token: "sim-verification-token",
    team: { id: team.id, domain: team.domain },
    enterprise: team.enterpriseId === undefined ? null : { id: team.enterpriseId, name: team.name },
    is_enterprise_install: false,
    user: { id: user.id, username: user.name, name: user.name, team_id: user.teamId ?? team.id },
    api_app_id: app.appId,
  };
}

export function responseUrl(context: InteractionContext, source: Source): string {
  return `${context.baseUrl()}${context.responses.issue(source)}`;
}

/** Runs what may be refused as Slack refuses it; returns the error's name. */
export function attempt(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof SlackError) return error.code;
    throw error;
  }
}

/** Logged before the app hears of it: what comes of an act stands after the act. */
export function logAct(
  { world }: InteractionContext,
  facts: { readonly kind: string; readonly user: string } & Readonly<Record<string, unknown>>,
): void {
  world.log.append("slack.person-acted", facts);
}

/** Logged with its acknowledgement. */
export function logInteraction(
  context: InteractionContext,
  facts: { readonly kind: string } & Readonly<Record<string, unknown>>,
  ack: Ack,
): void {
  const error = ack.ok ? undefined : ack.error;
  context.world.log.append("slack.interaction", { ...facts, ok: ack.ok, error, ackMs: ack.ackMs });
}

/** What the person sees that came after `since`. */
export function resultOf(
  context: InteractionContext,
  ack: Ack,
  seen: {
    readonly userId: string;
    readonly channelId?: string | undefined;
    readonly since: string;
    readonly problem?: string | undefined;
  },
): InteractionResult {
  const { workspace, views } = context;
  const { userId, channelId, since, problem } = seen;
  const channel = channelId === undefined ? undefined : workspace.channels.get(channelId);
  const top = views.stack(userId).at(-1);
  return {
    ack,
    ackMs: ack.ackMs,
    messages: (channel?.messages ?? [])
      .filter((message) => message.ts > since && message.appId !== undefined)
      .map((message) => messageJson(workspace, message, true)),
    ephemerals: workspace
      .ephemeralsSeenBy(userId)
      .filter((each) => each.ts > since)
      .map((each) => ephemeralJson(workspace, each)),
    view: top ? views.json(top) : null,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** A person writes a message; subscribed apps in the channel hear of it. */
export function postAsPerson(
  context: InteractionContext,
  post: { userId: string; channelId: string; text: string; threadTs?: string | undefined },
): Json {
  const { workspace, world, delivery } = context;
  const user = personOf(context, post.userId);
  const channel = channelOf(context, user, post.channelId);
  if (channel.isArchived) throw new Error(`${channel.id} is archived`);
  const message = workspace.addMessage({
    channel: channel.id,
    user: user.id,
    text: post.text,
    threadTs: post.threadTs,
  });
  const { ts, text, threadTs } = message;
  if (threadTs !== undefined) workspace.openThread(user.id, channel.id, threadTs);
  world.log.append("slack.message-posted", { channel: channel.id, ts, key: undefined, text, user: user.id, threadTs });
  const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
  const event = { channel: channel.id, user: user.id, text, ts, team: workspace.spec.team.id, ...thread };
  const kind = { public: "channel", private: "group", im: "im" }[channel.kind];
  void delivery.announce({ type: "message", channel_type: kind, ...event });
  const isMentioned = (app: App) => text.includes(`<@${app.botUserId}>`);
  void delivery.announce({ type: "app_mention", ...event }, isMentioned);
  return messageJson(workspace, message);
}
