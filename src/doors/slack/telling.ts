import type { types } from "@slack/bolt";
import type { Card, Form } from "../../domain/card/card.ts";
import { chainOf } from "../../domain/errors.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Inbound } from "./inbound.ts";

/** Machine time; an answer that takes longer goes the other way. */
const RESPONSE_TIMEOUT_MS = 5_000;

/** Cards and forms as Slack shows them; `integrations/slack` has both. */
export interface SlackRendering {
  readonly message: (card: Card) => {
    readonly text: string;
    readonly blocks: types.KnownBlock[];
    readonly unfurl_links: false;
    readonly unfurl_media: false;
  };
  /** `carried` comes back with the submission. */
  readonly modal: (form: Form, carried: string) => types.ModalView;
}

export interface SlackVoice extends Pick<Chat, "post"> {
  /** Shown to one account in a channel; not stored, best effort. */
  whisper(channel: string, member: string, card: Card): Promise<void>;
}

export type Audience = "asker" | "channel";

export interface Told {
  readonly card: Card;
  readonly audience: Audience;
}

export interface Telling {
  readonly render: SlackRendering;
  readonly chat: SlackVoice;
  /** Absent: Node's own. */
  readonly send?: typeof fetch | undefined;
  readonly logger: Logger;
}

/**
 * Answers after the acknowledgement: through the response URL, which works in every channel, else through the Web API.
 * Never throws: an answer that cannot be delivered is logged, and what was asked for is done or not done all the same.
 */
export async function tell(telling: Telling, inbound: Inbound, { card, audience }: Told): Promise<void> {
  const { place, key, ask } = inbound;
  const { chat, logger, render } = telling;
  try {
    if (
      place.responseUrl !== undefined &&
      (await respond({ url: place.responseUrl, send: telling.send ?? fetch }, inbound, {
        message: render.message(card),
        audience,
      }))
    )
      return;
    // Such as a form that was opened where nobody had asked in a channel: it comes as a direct message.
    if (place.channel === undefined) await chat.post({ channel: place.member }, card, `answer:${key}`);
    else if (audience === "asker") await chat.whisper(place.channel, place.member, card);
    else await chat.post({ channel: place.channel, thread: place.thread }, card, `answer:${key}`);
  } catch (error) {
    logger.warn({ verb: ask.verb, error: chainOf(error) }, "An answer could not be delivered");
  }
}

/** False where the URL is used up, too old or does not answer. */
async function respond(
  { url, send }: { readonly url: string; readonly send: typeof fetch },
  { place }: Inbound,
  { message, audience }: { readonly message: object; readonly audience: Audience },
): Promise<boolean> {
  const body = {
    ...message,
    response_type: audience === "asker" ? "ephemeral" : "in_channel",
    replace_original: false,
    ...(place.thread === undefined ? {} : { thread_ts: place.thread }),
  };
  try {
    const response = await send(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
