import type { Card } from "../domain/card/card.ts";
import type { PersonId } from "../domain/people/person.ts";

/**
 * The workplace chat as we need it. Every call may throw: UserError (a setting is wrong; the message says which),
 * TransientError (nothing happened; `facts.retryAfterMs` where the vendor named one), OutcomeUnknown (look before
 * asking again: `find`).
 */
export interface Chat {
  /** Posts once. `key` is put into the message's metadata so that `find` recognises it. */
  post(to: PostTarget, card: Card, key: string): Promise<MessageRef>;
  update(message: MessageRef, card: Card): Promise<void>;
  /** Our message with this key in the channel (or thread) since `sinceMs`, if it is there. */
  find(to: PostTarget, key: string, sinceMs: number): Promise<MessageRef | undefined>;
  /** Opens a channel, or finds the one we opened for this key before its answer was lost; adds a suffix when the name is somebody else's. */
  openChannel(name: string, key: string): Promise<{ readonly id: string; readonly name: string }>;
  /** Invites everybody who can be; returns those who could not, with the reason. Already in is success. */
  invite(channel: string, people: readonly PersonId[]): Promise<readonly NotInvited[]>;
  setTopic(channel: string, topic: string): Promise<void>;
  addBookmark(channel: string, title: string, url: string): Promise<void>;
  pin(message: MessageRef): Promise<void>;
  /** Where a channel opens for somebody who comes from a mail or a pager; nothing is asked for it. */
  addressOf(channel: string): string;
}

/** A channel, a thread in it, or one person alone. */
export type PostTarget =
  | {
      readonly channel: string;
      /** Timestamp of the thread's first message. */
      readonly thread?: string | undefined;
    }
  | { readonly person: PersonId };

export interface NotInvited {
  readonly person: PersonId;
  readonly why: string;
}

export interface MessageRef {
  readonly channel: string;
  readonly ts: string;
}
