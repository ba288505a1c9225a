import { actionJson, type FoundAction, findAction, type Given, stateValues } from "./elements.ts";
import type { Ack } from "./envelope.ts";
import {
  channelOf,
  envelopeOf,
  type InteractionContext,
  type InteractionResult,
  logAct,
  logInteraction,
  personOf,
  responseUrl,
  resultOf,
} from "./interaction.ts";
import { isJson, type Json, jsonList, textOf } from "./json.ts";
import type { Source } from "./responses.ts";
import type { App, User } from "./spec.ts";
import type { View } from "./views.ts";
import { ephemeralJson, messageJson } from "./wire.ts";
import type { Channel } from "./workspace.ts";

export interface Click {
  readonly userId: string;
  readonly channelId?: string | undefined;
  /** Absent: the newest message (or ephemeral of this person) in the channel that has the action. */
  readonly messageTs?: string | undefined;
  /** In place of channel and message: an element of an open view or Home tab. */
  readonly viewId?: string | undefined;
  readonly actionId: string;
  readonly value?: Given | undefined;
  /** The answer to the element's confirmation dialog. */
  readonly confirm?: boolean | undefined;
  /** The person's screen lags: an earlier content of the message counts as well. */
  readonly stale?: boolean | undefined;
  /** With `stale`: the raw message as it once was, also when it is gone. */
  readonly message?: Json | undefined;
}

interface Clicked {
  readonly app: App;
  readonly found: FoundAction;
  readonly place: Json;
  readonly source: Source | undefined;
  readonly view: View | undefined;
}

/** Clicks a button or chooses in a menu, in a message, an ephemeral, a modal or the Home tab. */
export async function clickAction(context: InteractionContext, click: Click): Promise<InteractionResult> {
  const { workspace, delivery, triggers } = context;
  const user = personOf(context, click.userId);
  const { app, found, place, source, view } =
    click.viewId === undefined ? inChannel(context, user, click) : inView(context, user, click);
  const since = workspace.newTs();
  const dialog = found.element["confirm"];
  if (click.confirm === false) {
    if (!isJson(dialog)) throw new Error(`${click.actionId} asks for no confirmation`);
    const nothing: Ack = { ok: true, ackMs: 0, payload: {} };
    return {
      ...resultOf(context, nothing, { userId: user.id, channelId: source?.channelId, since }),
      cancelled: dialog,
    };
  }
  const payload = {
    ...envelopeOf(context, { type: "block_actions", app, user }),
    trigger_id: triggers.issue(app, user.id, view?.type === "modal"),
    ...place,
    ...(source ? { response_url: responseUrl(context, source) } : {}),
    actions: [actionJson(found, click.value, workspace.newTs())],
  };
  const facts = {
    user: user.id,
    channel: source?.channelId,
    message: source?.messageTs,
    view: view?.id,
    app: app.appId,
  };
  logAct(context, { kind: "click", ...facts, actionId: click.actionId, label: labelOf(found) });
  const ack = await delivery.deliver(app, { type: "interactive", payload, acceptsResponse: false });
  logInteraction(context, { kind: "click", ...facts, actionId: click.actionId, isStale: click.stale === true }, ack);
  return resultOf(context, ack, { userId: user.id, channelId: source?.channelId, since });
}

/** What stands on a button; undefined for menus. */
function labelOf({ element }: FoundAction): string | undefined {
  return isJson(element["text"]) ? textOf(element["text"]["text"]) : undefined;
}

function inChannel(context: InteractionContext, user: User, click: Click): Clicked {
  const { workspace } = context;
  const channel = channelOf(context, user, click.channelId ?? "");
  const seen = click.message ? { raw: click.message } : seenMessage(context, { user, channel }, click);
  const found = findAction(jsonList(seen.raw["blocks"]), click.actionId, click.value);
  if (!found)
    throw new Error(
      `That message has no action ${click.actionId}${click.stale ? "" : "; a lagging screen may still have it (stale)"}`,
    );
  const app = workspace.spec.apps.find((each) => each.appId === seen.raw["app_id"]);
  if (!app) throw new Error("No app hears of clicks on that message");
  const messageTs = textOf(seen.raw["ts"]);
  const threadTs = textOf(seen.raw["thread_ts"]);
  if (threadTs && threadTs !== messageTs) workspace.openThread(user.id, channel.id, threadTs);
  const isEphemeral = seen.raw["is_ephemeral"] === true;
  const place = {
    container: { type: "message", message_ts: messageTs, channel_id: channel.id, is_ephemeral: isEphemeral },
    channel: { id: channel.id, name: channel.kind === "im" ? "directmessage" : channel.name },
    ...(isEphemeral ? {} : { message: seen.raw }),
    state: { values: stateValues(jsonList(seen.raw["blocks"]), {}) },
  };
  return { app, found, place, source: { app, userId: user.id, channelId: channel.id, messageTs }, view: undefined };
}

/** The message as this person may have it on screen. Throws where it is not there. */
function seenMessage(
  context: InteractionContext,
  { user, channel }: { readonly user: User; readonly channel: Channel },
  click: Click,
): { raw: Json } {
  const { workspace } = context;
  const offers = (content: { readonly blocks: readonly Json[] }) =>
    findAction(content.blocks, click.actionId, click.value) !== undefined;
  const message = channel.messages.findLast((each) =>
    click.messageTs === undefined
      ? offers(each) || (click.stale === true && each.earlier.some(offers))
      : each.ts === click.messageTs,
  );
  const ephemeral = workspace
    .ephemeralsSeenBy(user.id)
    .findLast(
      (each) =>
        each.channel === channel.id && (click.messageTs === undefined ? offers(each) : each.ts === click.messageTs),
    );
  if (ephemeral && (!message || ephemeral.ts > message.ts)) return { raw: ephemeralJson(workspace, ephemeral) };
  if (!message)
    throw new Error(`${user.id} sees no message ${click.messageTs ?? `with ${click.actionId}`} in ${channel.id}`);
  const raw = messageJson(workspace, message, true);
  if (!click.stale || offers(message)) return { raw };
  const earlier = message.earlier.findLast(offers);
  return { raw: { ...raw, ...earlier } };
}

function inView(context: InteractionContext, user: User, click: Click): Clicked {
  const { views } = context;
  const view = [...views.stack(user.id), ...views.homes(user.id)].find((each) => each.id === click.viewId);
  if (!view) throw new Error(`${click.viewId} is not on ${user.id}'s screen`);
  const found = findAction(jsonList(view.content["blocks"]), click.actionId, click.value);
  if (found === undefined) throw new Error(`${click.viewId} has no action ${click.actionId}`);
  const place = { container: { type: "view", view_id: view.id }, view: views.json(view) };
  return { app: view.app, found, place, source: undefined, view };
}
