import { setTimeout as nap } from "node:timers/promises";
import type { Text } from "../domain/card/card.ts";
import { UserError } from "../domain/errors.ts";
import type { Glimpse } from "../domain/service/glimpse.ts";
import type { Chat, MessageRef } from "../ports/chat.ts";
import { type Sight, sightCard } from "../views/sight.ts";

/** Machine times. A look that is over sooner shows itself; Slack takes about one edit a second in a channel, and the card comes there too. */
const FIRST_MS = 400;
const EDIT_EVERY_MS = 1_100;
const NAP_MS = 50;
/** Edits while it looks, and tries to say how it ended. */
const MOST_EDITS = 30;
const MOST_TRIES = 5;

export interface Looking {
  readonly sees: (glimpse: Glimpse) => void;
  /** Says how it ended, and returns at once. */
  ends(outcome: Text): void;
}

interface About extends Pick<Sight, "service" | "asker"> {
  /** Where it was asked; absent: nobody is shown anything. */
  readonly channel: string | undefined;
  readonly key: string;
}

/** One message where the plan was asked for, edited while the look goes on. Nothing waits for it, and where Slack refuses it nothing is lost. */
export function showLooking(about: About, chat: Pick<Chat, "post" | "update"> | undefined): Looking {
  const glimpses = new Map<string, Glimpse>();
  const state: State = { outcome: undefined, changes: 0 };
  const { channel } = about;
  if (chat && channel !== undefined)
    void stream({ ...about, channel, chat, state, sight: () => ({ ...about, glimpses: [...glimpses.values()] }) });
  return {
    sees: (glimpse) => {
      glimpses.set(glimpse.key, glimpse);
      state.changes += 1;
    },
    ends: (outcome) => {
      state.outcome = outcome;
      state.changes += 1;
    },
  };
}

interface State {
  outcome: Text | undefined;
  changes: number;
}

interface Streaming extends About {
  readonly channel: string;
  readonly chat: Pick<Chat, "post" | "update">;
  readonly state: State;
  readonly sight: () => Sight;
}

/** Never rejects. */
async function stream({ chat, channel, key, state, sight }: Streaming): Promise<void> {
  await untilEither(FIRST_MS, () => state.outcome !== undefined);
  if (state.outcome !== undefined) return;
  let message: MessageRef | undefined;
  let failed = 0;
  for (let edits = 0; failed < MOST_TRIES; edits += 1) {
    const { changes, outcome } = state;
    try {
      const card = sightCard({ ...sight(), outcome });
      if (message) await chat.update(message, card);
      else message = await chat.post({ channel }, card, key);
      if (outcome !== undefined) return;
      failed = 0;
    } catch (error) {
      // Such as a channel that TwoKey is not in; and a message that may be there already is not posted twice.
      if (error instanceof UserError || !message) return;
      failed += 1;
    }
    await nap(EDIT_EVERY_MS, undefined, { ref: false });
    const isNews = () => state.outcome !== undefined || (state.changes > changes && edits < MOST_EDITS);
    while (!isNews() && failed === 0) await nap(NAP_MS, undefined, { ref: false });
  }
}

/** That much machine time, or less where it is so before. */
async function untilEither(machineMs: number, isSo: () => boolean): Promise<void> {
  for (let sleptMs = 0; sleptMs < machineMs && !isSo(); sleptMs += NAP_MS) await nap(NAP_MS, undefined, { ref: false });
}
