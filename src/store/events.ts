import type { Redis } from "ioredis";
import { z } from "zod";
import { Event } from "../domain/event.ts";
import type { EventsEnding } from "../ports/keeping.ts";
import { KEYS } from "./keys.ts";

/** Read at once, so that a long list holds up no other client of the store. */
const PAGE = 1_000;

export interface StoredEvent {
  /** Stream id: unique, increasing, the idempotency key of every projection. */
  readonly id: string;
  readonly event: Event;
}

const Readable = z.object({
  atMs: z.number().catch(0),
  incident: z.string().optional().catch(undefined),
  run: z.string().optional().catch(undefined),
});
const MOST_SHOWN = 500;

/**
 * Of another version, or damaged, it stands in its place with what can be read of it: the timeline says that something happened,
 * and neither its neighbours nor what ends old ones stop at it.
 */
function eventFrom(text: string): Event {
  const json = jsonOf(text);
  const event = Event.safeParse(json);
  if (event.success) return event.data;
  const { atMs, incident, run } = Readable.catch({ atMs: 0, incident: undefined, run: undefined }).parse(json);
  return {
    ...{ kind: "event.unreadable", atMs, door: "engine" },
    ...(incident === undefined ? {} : { incident }),
    ...(run === undefined ? {} : { run }),
    says: "Something happened here that this version of TwoKey cannot read",
    facts: { stored: text.slice(0, MOST_SHOWN) },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Events after `id` (exclusive), oldest first. */
export async function readEvents(redis: Redis, after: string, limit: number): Promise<StoredEvent[]> {
  const entries = await redis.xrange(KEYS.events, after === "" ? "-" : `(${after}`, "+", "COUNT", limit);
  return entries.map(([id, fields]) => ({
    id,
    event: eventFrom(fields[fields.indexOf("e") + 1] ?? "{}"),
  }));
}

/** Every event of one incident or run, oldest first. Costs what that one has, however much happened otherwise. */
export async function eventsOf(redis: Redis, about: "incident" | "run", id: string): Promise<Event[]> {
  const found: Event[] = [];
  for (let start = 0; ; start += PAGE) {
    const page = await redis.lrange(KEYS.eventsOf(about, id), start, start + PAGE - 1);
    found.push(...page.map((text) => eventFrom(text)));
    if (page.length < PAGE) return found;
  }
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
  await handOver(
    old.flatMap(({ id, event }) => (listsOf(event).length > 0 ? [] : [{ kind: "events", id, content: event }])),
  );
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
  const runs = entries.map(([, fields]) => eventFrom(fields[fields.indexOf("e") + 1] ?? "{}").run);
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
  return { keys: all, args: events.flatMap((event) => [JSON.stringify(event), numbersOf(event).join(" ")]) };
}

function listsOf({ incident, run }: Event): string[] {
  return [
    ...(incident === undefined ? [] : [KEYS.eventsOf("incident", incident)]),
    ...(run === undefined ? [] : [KEYS.eventsOf("run", run)]),
  ];
}
