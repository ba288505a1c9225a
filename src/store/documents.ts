import { z } from "zod";
import { TransientError, Unreadable } from "../domain/errors.ts";
import type { Change, Stored } from "../ports/documents.ts";
import type { KeptDocuments } from "../ports/keeping.ts";
import { withLists } from "./events.ts";
import { KEYS } from "./keys.ts";
import { ownTurn } from "./own-turn.ts";
import { certain, leftOut } from "./plain-errors.ts";
import { checkSchema, type Place, readOrPutAside, settledBefore, takeBack } from "./put-aside.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** Tries before a change gives up: more than any number of workers that could collide on one document. */
const MOST_TRIES = 200;
/** Machine time between two tries. */
const LONGEST_PAUSE_MS = 20;

export interface DocumentKind<T> {
  readonly kind: string;
  /** Increases when `schema` changes so that what older versions wrote does not fit any more. */
  readonly version: number;
  readonly schema: z.ZodType<T>;
  /** Which documents `openIds` lists. */
  readonly isOpen: (value: T) => boolean;
  /** By what open documents are found without reading them all; without blanks. */
  readonly labels?: (value: T) => readonly string[];
  /** Since when it is needed no more, world time: from then on its retention counts. Undefined: it is needed. */
  readonly settledAtMs?: (value: T) => number | undefined;
  /**
   * What happens where one cannot be read. `stays`: nobody can change it until a version that reads it does.
   * `begins-again`: a new one takes its place, because more is lost by standing still than by forgetting it.
   */
  readonly unreadable: "stays" | "begins-again";
}

/** Characters: a freeze has about as many, an alert has more. */
const SMALL = 300;
const sizeOf = (fields: Readonly<Record<string, string>>): number =>
  Object.values(fields).reduce((sum, { length }) => sum + length, 0);

// oxlint-disable-next-line max-lines-per-function -- one kind of document: reading, deciding and writing share its keys
export function createDocuments<T>(redis: ScriptedRedis, shape: DocumentKind<T>): KeptDocuments<T> {
  const { kind, isOpen, labels } = shape;
  const place = placeOfDocument(kind, shape.unreadable === "begins-again");
  const source = (id: string) => ({
    ...{ redis, place, id },
    fetch: async () => {
      const fields = await redis.hgetall(KEYS.document(kind, id));
      // What parses and decides next takes the longest of all that is done with a document, unless it is small: nothing that a
      // call waits for, such as the freeze, stands in line behind a storm.
      if (sizeOf(fields) > SMALL) await ownTurn();
      return fields;
    },
    parse: (fields: Record<string, string>) => readDocument(fields, shape),
  });
  const read = async (id: string): Promise<Stored<T> | undefined> => {
    try {
      return await readOrPutAside(source(id));
    } catch (error) {
      if (error instanceof Unreadable && place.beginsAgain) return undefined;
      throw error;
    }
  };
  const membersOf = (id: string, value: T | undefined): string[] =>
    value !== undefined && labels && isOpen(value) ? labels(value).map((label) => `${label} ${id}`) : [];
  const write = (id: string, current: Stored<T> | undefined, change: Change<T>): Promise<number> => {
    const before = membersOf(id, current?.value);
    const after = membersOf(id, change.value);
    const dropped = before.filter((member) => !after.includes(member));
    const { keys, args } = withLists(keysOf(kind, id), change.events);
    const revision = current?.revision ?? 0;
    const value = JSON.stringify(change.value);
    const ask = () =>
      redis.twokeyChangeDocument(
        keys.length,
        ...keys,
        id,
        revision,
        shape.version,
        value,
        change.dueAtMs ?? "",
        isOpen(change.value) ? 1 : 0,
        shape.settledAtMs?.(change.value) ?? "",
        dropped.length,
        after.length,
        ...dropped,
        ...after,
        ...args,
      );
    return certain(ask, async () => {
      const there = await redis.hgetall(KEYS.document(kind, id));
      if (Number(there["revision"] ?? 0) === revision) throw leftOut();
      return Number(there["revision"]) === revision + 1 ? (there["value"] === value ? revision + 1 : 0) : undefined;
    });
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
      "document-contended",
      `${kind} ${id} changed ${MOST_TRIES} times while it was being changed`,
    );
  };
  return {
    get: read,
    openIds: async (label) => {
      if (label === undefined) return redis.smembers(KEYS.openDocuments(kind));
      // The blank before the id is followed by nothing else that sorts before "!".
      const members = await redis.zrangebylex(KEYS.labelledDocuments(kind), `[${label} `, `(${label}!`);
      return members.map((member) => member.slice(label.length + 1));
    },
    change: inTurn(commit),
    due: (nowMs, limit) => redis.zrangebyscore(KEYS.dueDocuments(kind), "-inf", nowMs, "LIMIT", 0, limit),
    settledBefore: (atMs, limit) => settledBefore(redis, KEYS.settledDocuments(kind), { atMs, limit }),
    remove: async (id, { revision, nowMs, alongside = [] }) => {
      const [, , document, open, due, , settled] = keysOf(kind, id);
      const keys = [open, due, settled, document, ...alongside];
      return (await redis.twokeyRemove(keys.length, ...keys, id, revision ?? "", nowMs)) === 1;
    },
    takeBack: (id) => takeBack(source(id)),
  };
}

function keysOf(kind: string, id: string) {
  return [
    KEYS.position,
    KEYS.events,
    KEYS.document(kind, id),
    KEYS.openDocuments(kind),
    KEYS.dueDocuments(kind),
    KEYS.labelledDocuments(kind),
    KEYS.settledDocuments(kind),
  ] as const;
}

/** Undefined: there is none. Throws where there is one that this version cannot read. */
function readDocument<T>(
  { revision, schema, value }: Record<string, string>,
  shape: DocumentKind<T>,
): Stored<T> | undefined {
  if (revision === undefined && schema === undefined && value === undefined) return undefined;
  checkSchema(schema, shape.version);
  return { revision: z.coerce.number().int().parse(revision), value: shape.schema.parse(JSON.parse(value ?? "")) };
}

function placeOfDocument(kind: string, beginsAgain: boolean): Place {
  return {
    kind,
    beginsAgain,
    document: (id) => KEYS.document(kind, id),
    open: KEYS.openDocuments(kind),
    due: KEYS.dueDocuments(kind),
    settled: KEYS.settledDocuments(kind),
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
