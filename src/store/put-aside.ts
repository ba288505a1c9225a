import type { Redis } from "ioredis";
import { z } from "zod";
import { Bug, messageOf, Unreadable } from "../domain/errors.ts";
import type { Asides, PutAside } from "../ports/keeping.ts";
import { READ_ONLY } from "./connection.ts";
import { KEYS } from "./keys.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** Where things of one kind stand in the store. */
export interface Place {
  readonly kind: string;
  readonly beginsAgain: boolean;
  readonly document: (id: string) => string;
  readonly open: string;
  readonly due: string;
  readonly settled: string;
}

/** One thing, and where it stands. */
interface Placed {
  readonly redis: ScriptedRedis;
  readonly place: Place;
  readonly id: string;
}

/** How it is fetched, and what has to hold of what was fetched. */
export interface Source<Fetched, T> extends Placed {
  readonly fetch: () => Promise<Fetched>;
  readonly parse: (fetched: Fetched) => T;
}

/** A later version may note more of it, which is kept. */
const Told = z.looseObject({
  kind: z.string(),
  id: z.string(),
  why: z.string(),
  replaced: z.boolean(),
  reportedAtMs: z.number().optional(),
});
type Told = z.infer<typeof Told>;
const LONGEST_REASON = 200;

export function checkSchema(found: string | undefined, version: number): void {
  if (found === String(version)) return;
  throw new Error(
    `it carries ${found === undefined ? "no schema version" : `schema ${found}`}, and this version reads ${version}`,
  );
}

/**
 * Reads one thing. What cannot be read is put aside, and said by `Unreadable`; that Redis is away says nothing about what is
 * stored there.
 */
export async function readOrPutAside<Fetched, T>(thing: Source<Fetched, T>): Promise<T> {
  let reason: unknown;
  try {
    const fetched = await thing.fetch();
    try {
      return thing.parse(fetched);
    } catch (error) {
      reason = error;
    }
  } catch (error) {
    // A key of another type than ours is as unreadable as a text that does not parse.
    if (!isOtherType(error)) throw error;
    reason = error;
  }
  const unreadable = unreadableThing(thing, reason);
  await putAside(thing, unreadable).catch(unlessReading);
  throw unreadable;
}

/** Redis says that the key holds another type than ours. */
export const isOtherType = (error: unknown): boolean => messageOf(error).startsWith("WRONGTYPE");

function unreadableThing({ place: { kind }, id }: Placed, error: unknown): Unreadable {
  return new Unreadable("unreadable", sayUnreadable(`${kind} ${id}`, error), { cause: error, facts: { kind, id } });
}

export function sayUnreadable(what: string, error: unknown): string {
  const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s+/g, " ") : messageOf(error);
  return `${what} cannot be read by this version of TwoKey: ${why.slice(0, LONGEST_REASON)}.`;
}

async function putAside({ redis, place, id }: Placed, { message }: Unreadable): Promise<void> {
  const { kind, beginsAgain } = place;
  const told: Told = { kind, id, why: message, replaced: beginsAgain };
  const keys = [
    ...[KEYS.putAside, place.document(id), place.open, place.due, place.settled],
    ...[KEYS.placeOf(kind, id), KEYS.replaced(kind, id)],
  ];
  await redis.twokeyPutAside(keys.length, ...keys, nameOf(kind, id), id, JSON.stringify(told), beginsAgain ? 1 : 0);
}

interface Unread {
  readonly kind: string;
  readonly id: string;
}

/**
 * People are told, and it stays where it is: a part of something whose other parts are read. Once told, it is not told again.
 */
export async function tell(
  redis: Redis,
  { kind, id, why, replaced = false }: Unread & { readonly why: string; readonly replaced?: boolean },
): Promise<void> {
  const told: Told = { kind, id, why, replaced };
  await redis.hsetnx(KEYS.putAside, nameOf(kind, id), JSON.stringify(told)).catch(unlessReading);
}

/** The same where a new one is going to be written in its place: what stands there now is kept beside it. */
export async function keepAndTell(
  redis: Redis,
  { key, ...unread }: Unread & { readonly key: string; readonly why: string },
): Promise<void> {
  await redis.copy(key, KEYS.replaced(unread.kind, unread.id)).catch(unlessReading);
  await tell(redis, { ...unread, replaced: true });
}

export async function hasTold(redis: Redis, { kind, id }: Unread): Promise<boolean> {
  return (await asideOf(redis, nameOf(kind, id)))?.reportedAtMs !== undefined;
}

export async function forgetTold(redis: Redis, { kind, id }: Unread): Promise<boolean> {
  return (await redis.hdel(KEYS.putAside, nameOf(kind, id))) === 1;
}

/** Somebody who only looks moves nothing. */
function unlessReading(error: unknown): void {
  if (!(error instanceof Bug && error.code === READ_ONLY)) throw error;
}

/** Back into the indexes, in case this version can read it: the version that put it aside may have been an older one. */
export async function takeBack<Fetched>({
  redis,
  place,
  id,
  fetch,
  parse,
}: Source<Fetched, unknown>): Promise<boolean> {
  try {
    parse(await fetch());
  } catch {
    return false;
  }
  const keys = [KEYS.putAside, place.open, place.due, place.settled, KEYS.placeOf(place.kind, id)];
  return (await redis.twokeyTakeBack(keys.length, ...keys, nameOf(place.kind, id), id)) === 1;
}

export async function settledBefore(
  redis: Redis,
  key: string,
  { atMs, limit }: { readonly atMs: number; readonly limit: number },
): Promise<string[]> {
  return redis.zrangebyscore(key, "-inf", atMs, "LIMIT", 0, limit);
}

export function createAsides(redis: Redis): Asides {
  return {
    async list(limit) {
      const names = await redis.hrandfield(KEYS.putAside, limit);
      const found = [names].flat().filter((name) => typeof name === "string");
      if (found.length === 0) return [];
      const texts = await redis.hmget(KEYS.putAside, ...found);
      return (await Promise.all(found.map((name, index) => read(redis, name, texts[index])))).flat();
    },
    async reported({ name, ...told }, reportedAtMs) {
      await redis.hset(KEYS.putAside, name, JSON.stringify({ ...told, reportedAtMs }));
    },
  };
}

export async function allAside(redis: Redis): Promise<PutAside[]> {
  const notes = Object.entries(await redis.hgetall(KEYS.putAside));
  return (await Promise.all(notes.map(([name, text]) => read(redis, name, text)))).flat();
}

export async function asideOf(redis: Redis, name: string): Promise<PutAside | undefined> {
  return (await read(redis, name, await redis.hget(KEYS.putAside, name)))[0];
}

const nameOf = (kind: string, id: string) => `${kind} ${id}`;

async function read(redis: Redis, name: string, text: string | null | undefined): Promise<PutAside[]> {
  if (typeof text !== "string") return [];
  try {
    return [{ ...Told.parse(JSON.parse(text)), name }];
  } catch (error) {
    // The others are told all the same, and so is this one: by its name, and that nobody knows why it is here.
    const [kind = "", ...rest] = name.split(" ");
    const id = rest.join(" ");
    const replaced = (await redis.exists(KEYS.replaced(kind, id))) === 1;
    return [{ name, kind, id, why: sayUnreadable(`What is noted of ${name}`, error), replaced }];
  }
}
