import { wantCard } from "../domain/card/card-due.ts";
import { type Inventory, sha256 } from "../domain/service/inventory.ts";
import type { Queues } from "../jobs/queues.ts";
import type { Chat } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { PageLink } from "../ports/pager.ts";
import type { Stores } from "./stores.ts";

export interface Announcing {
  readonly stores: Pick<Stores, "cards">;
  readonly clock: Clock;
  readonly queues: Pick<Queues, "wake">;
  readonly inventory: () => Inventory;
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

/** Says something about TwoKey itself in the alerts channel. The same within an hour, from any process, is said once. */
export async function announce(says: string, { stores, clock, queues, inventory }: Announcing): Promise<void> {
  const nowMs = clock.now();
  const id = `notice:${sha256(says).slice(0, 16)}:${new Date(nowMs).toISOString().slice(0, 13)}`;
  const to = { channel: inventory().file.alerts.channel };
  await stores.cards.change(id, (current) => {
    const value = current ? undefined : wantCard(undefined, { id, kind: "notice", subject: says, to }, nowMs);
    return value && { value, events: [], dueAtMs: nowMs };
  });
  await queues.wake.card(id);
}
