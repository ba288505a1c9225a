import type { z } from "zod";
import { TransientError } from "../domain/errors.ts";
import type { Change, Records, Stored } from "../ports/records.ts";
import { KEYS } from "./keys.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** Tries before a change gives up: more than any number of workers that could collide on one document. */
const MOST_TRIES = 200;
/** Machine time between two tries. */
const LONGEST_PAUSE_MS = 20;

export interface RecordKind<T> {
  readonly kind: string;
  readonly schema: z.ZodType<T>;
  /** Which documents `openIds` lists. */
  readonly isOpen: (value: T) => boolean;
}

export function createRecords<T>(redis: ScriptedRedis, { kind, schema, isOpen }: RecordKind<T>): Records<T> {
  const read = async (id: string): Promise<Stored<T> | undefined> => {
    const stored = await redis.hgetall(KEYS.record(kind, id));
    const { revision, value } = stored;
    if (revision === undefined || value === undefined) return undefined;
    return { revision: Number(revision), value: schema.parse(JSON.parse(value)) };
  };
  const write = (id: string, expected: number, change: Change<T>): Promise<number> =>
    redis.twokeyChangeRecord(
      KEYS.position,
      KEYS.events,
      KEYS.record(kind, id),
      KEYS.openRecords(kind),
      KEYS.dueRecords(kind),
      id,
      expected,
      JSON.stringify(change.value),
      change.dueAtMs ?? "",
      isOpen(change.value) ? 1 : 0,
      ...change.events.map((event) => JSON.stringify(event)),
    );
  const inTurn = oneAtATime();
  const change = async (id: string, decide: (current: T | undefined) => Change<T> | undefined) => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const current = await read(id);
      const wanted = decide(current?.value);
      if (!wanted) return current?.value;
      if ((await write(id, current?.revision ?? 0, wanted)) > 0) return wanted.value;
      // Who lost goes back a random while, longer each time: otherwise one writer can lose for ever.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS)));
    }
    throw new TransientError(
      "record-contended",
      `${kind} ${id} changed ${MOST_TRIES} times while it was being changed`,
    );
  };
  return {
    get: read,
    openIds: () => redis.smembers(KEYS.openRecords(kind)),
    change: (id, decide) => inTurn(id, () => change(id, decide)),
    due: (nowMs, limit) => redis.zrangebyscore(KEYS.dueRecords(kind), "-inf", nowMs, "LIMIT", 0, limit),
  };
}

/**
 * Changes that one process makes to one document wait for each other: they would only lose to each other and go back, which
 * took tens of milliseconds where an incident opens its channel. Between processes the compare-and-set decides.
 */
function oneAtATime(): <R>(id: string, work: () => Promise<R>) => Promise<R> {
  const last = new Map<string, Promise<unknown>>();
  return async (id, work) => {
    const before = last.get(id);
    const mine = before === undefined ? work() : before.then(work, work);
    last.set(id, mine);
    try {
      return await mine;
    } finally {
      if (last.get(id) === mine) last.delete(id);
    }
  };
}
