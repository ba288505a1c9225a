import { z } from "zod";
import { isLookedAfter } from "../domain/plan-run/fence.ts";
import { isOver, type RunState } from "../domain/plan-run/run.ts";
import type { Listing, Unlisted, UnlistedThings } from "../ports/keeping.ts";
import { KEYS, PREFIX } from "./keys.ts";
import { HOLDS } from "./list-run.ts";
import { isOtherType } from "./put-aside.ts";
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
  return {
    async next() {
      const { cursor, isSaid, again } = await stoppedAt(redis);
      const [next, keys] = await redis.scan(cursor, "MATCH", `${PREFIX}:*`, "COUNT", KEYS_A_LOOK);
      const all = new Set([...again.map(KEYS.run), ...keys]);
      return { things: await unlisted(redis, [...all].flatMap(placed)), next, isWhole: next === "0", isSaid, again };
    },
    passed: async (next, { isSaid, again }) => {
      const at: Passed = { cursor: next, isSaid, again: [...again] };
      await redis.set(KEYS.putBack, JSON.stringify(at));
    },
    isFoundBy: async ({ kind, id }, labels) => {
      const places = labels.map((label) => redis.zscore(KEYS.labelledDocuments(kind), `${label} ${id}`));
      return (await Promise.all(places)).every((place) => place !== null);
    },
    listRun: (run, nowMs) => listRun(redis, run, nowMs),
  };
}

async function listRun(redis: ScriptedRedis, run: RunState, nowMs: number): Promise<Listing> {
  const { id, service } = run.plan;
  const ofService = [KEYS.claim(service), KEYS.waitingPlan(service)];
  const keys = [KEYS.run(id), KEYS.journal(id), KEYS.openRuns, KEYS.settledRuns, ...ofService];
  const holds = HOLDS[run.state];
  // As the run itself ends: while its old side is looked at it stays among what is open.
  const says = isOver(run) && !isLookedAfter(run) ? "over" : holds;
  const [kind, holder] = await redis.twokeyListRun(keys.length, ...keys, id, run.length, says, nowMs);
  if (kind === "in-the-way" && holds !== "nothing") return { kind, run: holder, holds };
  return { kind: kind === "listed" ? kind : "stands" };
}

const Passed = z.object({
  cursor: z.string().regex(/^\d{1,19}$/),
  isSaid: z.boolean(),
  again: z.array(z.string()),
});
type Passed = z.infer<typeof Passed>;
const FROM_THE_START: Passed = { cursor: "0", isSaid: false, again: [] };

/** What stands there and is none of ours is written over at the end of the part. */
async function stoppedAt(redis: ScriptedRedis): Promise<Passed> {
  const stored = await redis.get(KEYS.putBack).catch((error: unknown) => {
    if (isOtherType(error)) return null;
    throw error;
  });
  try {
    return Passed.catch(FROM_THE_START).parse(JSON.parse(stored ?? ""));
  } catch {
    return FROM_THE_START;
  }
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
