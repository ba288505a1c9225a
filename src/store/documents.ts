import type { z } from "zod";
import { TransientError } from "../domain/errors.ts";
import type { Change, Documents, Stored } from "../ports/documents.ts";
import { withLists } from "./events.ts";
import { KEYS } from "./keys.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** Tries before a change gives up: more than any number of workers that could collide on one document. */
const MOST_TRIES = 200;
/** Machine time between two tries. */
const LONGEST_PAUSE_MS = 20;

export interface DocumentKind<T> {
  readonly kind: string;
  readonly schema: z.ZodType<T>;
  /** Which documents `openIds` lists. */
  readonly isOpen: (value: T) => boolean;
  /** By what open documents are found without reading them all; without blanks. */
  readonly labels?: (value: T) => readonly string[];
}

export function createDocuments<T>(
  redis: ScriptedRedis,
  { kind, schema, isOpen, labels }: DocumentKind<T>,
): Documents<T> {
  const read = async (id: string): Promise<Stored<T> | undefined> => {
    const stored = await redis.hgetall(KEYS.record(kind, id));
    const { revision, value } = stored;
    if (revision === undefined || value === undefined) return undefined;
    return { revision: Number(revision), value: schema.parse(JSON.parse(value)) };
  };
  const membersOf = (id: string, value: T | undefined): string[] =>
    value !== undefined && labels && isOpen(value) ? labels(value).map((label) => `${label} ${id}`) : [];
  const write = (id: string, current: Stored<T> | undefined, change: Change<T>): Promise<number> => {
    const before = membersOf(id, current?.value);
    const after = membersOf(id, change.value);
    const dropped = before.filter((member) => !after.includes(member));
    const events = withLists(
      [
        KEYS.position,
        KEYS.events,
        KEYS.record(kind, id),
        KEYS.openRecords(kind),
        KEYS.dueRecords(kind),
        KEYS.labelledRecords(kind),
      ],
      change.events,
    );
    return redis.twokeyChangeDocument(
      events.keys.length,
      ...events.keys,
      id,
      current?.revision ?? 0,
      JSON.stringify(change.value),
      change.dueAtMs ?? "",
      isOpen(change.value) ? 1 : 0,
      dropped.length,
      after.length,
      ...dropped,
      ...after,
      ...events.args,
    );
  };
  /** Decides all of them in their order on one reading and writes once. */
  const commit = async (id: string, decisions: readonly Decide<T>[]): Promise<Decided<T>[]> => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const current = await read(id);
      const { decided, together } = decideAll(current?.value, decisions);
      if (!together || (await write(id, current, together)) > 0) return decided;
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
    openIds: async (label) => {
      if (label === undefined) return redis.smembers(KEYS.openRecords(kind));
      // The blank before the id is followed by nothing else that sorts before "!".
      const members = await redis.zrangebylex(KEYS.labelledRecords(kind), `[${label} `, `(${label}!`);
      return members.map((member) => member.slice(label.length + 1));
    },
    change: inTurn(commit),
    due: (nowMs, limit) => redis.zrangebyscore(KEYS.dueRecords(kind), "-inf", nowMs, "LIMIT", 0, limit),
  };
}

type Decide<T> = (current: T | undefined) => Change<T> | undefined;
/** What one of them came to: the value after it, or what it threw. */
type Decided<T> = { readonly value: T | undefined } | { readonly thrown: unknown };

function decideAll<T>(stored: T | undefined, decisions: readonly Decide<T>[]) {
  let value = stored;
  let together: Change<T> | undefined;
  const decided = decisions.map((decide): Decided<T> => {
    try {
      const change = decide(value);
      if (change) {
        value = change.value;
        together = { ...change, events: [...(together?.events ?? []), ...change.events] };
      }
      return { value };
    } catch (thrown) {
      return { thrown };
    }
  });
  return { decided, together };
}

interface Waiting<T> {
  readonly decide: Decide<T>;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Changes that one process makes to one document wait for the write under way and then go in together: on their own they
 * would only lose to each other and go back, which took tens of milliseconds where an incident opens its channel. Between
 * processes the compare-and-set decides.
 */
function inTurn<T>(
  commit: (id: string, decisions: readonly Decide<T>[]) => Promise<readonly Decided<T>[]>,
): (id: string, decide: Decide<T>) => Promise<T | undefined> {
  const waiting = new Map<string, Waiting<T>[]>();
  const work = async (id: string, queue: Waiting<T>[]): Promise<void> => {
    while (queue.length > 0) {
      const turn = queue.splice(0);
      try {
        const decided = await commit(
          id,
          turn.map(({ decide }) => decide),
        );
        for (const [index, { resolve, reject }] of turn.entries()) {
          const mine = decided[index];
          if (mine && "value" in mine) resolve(mine.value);
          else reject(mine?.thrown);
        }
      } catch (error) {
        for (const { reject } of turn) reject(error);
      }
    }
    waiting.delete(id);
  };
  return (id, decide) =>
    new Promise((resolve, reject) => {
      const queue = waiting.get(id);
      const mine = { decide, resolve, reject };
      if (queue) {
        queue.push(mine);
        return;
      }
      const started = [mine];
      waiting.set(id, started);
      void work(id, started);
    });
}
