import { isOver } from "../domain/plan-run/run.ts";
import type { Unlisted, UnlistedThings } from "../ports/keeping.ts";
import { KEYS, PREFIX } from "./keys.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** Keys that one look passes: about a millisecond of Redis. All of 100,000 keys are passed in a quarter of an hour. */
const KEYS_A_LOOK = 250;

interface Listed {
  readonly kind: string;
  readonly open: string;
  /** Absent: what is not open stands in no list. */
  readonly settled?: string;
  /** What is open is due at some time; absent: it need not be. */
  readonly due?: string;
  /** So may be what is over: something is owed about it. */
  readonly isOwedAfter?: true;
}

const documents = (kind: string, lists: readonly ("settled" | "due")[]): Listed => ({
  ...{ kind, open: KEYS.openDocuments(kind) },
  ...(lists.includes("settled") && { settled: KEYS.settledDocuments(kind) }),
  ...(lists.includes("due") && { due: KEYS.dueDocuments(kind) }),
});

const LISTED: readonly Listed[] = [
  { kind: "run", open: KEYS.openRuns, settled: KEYS.settledRuns },
  { ...documents("incident", ["settled", "due"]), isOwedAfter: true },
  documents("alert", ["settled"]),
  documents("card", ["settled", "due"]),
  documents("run-calls", []),
  documents("wait", []),
];

/**
 * Passes a part of all that is stored at each look, and goes on at the next one. The lists are written in one step with what they
 * list, so that one of which something is missing was changed by somebody else.
 */
export function createUnlisted(redis: ScriptedRedis): UnlistedThings {
  let cursor = "0";
  return {
    async next() {
      const [next, keys] = await redis.scan(cursor, "MATCH", `${PREFIX}:*`, "COUNT", KEYS_A_LOOK);
      cursor = next;
      return { things: await unlisted(redis, [...new Set(keys)].flatMap(placed)), isWhole: next === "0" };
    },
    listRun: async (run, nowMs) => {
      const { id } = run.plan;
      const keys = [KEYS.run(id), KEYS.journal(id), KEYS.openRuns, KEYS.settledRuns];
      const answer = await redis.twokeyListRun(keys.length, ...keys, id, run.length, isOver(run) ? 1 : 0, nowMs);
      return answer === 1;
    },
  };
}

interface Placed extends Pick<Unlisted, "kind" | "id"> {
  readonly listed: Listed;
}

function placed(key: string): Placed[] {
  const [kind = "", ...rest] = key.slice(PREFIX.length + 1).split(":");
  const listed = LISTED.find((each) => each.kind === kind);
  return listed && rest.length > 0 ? [{ kind, id: rest.join(":"), listed }] : [];
}

/** In one step: what moves from one list to another between two questions would stand in neither. */
async function unlisted(redis: ScriptedRedis, things: readonly Placed[]): Promise<Unlisted[]> {
  const asked = redis.multi();
  for (const { kind, id, listed } of things)
    asked
      .hexists(KEYS.putAside, `${kind} ${id}`)
      .sismember(listed.open, id)
      .zscore(listed.settled ?? KEYS.settledDocuments(kind), id)
      .zscore(listed.due ?? KEYS.dueDocuments(kind), id);
  const answers = things.length === 0 ? [] : ((await asked.exec()) ?? []);
  return things.flatMap(({ kind, id, listed }, at): Unlisted[] => {
    const [isAside, isOpen, settledAt, dueAt] = answers.slice(4 * at, 4 * at + 4).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
    if (isAside === 1) return [];
    if (isOpen === 0 && settledAt === null) return [{ kind, id, lacks: "place" }];
    if (isOpen === 0 && !listed.isOwedAfter) return [];
    return [{ kind, id, lacks: listed.due !== undefined && dueAt === null ? "due" : undefined }];
  });
}
