import type { Redis } from "ioredis";
import type { Event } from "../domain/event.ts";
import type { EventsEnding, Keeping } from "../ports/keeping.ts";
import { eventFrom, isUnreadable, textOf } from "./event-text.ts";
import { KEYS } from "./keys.ts";
import { forgetTold, hasTold, tell } from "./put-aside.ts";

/** Read at once, so that a long list holds up no other client of the store. */
const PAGE = 1_000;

export interface StoredEvent {
  /** Stream id: unique, increasing, the idempotency key of every projection. */
  readonly id: string;
  readonly event: Event;
}

/** Events after `id` (exclusive), oldest first. */
export async function readEvents(redis: Redis, after: string, limit: number): Promise<StoredEvent[]> {
  const entries = await redis.xrange(KEYS.events, after === "" ? "-" : `(${after}`, "+", "COUNT", limit);
  return entries.map(storedEvent);
}

/** The id begins with when Redis took it. */
const storedEvent = ([id, fields]: [string, string[]]): StoredEvent => ({
  id,
  event: eventFrom(fields[fields.indexOf("e") + 1] ?? "", Number.parseInt(id, 10)),
});

type About = "incident" | "run";

/** Every event of one incident or run, oldest first. Costs what that one has, however much happened otherwise. */
export async function eventsOf(redis: Redis, about: About, id: string): Promise<Event[]> {
  const found = await readTimeline(redis, about, id);
  const unreadable = found.filter(isUnreadable).length;
  if (unreadable > 0)
    await tell(redis, {
      ...{ kind: TIMELINE, id: `${about} ${id}` },
      why: `The timeline of ${about} ${id} has ${counted(unreadable)} that this version of TwoKey cannot read.`,
    });
  return found;
}

async function readTimeline(redis: Redis, about: About, id: string): Promise<Event[]> {
  const found: Event[] = [];
  for (let start = 0; ; start += PAGE) {
    const page = await redis.lrange(KEYS.eventsOf(about, id), start, start + PAGE - 1);
    for (const text of page) found.push(eventFrom(text, found.at(-1)?.atMs ?? 0));
    if (page.length < PAGE) return found;
  }
}

const counted = (count: number): string => (count === 1 ? "1 event" : `${count} events`);

/** By which timelines with unreadable events are told of. */
export const TIMELINE = "timeline";
/** The one of what is about no incident and no run. */
const STREAM = "stream";

/** A timeline of which people were told, when a version reads all of it, or nothing of it is left. */
export function createTimelines(redis: Redis): Pick<Keeping, "takeBack"> {
  return {
    async takeBack(timeline) {
      const [about, id = ""] = timeline.split(" ");
      const events = about === "incident" || about === "run" ? await readTimeline(redis, about, id) : [];
      if (events.some(isUnreadable)) return false;
      // Where its end came first, people are told all the same.
      if (events.length === 0 && !(await hasTold(redis, { kind: TIMELINE, id: timeline }))) return false;
      return forgetTold(redis, { kind: TIMELINE, id: timeline });
    },
  };
}

/**
 * Cuts events before `beforeMs` off the stream, oldest first and at most `limit`. Those that are about no incident and no run
 * stand nowhere else: they are handed over first. True: there may be more.
 */
export async function trimEvents(redis: Redis, { beforeMs, limit, handOver }: EventsEnding): Promise<boolean> {
  const page = await readEvents(redis, "", limit);
  const isYoung = ({ event }: StoredEvent) => event.atMs >= beforeMs;
  const firstYoung = page.findIndex(isYoung);
  const old = firstYoung < 0 ? page : page.slice(0, firstYoung);
  const last = old.at(-1);
  if (!last) return false;
  const alone = old.filter(({ event }) => listsOf(event).length === 0);
  const unreadable = alone.filter(({ event }) => isUnreadable(event)).length;
  await handOver(
    alone.map(({ id, event }) => ({ kind: isUnreadable(event) ? "unreadable events" : "events", id, content: event })),
  );
  if (unreadable > 0)
    await tell(redis, {
      ...{ kind: TIMELINE, id: STREAM },
      why: `The archive got ${counted(unreadable)} of no incident and no run that this version of TwoKey cannot read.`,
    });
  await redis.xtrim(KEYS.events, "MINID", after(last.id));
  return firstYoung < 0 && page.length === limit;
}

/** The id behind this one. */
function after(id: string): string {
  const [ms = "0", sequence = "0"] = id.split("-");
  return `${ms}-${Number(sequence) + 1}`;
}

/** How far back the stream is read for the runs that something happened to lately. */
const LATELY = 2_000;

/** Ids of the runs of the newest events, newest first. Costs the same however long the stream is. */
export async function recentRuns(redis: Redis, limit: number): Promise<string[]> {
  const entries = await redis.xrevrange(KEYS.events, "+", "-", "COUNT", LATELY);
  const runs = entries.map((entry) => storedEvent(entry).event.run);
  return [...new Set(runs.filter((run) => run !== undefined))].slice(0, limit);
}

/** The keys of a script with those of the lists that its events go into, and the events as its last arguments. */
export function withLists(
  keys: readonly string[],
  events: readonly Event[],
): { readonly keys: readonly string[]; readonly args: readonly string[] } {
  const lists = new Set(events.flatMap(listsOf));
  const all = [...keys, ...lists];
  const numbersOf = (event: Event) => listsOf(event).map((list) => all.indexOf(list) + 1);
  return { keys: all, args: events.flatMap((event) => [textOf(event), numbersOf(event).join(" ")]) };
}

function listsOf({ incident, run }: Event): string[] {
  return [
    ...(incident === undefined ? [] : [KEYS.eventsOf("incident", incident)]),
    ...(run === undefined ? [] : [KEYS.eventsOf("run", run)]),
  ];
}
