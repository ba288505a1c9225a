import type { CardDue } from "../../domain/card/card-due.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { Wait } from "../../domain/plan-run/wait.ts";
import { KEYS } from "../../store/keys.ts";
import type { Stage } from "../stage.ts";
import { dueInRun, dueInWait, isOverdue } from "./due.ts";
import type { Playing } from "./playing.ts";
import { SOAK_SPEED } from "./speed.ts";

/** Machine times. */
const LOOK_EVERY_MS = 20;
const QUIET_WITHIN_MS = 10_000;
/** The outbox edits one message at most once a second. */
const EDIT_EVERY_MS = 1_000;
/** Incidents and cards that are looked at, those that are due first. */
const MOST_LOOKED_AT = 50;

/** What is read of it. */
type Looked = Pick<Playing, "stores"> & { readonly stage: Pick<Stage, "redis" | "now"> };

/** When something of an incident, a card, a wait, or an old side that a run looks at is due next, world time. */
export async function nextDue(playing: Looked): Promise<number> {
  const { redis } = playing.stage;
  const nowMs = playing.stage.now();
  const [, incidentMs] = await redis.zrangebyscore(
    ...([KEYS.dueDocuments("incident"), "-inf", "+inf", "WITHSCORES", "LIMIT", 0, 1] as const),
  );
  const [cards, runs, waits] = await Promise.all([openCards(playing), openRuns(playing), openWaits(playing)]);
  return Math.min(
    Number(incidentMs ?? Number.POSITIVE_INFINITY),
    ...cards.map(readyMs),
    ...runs.map((run) => dueInRun(run, nowMs)),
    ...waits.map(dueInWait),
  );
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

export async function isBusy(playing: Looked): Promise<boolean> {
  const { stage, stores } = playing;
  const nowMs = stage.now();
  // A claim stands in the index of what is due by its end.
  const ids = await stores.incidents.due(Number.MAX_SAFE_INTEGER, MOST_LOOKED_AT);
  const incidents = await Promise.all(ids.map((id) => stores.incidents.get(id)));
  const duties = incidents.flatMap((stored) => Object.values(stored?.value.duties ?? {}));
  if (duties.some(({ state, claimedUntilMs }) => state === "claimed" && claimedUntilMs > nowMs)) return true;
  if ((await stores.incidents.due(nowMs, 1)).length > 0) return true;
  if ((await openRuns(playing)).some((run) => isOverdue(run, nowMs))) return true;
  if ((await openWaits(playing)).some((wait) => dueInWait(wait) <= nowMs)) return true;
  return (await openCards(playing)).some((card) => (card.claim?.untilMs ?? 0) > nowMs || readyMs(card) <= nowMs);
}

async function openRuns({ stores }: Looked): Promise<readonly RunState[]> {
  const ids = await stores.runs.openIds();
  const runs = await Promise.all(ids.map((id) => stores.runs.read(id)));
  return runs.flatMap((run) => run ?? []);
}

async function openWaits({ stores }: Looked): Promise<readonly Wait[]> {
  const ids = await stores.waits.openIds();
  const waits = await Promise.all(ids.map((id) => stores.waits.get(id)));
  return waits.flatMap((stored) => stored?.value ?? []);
}

async function openCards({ stores }: Looked): Promise<readonly CardDue[]> {
  const ids = await stores.cards.due(Number.MAX_SAFE_INTEGER, MOST_LOOKED_AT);
  const cards = await Promise.all(ids.map((id) => stores.cards.get(id)));
  return cards.flatMap((stored) => stored?.value ?? []);
}

/** The index has a card as soon as it is wanted, also where its last edit is too young. */
function readyMs({ wantedSinceMs, sentAtMs, retryAtMs }: CardDue): number {
  return Math.max(wantedSinceMs, (sentAtMs ?? 0) + EDIT_EVERY_MS * SOAK_SPEED, retryAtMs ?? 0);
}
