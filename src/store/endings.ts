import type { CardDue } from "../domain/card/card-due.ts";
import type { Ending, KeptDocuments } from "../ports/keeping.ts";
import { eventsOf } from "./events.ts";
import { KEYS, keysOfIncident, keysOfRun } from "./keys.ts";
import { settledBefore } from "./put-aside.ts";
import type { KeptRuns } from "./runs.ts";
import type { ScriptedRedis } from "./scripts.ts";

export interface EndingSources {
  readonly redis: ScriptedRedis;
  now(): number;
}

/** Documents that end alone, with what the archive keeps of them. */
export function endingOf<T>(
  documents: KeptDocuments<T>,
  { now }: EndingSources,
  isArchived: "archived" | "forgotten",
): Ending {
  return {
    settledBefore: documents.settledBefore,
    async last(id) {
      const stored = await documents.get(id);
      return {
        ...(isArchived === "archived" && stored ? { content: { document: stored.value } } : {}),
        remove: () => documents.remove(id, { revision: stored?.revision, nowMs: now() }),
      };
    },
  };
}

/** An incident takes its timeline and the list of its runs with it. */
export function endingOfIncidents<T>(incidents: KeptDocuments<T>, { redis, now }: EndingSources): Ending {
  return {
    settledBefore: incidents.settledBefore,
    async last(id) {
      const [stored, events, runs] = await Promise.all([
        incidents.get(id),
        eventsOf(redis, "incident", id),
        redis.smembers(KEYS.runsOf(id)),
      ]);
      return {
        ...(stored ? { content: { document: stored.value, events, runs } } : {}),
        remove: () => incidents.remove(id, { revision: stored?.revision, nowMs: now(), alongside: keysOfIncident(id) }),
      };
    },
  };
}

/** A run takes everything with it that is stored under its id. The pager may still have to be told of its end. */
export function endingOfRuns(runs: KeptRuns, { redis, now }: EndingSources): Ending {
  const callsOf = (id: string) => KEYS.document("run-calls", id);
  return {
    settledBefore: runs.settledBefore,
    async last(id) {
      if ((await redis.sismember(KEYS.openDocuments("run-calls"), id)) === 1) return postpone(KEYS.settledRuns, id);
      const [run, journal, events, calls] = await Promise.all([
        runs.read(id),
        redis.lrange(KEYS.journal(id), 0, -1),
        eventsOf(redis, "run", id),
        redis.hget(callsOf(id), "value"),
      ]);
      const entries = journal.map(jsonOr);
      const called = calls === null ? null : jsonOr(calls);
      return {
        ...(run ? { content: { plan: run.plan, digest: run.digest, journal: entries, events, calls: called } } : {}),
        remove: () => runs.remove(id, keysOfRun(id)),
      };
    },
  };
  async function postpone(key: string, id: string): Promise<undefined> {
    await redis.zadd(key, now(), id);
  }
}

/** What does not parse is archived as it stands. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A card stays while what it shows is open: it would be posted a second time. */
export function endingOfCards(cards: KeptDocuments<CardDue>, { redis, now }: EndingSources): Ending {
  const settled = KEYS.settledDocuments("card");
  return {
    settledBefore: (atMs, limit) => settledBefore(redis, settled, { atMs, limit }),
    async last(id) {
      const stored = await cards.get(id);
      if (stored && (await showsSomethingOpen(stored.value, redis))) {
        await redis.zadd(settled, now(), id);
        return undefined;
      }
      return { remove: () => cards.remove(id, { revision: stored?.revision, nowMs: now() }) };
    },
  };
}

async function showsSomethingOpen({ subject }: CardDue, redis: ScriptedRedis): Promise<boolean> {
  const [about = subject] = subject.split("#");
  const [incident, run] = await Promise.all([
    redis.sismember(KEYS.openDocuments("incident"), about),
    redis.sismember(KEYS.openRuns, about),
  ]);
  return incident + run > 0;
}
