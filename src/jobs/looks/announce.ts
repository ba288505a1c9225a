import { type CardDue, wantCard } from "../../domain/card/card-due.ts";
import { type Inventory, sha256 } from "../../domain/service/inventory.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import type { PageLink, Pagers } from "../../ports/pager.ts";
import type { Wake } from "../../ports/wake.ts";

export interface Announcing {
  readonly stores: { readonly cards: Pick<Documents<CardDue>, "change"> };
  readonly clock: Clock;
  readonly queues: { readonly wake: Pick<Wake, "card"> };
  readonly inventory: () => Inventory;
}

/** Says it in the alerts channel, and in these rooms as well. */
export type Announce = (says: string, rooms?: readonly string[]) => Promise<void>;

/** What tells people of something about TwoKey itself: in the alerts channel, and by the pagers. */
export interface Telling {
  announce: Announce;
  readonly pagers: Pagers;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The name of the process that it is about. */
  readonly process: string;
  readonly inventory: () => Inventory;
  readonly chat: Pick<Chat, "addressOf">;
}

/** Where somebody who is paged about TwoKey itself finds what is said of it. */
export function alertsLink({
  inventory,
  chat,
}: {
  inventory: () => Inventory;
  chat: Pick<Chat, "addressOf">;
}): PageLink {
  return { text: "Slack, the alerts channel", href: chat.addressOf(inventory().file.alerts.channel) };
}

/** How often one process says the same within an hour: one that cannot note that it said something would never come to an end. */
const MOST_AN_HOUR = 5;

/**
 * Says something about TwoKey itself. Processes that say the same within an hour say it once; where one of them says it again it is
 * news, since each says only what has changed.
 */
export function announcing(deps: Announcing): Announce {
  let hour = "";
  let times = new Map<string, number>();
  return async (says, rooms = []) => {
    const now = new Date(deps.clock.now()).toISOString().slice(0, 13);
    if (now !== hour) times = new Map();
    hour = now;
    const time = Math.min((times.get(says) ?? 0) + 1, MOST_AN_HOUR);
    const of = `${now}${time === 1 ? "" : `:${time}`}`;
    const channels = [deps.inventory().file.alerts.channel, ...rooms];
    await Promise.all([...new Set(channels)].map((channel) => sayIn(channel, { says, of }, deps)));
    // What not every channel took is said to the others again, as the same.
    times.set(says, time);
  };
}

async function sayIn(
  channel: string,
  { says, of }: { readonly says: string; readonly of: string },
  { stores, clock, queues }: Announcing,
): Promise<void> {
  const nowMs = clock.now();
  const id = `notice:${sha256(`${channel} ${says}`).slice(0, 16)}:${of}`;
  await stores.cards.change(id, (current) => {
    const value = current
      ? undefined
      : wantCard(undefined, { id, kind: "notice", subject: says, to: { channel } }, nowMs);
    return value && { value, events: [], dueAtMs: nowMs };
  });
  await queues.wake.card(id);
}
