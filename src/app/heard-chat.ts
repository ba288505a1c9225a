import { isWrong } from "../domain/proof.ts";
import { ALERTS_CHANNEL, refusesChannel } from "../integrations/slack/channel-proof.ts";
import type { Proving } from "../jobs/looks/proving.ts";
import { createPosts, type Posts } from "../jobs/looks/silence-guard.ts";
import type { Chat } from "../ports/chat.ts";
import type { Held } from "./held.ts";

/** The channel that something is for, if it is for one, and what came of it; `error` undefined: Slack has it. */
type Came = (channel: string | undefined, error: unknown) => void;

/** The same chat, which tells what came of each message. `came` is not waited for. */
export function heardChat<T extends Chat>(chat: T, came: Came): T {
  const heard = async <A>(channel: string | undefined, work: Promise<A>): Promise<A> => {
    const error = await work.then(
      () => undefined,
      (failed: unknown) => failed,
    );
    came(channel, error);
    return await work;
  };
  return {
    ...chat,
    post: (to, card, key) => heard("channel" in to ? to.channel : undefined, chat.post(to, card, key)),
    // What may have been posted is looked for before it is posted again.
    find: (to, key, sinceMs) => heard("channel" in to ? to.channel : undefined, chat.find(to, key, sinceMs)),
    openChannel: (name, key) => heard(undefined, chat.openChannel(name, key)),
    update: (message, card) => heard(message.channel, chat.update(message, card)),
  };
}

/** The alerts channel may be gone for an hour before it is proven again: the first message that Slack refuses there shows it too. */
export const looksAgainWhereRefused =
  ({ inventory }: Pick<Held, "inventory">, proving: Pick<Proving, "again" | "standings">): Came =>
  (channel, error) => {
    if (!refusesChannel(error) || channel !== inventory().file.alerts.channel) return;
    const isKnown = proving.standings().some((standing) => standing.id === ALERTS_CHANNEL && isWrong(standing));
    if (!isKnown) void proving.again([ALERTS_CHANNEL]);
  };

/** All of it with a chat that is heard: by what proves the alerts channel, and by what follows Slack's silence. */
export function hearing(held: Held, proving: Pick<Proving, "again" | "standings">): Heard {
  const posts = createPosts();
  const lookAgain = looksAgainWhereRefused(held, proving);
  const chat = heardChat(held.outside.chat, (channel, error) => {
    posts.came(error);
    lookAgain(channel, error);
  });
  return { ...held, outside: { ...held.outside, chat }, posts };
}

export interface Heard extends Held {
  readonly posts: Posts;
}
