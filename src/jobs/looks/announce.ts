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

/** What tells people of something about TwoKey itself: in the alerts channel, and by the pagers. */
export interface Telling {
  /** Says it in the alerts channel, or in another one; several processes saying the same say it once an hour. */
  announce(says: string, channel?: string): Promise<void>;
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

/** Says something about TwoKey itself in the alerts channel, or in another one. The same within an hour, from any process, is said once. */
export async function announce(
  says: string,
  { stores, clock, queues, inventory }: Announcing,
  channel?: string,
): Promise<void> {
  const nowMs = clock.now();
  const what = sha256(channel === undefined ? says : `${channel} ${says}`).slice(0, 16);
  const id = `notice:${what}:${new Date(nowMs).toISOString().slice(0, 13)}`;
  const to = { channel: channel ?? inventory().file.alerts.channel };
  await stores.cards.change(id, (current) => {
    const value = current ? undefined : wantCard(undefined, { id, kind: "notice", subject: says, to }, nowMs);
    return value && { value, events: [], dueAtMs: nowMs };
  });
  await queues.wake.card(id);
}
