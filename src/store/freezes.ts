import { randomUUID } from "node:crypto";
import { FREEZE_ID, FreezeLine, type FreezeSaid, inForce } from "../domain/plan-run/freeze.ts";
import type { Freezes } from "../ports/freezes.ts";
import { withLists } from "./events.ts";
import { KEYS } from "./keys.ts";
import { certain, leftOut } from "./plain-errors.ts";
import { isOtherType } from "./put-aside.ts";
import type { ScriptedRedis } from "./scripts.ts";
import type { Seals } from "./seal.ts";

export interface KeptFreezes extends Freezes {
  /** Puts back what somebody took away. Resolves to what people have to know of that, and of what TwoKey has not written. */
  keep(): Promise<readonly string[]>;
}

/**
 * Each thing that was said is a sealed line under its seal. A freeze is lifted by a line more and never by one less: what this process
 * has seen counts where the store has lost it.
 */
export function createFreezes(redis: ScriptedRedis, seals: Seals): KeptFreezes {
  const read = async (): Promise<Found> => {
    const stored = await redis.hgetall(KEYS.freezes).catch(unlessOtherType);
    const known = new Map((seals.seen?.freezes ?? []).map((line) => [line.seal, line]));
    const notOurs: string[] = [];
    for (const [seal, text] of Object.entries(stored)) {
      const line = lineOf(seal, text, seals);
      if (!line) notOurs.push(seal);
      else known.set(seal, line);
    }
    const lines = [...known.values()];
    for (const line of lines) seals.seen?.sawFreeze(line);
    return { lines, notOurs, taken: lines.filter(({ seal }) => stored[seal] === undefined) };
  };
  return {
    async inForce() {
      const { lines, notOurs } = await read();
      return inForce(saidIn(lines), notOurs);
    },
    async say(said, event) {
      const lines = said.map((each) => ({ said: each, seal: seals.of({ freeze: each }) }));
      const { keys, args } = withLists([KEYS.position, KEYS.events, KEYS.freezes], [event]);
      const written = lines.flatMap(({ said: each, seal }) => [seal, JSON.stringify(each)]);
      const ask = () => redis.twokeySayFreeze(keys.length, ...keys, lines.length, ...written, ...args);
      await certain(ask, () => standing(redis, lines));
      for (const line of lines) seals.seen?.sawFreeze(line);
    },
    async keep() {
      const { lines, notOurs, taken } = await read();
      if (notOurs.includes(OTHER_TYPE)) await putAway(redis);
      for (const { seal, said } of taken) await redis.hsetnx(KEYS.freezes, seal, JSON.stringify(said));
      const stands = inForce(saidIn(lines), notOurs);
      return [
        ...(stands.some(({ by }) => by === undefined) ? [SAY_NOT_OURS] : []),
        ...(taken.length > 0 ? [SAY_TAKEN] : []),
      ];
    },
  };
}

async function standing(redis: ScriptedRedis, lines: readonly FreezeLine[]): Promise<number> {
  const there = await redis.hgetall(KEYS.freezes);
  if (lines.some(({ seal }) => there[seal] === undefined)) throw leftOut();
  return lines.length;
}

interface Found {
  readonly lines: readonly FreezeLine[];
  /** Under what else stands there. */
  readonly notOurs: readonly string[];
  /** What this process has seen and the store does not have. */
  readonly taken: readonly FreezeLine[];
}

const saidIn = (lines: readonly FreezeLine[]): readonly FreezeSaid[] => lines.map(({ said }) => said);

const OTHER_TYPE = "other-type";

/** In its place comes a line that nobody has sealed: it stops as what was there did, until people lift it by its name, which no other one had. */
async function putAway(redis: ScriptedRedis): Promise<void> {
  const done = await redis
    .multi()
    .rename(KEYS.freezes, KEYS.replaced("freeze", FREEZE_ID))
    .hset(KEYS.freezes, `${OTHER_TYPE} ${randomUUID()}`, "")
    .exec();
  for (const [error] of done ?? []) if (error) throw error;
}

const SAY_NOT_OURS =
  "Something in Redis freezes TwoKey that TwoKey has not written: somebody else can write to Redis. No call that changes the cloud leaves, for any run, until two approvers lift it: /dr unfreeze.";
const SAY_TAKEN =
  "What people said to freeze TwoKey was taken out of Redis: somebody else can write to Redis, or Redis went back in time. TwoKey has put it back. A freeze that nobody has lifted stays in force.";

/** A key of another type than ours was put there by somebody else, and stops as well. */
function unlessOtherType(error: unknown): Record<string, string> {
  if (!isOtherType(error)) throw error;
  return { [OTHER_TYPE]: "" };
}

function lineOf(seal: string, text: string, seals: Seals): FreezeLine | undefined {
  try {
    const { success, data } = FreezeLine.safeParse({ said: JSON.parse(text), seal });
    return success && seals.fits(seal, { freeze: data.said }) ? data : undefined;
  } catch {
    return undefined;
  }
}
