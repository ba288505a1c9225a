import type { CardDue } from "../../domain/card/card-due.ts";
import { KEYS } from "../../store/keys.ts";
import type { Playing } from "./playing.ts";
import { SOAK_SPEED } from "./speed.ts";

/** Machine times. */
const LOOK_EVERY_MS = 20;
const QUIET_WITHIN_MS = 10_000;
/** The outbox edits one message at most once a second. */
const EDIT_EVERY_MS = 1_000;
/** Incidents and cards that are looked at, those that are due first. */
const MOST_LOOKED_AT = 50;

/** When something of an incident or a card is due next, world time. */
export async function nextDue(playing: Playing): Promise<number> {
  const { redis } = playing.stage;
  const [, incidentMs] = await redis.zrangebyscore(
    ...([KEYS.dueDocuments("incident"), "-inf", "+inf", "WITHSCORES", "LIMIT", 0, 1] as const),
  );
  const cards = await openCards(playing);
  return Math.min(Number(incidentMs ?? Number.POSITIVE_INFINITY), ...cards.map(readyMs));
}

/**
 * Nothing is due and nothing is under way: a jump over somebody's claim would make the bot take it for dead. What takes longer
 * than anybody should wait goes on beside the days that follow.
 */
export async function quiet(playing: Playing): Promise<void> {
  for (const deadline = Date.now() + QUIET_WITHIN_MS; Date.now() < deadline; ) {
    if (!(await isBusy(playing))) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

export async function isBusy(playing: Playing): Promise<boolean> {
  const { stage, stores } = playing;
  const nowMs = stage.now();
  // A claim stands in the index of what is due by its end.
  const ids = await stores.incidents.due(Number.MAX_SAFE_INTEGER, MOST_LOOKED_AT);
  const incidents = await Promise.all(ids.map((id) => stores.incidents.get(id)));
  const duties = incidents.flatMap((stored) => Object.values(stored?.value.duties ?? {}));
  if (duties.some(({ state, claimedUntilMs }) => state === "claimed" && claimedUntilMs > nowMs)) return true;
  if ((await stores.incidents.due(nowMs, 1)).length > 0) return true;
  return (await openCards(playing)).some((card) => (card.claim?.untilMs ?? 0) > nowMs || readyMs(card) <= nowMs);
}

async function openCards({ stores }: Playing): Promise<readonly CardDue[]> {
  const ids = await stores.cards.due(Number.MAX_SAFE_INTEGER, MOST_LOOKED_AT);
  const cards = await Promise.all(ids.map((id) => stores.cards.get(id)));
  return cards.flatMap((stored) => stored?.value ?? []);
}

/** The index has a card as soon as it is wanted, also where its last edit is too young. */
function readyMs({ wantedSinceMs, sentAtMs, retryAtMs }: CardDue): number {
  return Math.max(wantedSinceMs, (sentAtMs ?? 0) + EDIT_EVERY_MS * SOAK_SPEED, retryAtMs ?? 0);
}
