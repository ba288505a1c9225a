import type { Redis } from "ioredis";
import { Event } from "../domain/event.ts";
import { KEYS } from "./keys.ts";

export interface StoredEvent {
  /** Stream id: unique, increasing, the idempotency key of every projection. */
  readonly id: string;
  readonly event: Event;
}

/** Events after `id` (exclusive), oldest first. */
export async function readEvents(redis: Redis, after: string, limit: number): Promise<StoredEvent[]> {
  const entries = await redis.xrange(KEYS.events, after === "" ? "-" : `(${after}`, "+", "COUNT", limit);
  return entries.map(([id, fields]) => ({
    id,
    event: Event.parse(JSON.parse(fields[fields.indexOf("e") + 1] ?? "{}")),
  }));
}

/** Every event of one incident or run, oldest first; the stream is small enough to be read whole in pages. */
export async function eventsOf(redis: Redis, about: { incident?: string; run?: string }): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (let after = ""; ; ) {
    const page = await readEvents(redis, after, 1_000);
    found.push(
      ...page.filter(
        ({ event }) =>
          (about.incident !== undefined && event.incident === about.incident) ||
          (about.run !== undefined && event.run === about.run),
      ),
    );
    const last = page.at(-1);
    if (!last || page.length < 1_000) return found;
    after = last.id;
  }
}
