import { Recovery } from "../domain/plan-run/recovery.ts";
import { transition } from "../domain/plan-run/run-transition.ts";
import type { Recoveries } from "../ports/lost-store.ts";
import { withLists } from "./events.ts";
import { KEYS } from "./keys.ts";
import { certain, leftOut } from "./plain-errors.ts";
import { checkSchema, keepAndTell, sayUnreadable } from "./put-aside.ts";
import { linesBehind } from "./runs.ts";
import type { ScriptedRedis } from "./scripts.ts";
import type { Seals } from "./seal.ts";

const RECOVERY_VERSION = 3;
/** There is one place for it. */
const NEWEST = { key: KEYS.recovery, kind: "recovery", id: "newest" };

/** Undefined: there is none. Throws where there is one that this version cannot read, or that TwoKey has not written. */
export function recoveryFrom({ schema, value, seal }: Stored, seals: Seals): Recovery | undefined {
  if (value === undefined) return undefined;
  checkSchema(schema, RECOVERY_VERSION);
  if (!seals.fits(seal, { recovery: value }))
    throw new Error("TwoKey has not written it, and somebody else can write to Redis");
  return Recovery.parse(JSON.parse(value));
}

interface Stored {
  readonly schema?: string | undefined;
  readonly value?: string | undefined;
  readonly seal?: string | undefined;
}

export function createRecoveries(redis: ScriptedRedis, seals: Seals): Recoveries {
  return {
    async read() {
      const { revision = "0", ...stored } = await redis.hgetall(KEYS.recovery);
      return { revision: Number(revision), value: await readableOrKept(redis, stored, seals) };
    },
    async write(revision, value, { events, ends, gone = [] }) {
      // The transition is tried before anything is written: an entry that does not fit never reaches the journal (J1).
      for (const { run, entry } of ends ?? []) transition(run, entry);
      const ended = (ends ?? []).map(({ run }) => run);
      const { keys, args } = withLists(
        [
          ...[KEYS.position, KEYS.events, KEYS.recovery, KEYS.openRuns, KEYS.settledRuns],
          ...ended.flatMap(({ plan }) => [KEYS.journal(plan.id), KEYS.claim(plan.service)]),
        ],
        events,
      );
      const text = JSON.stringify(Recovery.parse(value));
      const ask = () =>
        redis.twokeyChangeRecovery(
          keys.length,
          ...keys,
          revision,
          RECOVERY_VERSION,
          text,
          seals.of({ recovery: text }),
          ends === undefined ? 0 : 1,
          ended.length,
          gone.length,
          ...(ends ?? []).flatMap(({ run, entry }) => [
            ...[run.plan.id, run.length, ...linesBehind(run, [entry], seals).lines, entry.atMs],
          ]),
          ...gone,
          ...args,
        );
      return (await certain(ask, () => standing(redis, revision, text))) === 1;
    },
  };
}

/** What stands where this text was to be written behind that revision. Undefined: more was written since, or that revision is lost. */
async function standing(redis: ScriptedRedis, revision: number, text: string): Promise<number | undefined> {
  const there = await redis.hgetall(KEYS.recovery);
  const found = Number(there["revision"] ?? 0);
  if (found === revision) throw leftOut();
  if (found !== revision + 1) return undefined;
  return there["value"] === text ? 1 : 0;
}

/** One that cannot be read accepts nothing (G17): people are told, a copy is kept, and they sign for another one. */
async function readableOrKept(redis: ScriptedRedis, stored: Stored, seals: Seals): Promise<Recovery | undefined> {
  try {
    return recoveryFrom(stored, seals);
  } catch (error) {
    await keepAndTell(redis, { ...NEWEST, why: sayUnreadable("The sign-off for a lost store", error) });
    return undefined;
  }
}
