import { setTimeout as nap } from "node:timers/promises";
import type { Text } from "../domain/card/card.ts";
import { TransientError, UserError } from "../domain/errors.ts";
import type { Glimpse } from "../domain/service/glimpse.ts";
import type { Chat, MessageRef } from "../ports/chat.ts";
import { type Sight, sightCard } from "../views/sight.ts";

/** Machine times. */
export interface Pace {
  /** A look that is over sooner shows itself. */
  readonly firstMs: number;
  /** Slack takes about one edit a second in a channel, and the card comes there too. */
  readonly editEveryMs: number;
  /** The pause is doubled with each failure, up to this. */
  readonly longestPauseMs: number;
  /** How it ended is tried for that long: a message that says for good that it looks would stand beside its plan. */
  readonly outcomeForMs: number;
}

const PACE: Pace = { firstMs: 400, editEveryMs: 1_100, longestPauseMs: 30_000, outcomeForMs: 600_000 };
const NAP_MS = 50;
/** Edits while it looks. */
const MOST_EDITS = 30;

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
export function showLooking(about: About, chat: Pick<Chat, "post" | "update"> | undefined, pace: Pace = PACE): Looking {
  const glimpses = new Map<string, Glimpse>();
  const state: State = { outcome: undefined, changes: 0 };
  const { channel } = about;
  if (chat && channel !== undefined)
    void stream({
      ...about,
      channel,
      chat,
      state,
      pace,
      sight: () => ({ ...about, glimpses: [...glimpses.values()] }),
    });
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
  readonly pace: Pace;
  readonly sight: () => Sight;
}

/** Never rejects. */
async function stream({ chat, channel, key, state, pace, sight }: Streaming): Promise<void> {
  await untilEither(pace.firstMs, () => state.outcome !== undefined);
  if (state.outcome !== undefined) return;
  let message: MessageRef | undefined;
  let pauseMs = pace.editEveryMs;
  let triesUntilMs = Number.POSITIVE_INFINITY;
  for (let edits = 0; performance.now() < triesUntilMs; edits += 1) {
    const { changes, outcome } = state;
    if (outcome !== undefined) triesUntilMs = Math.min(triesUntilMs, performance.now() + pace.outcomeForMs);
    let hasFailed = false;
    try {
      const card = sightCard({ ...sight(), outcome });
      if (message) await chat.update(message, card);
      else message = await chat.post({ channel }, card, key);
      if (outcome !== undefined) return;
      pauseMs = pace.editEveryMs;
    } catch (error) {
      // Such as a channel that TwoKey is not in; and a message that may be there already is not posted twice.
      if (error instanceof UserError || !message) return;
      hasFailed = true;
      pauseMs = Math.min(2 * pauseMs, pace.longestPauseMs);
      await nap(toldPauseMs(error), undefined, { ref: false });
    }
    await nap(pauseMs, undefined, { ref: false });
    const isNews = () => state.outcome !== undefined || (state.changes > changes && edits < MOST_EDITS);
    while (!isNews() && !hasFailed) await nap(NAP_MS, undefined, { ref: false });
  }
}

/** What Slack asks for before the next try. */
function toldPauseMs(error: unknown): number {
  const afterMs = error instanceof TransientError ? error.facts["retryAfterMs"] : undefined;
  return typeof afterMs === "number" ? afterMs : 0;
}

/** That much machine time, or less where it is so before. */
async function untilEither(machineMs: number, isSo: () => boolean): Promise<void> {
  for (let sleptMs = 0; sleptMs < machineMs && !isSo(); sleptMs += NAP_MS) await nap(NAP_MS, undefined, { ref: false });
}
