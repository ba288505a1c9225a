import { beforeAll, describe, expect, test } from "@jest/globals";
import type { ExecutorDeps } from "../../src/engine/runs/executor-deps.ts";
import { STEPS } from "../../src/flows/index.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { violationsOf } from "./judge.ts";
import { play } from "./play.ts";
import type { Played } from "./played.ts";
import { type WorldPlan, worldOf } from "./world.ts";

/** A world in which nothing goes wrong: tasks that drain do jobs, and take their time to stop. */
const QUIET: WorldPlan = {
  ...{ seed: 1, index: 0, example: "inventory", service: "inventory", mode: "planned", lagSeconds: 1, lag: [] },
  ...{ orderSeconds: 2, sessionSeconds: 600, jobSeconds: 1, stopSeconds: 600, faults: [], people: [] },
};
/**
 * Deadlines of steps and replication go by world time: a busy machine must not spend them. Nothing is silent here, and what is slow
 * is waited for.
 */
const UNHURRIED = { speed: 60, answerWithinMs: 30_000 };
const guaranteesOf = (played: Played) => new Set(violationsOf(played).map(({ guarantee }) => guarantee));

/** The product's own steps, one of them without its proof. */
function without(name: string, verify: ExecutorDeps["steps"][string]["verify"]): ExecutorDeps["steps"] {
  const step = STEPS[name];
  if (!step) throw new Error(`there is no step ${name}`);
  return { ...STEPS, [name]: { ...step, verify } };
}

// Slow enough that its tasks go on for longer than the judge is patient with, and not so slow that no plan is made.
const lasting = { ...QUIET, stopSeconds: 1_200, sessionSeconds: 3_600 };
// So far that it does not catch up between fence and promotion, however long they take.
const behind = { ...QUIET, lagSeconds: 3_600, stopSeconds: 30 };
const unfenced = async () => ({ done: true, says: "nobody looked", output: { fence: "fenced" } }) as const;
const withoutCommits = async () => ({ done: true, says: "nobody looked", output: { lastCommitMs: null } }) as const;

let lastingWriters: Played;
let early: Played;
let quiet: Played;
/** Three worlds at the same time: most of a world is waiting. */
beforeAll(async () => {
  [lastingWriters, early, quiet] = await Promise.all([
    play(lasting, { ...UNHURRIED, steps: without("fence-primary", unfenced), speed: 50 }),
    play(behind, { ...UNHURRIED, steps: without("record-data-position", withoutCommits) }),
    play({ ...QUIET, stopSeconds: 30 }, UNHURRIED),
  ]);
}, 240_000);

test("a world is a pure function of seed and index", () => {
  expect(worldOf(4, 17)).toEqual(worldOf(4, 17));
  expect(worldOf(4, 17)).not.toEqual(worldOf(4, 18));
});

test("a fence whose proof always holds is found: the old side takes writes after the promotion (G20)", () => {
  expect(guaranteesOf(lastingWriters)).toContain("G20");
});

test("a promotion that waits for no commits is found, where people accepted no loss (G19)", () => {
  expect(guaranteesOf(early)).toContain("G19");
});

const NOTHING = { kind: "nothing" } as const;
const LATER = Number.MAX_SAFE_INTEGER;
const SPAN = { kind: "between", region: "eu-west-1", fromMs: 0, toMs: LATER } as const;
const OPEN_END = { kind: "after", region: "eu-west-1", fromMs: 0 } as const;

describe("of a run in a quiet world", () => {
  const logged = (kind: string, worldMs: number, facts: LogEntry["facts"]): LogEntry[] => [
    ...quiet.log,
    { seq: quiet.log.length + 1, worldMs, machineMs: 0, kind, facts },
  ];
  const call = { operation: "PromoteReadReplica", region: "eu-central-1", input: {} };
  const order = { id: "o-1", application: "inventory", region: "eu-west-1", servedIn: "eu-west-1" };
  const lateOrder = () => {
    const promotion = quiet.log.find(({ kind }) => kind === "rds.promotion-accepted");
    return { log: logged("app.write-acknowledged", (promotion?.worldMs ?? 0) - 1, order) };
  };
  const onOldStore = () => {
    const [first] = quiet.log.filter(({ kind }) => kind === "rds.promotion-accepted");
    const back = {
      seq: 0,
      machineMs: 0,
      kind: "redis.went-back",
      facts: { isOlder: true },
      worldMs: (first?.worldMs ?? 0) - 400_000,
    };
    return [back, ...quiet.log];
  };
  /** What the store is again a moment after it went back, in turn. */
  const onStores = (...older: readonly boolean[]) => {
    const [back, ...log] = onOldStore();
    if (!back) throw new Error("it went back");
    const turns = older.map((isOlder, at) => ({ ...back, facts: { isOlder }, worldMs: back.worldMs + at + 1 }));
    return [back, ...turns, ...log];
  };
  const untilMs = () => quiet.run?.plan.authorisesUntilMs ?? 0;
  const changed = (state: "running" | "stopped" | "unwound") =>
    quiet.run && { ...quiet.run, state, why: "a step failed" };

  test("the judge finds nothing", () => {
    expect(quiet.run?.state).toBe("verified");
    expect(violationsOf(quiet)).toEqual([]);
  });

  test.each<[string, string, () => Partial<Played>]>([
    ["G1", "a call before the keys", () => ({ log: logged("aws.mutation", 0, call) })],
    ["G1", "a call after the end date", () => ({ log: logged("aws.mutation", untilMs() + 1, call) })],
    ["G5", "a second promotion", () => ({ log: logged("rds.promotion-accepted", quiet.endedAtMs, {}) })],
    ["G7", "a rollback that left the old side closed", () => ({ run: changed("unwound") })],
    ["G16", "a run that is still under way", () => ({ run: changed("running") })],
    ["G19", "an order that is gone", () => ({ log: logged("app.write-acknowledged", 1, order) })],
    ["G19", "a reported loss that is too small", () => ({ reported: NOTHING, ...lateOrder() })],
    ["G19", "a reported loss that ends too soon", () => ({ ...lateOrder(), reported: { ...SPAN, toMs: 1 } })],
    [
      "G19",
      "a reported loss that begins too late",
      () => ({ ...lateOrder(), reported: { ...OPEN_END, fromMs: LATER } }),
    ],
    [
      "G19",
      "the same of a side that was shut",
      () => ({ ...lateOrder(), reported: { ...OPEN_END, fromMs: LATER, shutAtMs: 1 } }),
    ],
    [
      "G19",
      "a loss of others, which was one of its own",
      () => ({ ...lateOrder(), reported: { ...OPEN_END, ofOthers: true } }),
    ],
    [
      "G19",
      "a side said to be shut that let somebody in",
      () => ({ ...lateOrder(), reported: { ...OPEN_END, shutAtMs: 1 } }),
    ],
    [
      "G20",
      "a writer after everybody was said to be out",
      () => ({ ...writerAtTheEnd("eu-central-1"), reported: { ...SPAN, toMs: 1 } }),
    ],
    ["G20", "an old side that stands open", () => ({ oldRefusals: [null] })],
    ["G21", "a set that somebody added, and nobody saw", () => ({ isAddedSet: true })],
    ["G21", "users on the old side", () => ({ usersAt: "eu-west-1" })],
    ["G22", "a stop of which nobody hears", () => ({ run: changed("stopped") })],
    ["G8", "a call that no pager ever took", () => ({ told: { needed: "dr:test:run:F-1:stuck", shows: "" } })],
    ["G16", "a card in Slack that says something else", () => ({ told: { needed: undefined, shows: "another run" } })],
    ["G17", "a call on a store of earlier", () => ({ log: onOldStore() })],
    ["G17", "a store that is taken for lost for nothing", () => ({ isStoreLost: true })],
  ])("%s: the judge finds %s", (guarantee, _what, doctored) => {
    expect(guaranteesOf({ ...quiet, ...doctored() })).toEqual(new Set([guarantee]));
  });

  test("G17: a store that went back and then has all of it again is no older one", () => {
    expect(violationsOf({ ...quiet, log: onStores(false) })).toEqual([]);
    expect(guaranteesOf({ ...quiet, log: onStores(false, true) })).toEqual(new Set(["G17"]));
  });

  /** An order of the last moment before the promotion, and a fence that was found open after it. */
  const openedLate = (openedMs?: number, foundMs = 1): Partial<Played> => {
    const { log } = lateOrder();
    const promotedMs = quiet.log.find(({ kind }) => kind === "rds.promotion-accepted")?.worldMs ?? 0;
    const lost = {
      kind: "fence-lost",
      atMs: promotedMs + foundMs,
      step: "fence",
      epoch: 1,
      why: "a write succeeds",
      seenClosedMs: promotedMs,
    } as const;
    const opening = { operation: "AuthorizeSecurityGroupIngress", region: "eu-west-1", input: {} };
    const opened = openedMs === undefined ? [] : logged("aws.console", promotedMs + openedMs, opening).slice(-1);
    // What is reported is enough; what people accepted is judged by itself.
    return { log: [...log, ...opened], journal: [...quiet.journal, lost], reported: { kind: "unknown" } };
  };

  /** The old side takes an order after the promotion, and the run ends a moment later. */
  const writerAtTheEnd = (servedIn = "eu-west-1") => {
    const atMs = (quiet.run?.endedAtMs ?? 0) - 1;
    return { atMs, log: logged("app.write-acknowledged", atMs, { ...order, servedIn }) };
  };
  const lostAt = (atMs: number) =>
    ({ kind: "fence-lost", atMs, step: "fence", epoch: 1, why: "a write succeeds", seenClosedMs: atMs }) as const;
  const fencedAt = (atMs: number) => ({ kind: "fenced-later", atMs, step: "fence", epoch: 1, says: "fenced" }) as const;

  test("G20: the judge finds a run that is verified without a loss, with a writer on the old side", () => {
    const { log, atMs } = writerAtTheEnd();

    expect(guaranteesOf({ ...quiet, log, reported: NOTHING })).toEqual(new Set(["G19", "G20"]));
    expect(violationsOf({ ...quiet, log, reported: { kind: "unknown" } })).toEqual([]);
    const journal = [...quiet.journal, lostAt(atMs + 1)];
    expect(guaranteesOf({ ...quiet, log, journal, reported: NOTHING })).toEqual(new Set(["G19"]));
    expect(violationsOf({ ...quiet, log, journal, reported: OPEN_END })).toEqual([]);
  });

  test("G20: nor does it help that the old side was found open, and fenced again, before that", () => {
    const { log, atMs } = writerAtTheEnd();
    const before = [lostAt(atMs - 20), fencedAt(atMs - 10)];

    const judgedWith = (...entries: typeof before) =>
      violationsOf({ ...quiet, log, reported: NOTHING, journal: [...quiet.journal, ...entries] });
    expect(judgedWith(lostAt(atMs - 20)).map(({ guarantee }) => guarantee)).toEqual(["G19"]);
    expect(judgedWith(...before).map(({ guarantee }) => guarantee)).toEqual(["G19", "G20"]);
  });

  test("G20: a writer over a session that people have signed for is one too: nothing says that no loss is known", () => {
    const { log } = writerAtTheEnd("eu-central-1");

    expect(quiet.run?.plan.acceptances.map(({ id }) => id)).toEqual(["sessions-not-proven"]);
    expect(guaranteesOf({ ...quiet, log, reported: NOTHING })).toEqual(new Set(["G20"]));
    expect(violationsOf({ ...quiet, log, reported: { kind: "unknown" } })).toEqual([]);
  });

  test("G19: an order that is lost right before the promotion is no race where nobody opened the old side", () => {
    expect(guaranteesOf({ ...quiet, ...openedLate() })).toEqual(new Set(["G19"]));
  });

  test("G19: nor where it was opened before the last look", () => {
    expect(guaranteesOf({ ...quiet, ...openedLate(-3_600_000) })).toEqual(new Set(["G19"]));
  });

  test("G19: it is a race where somebody opened a closed old side after the last look, and people were told", () => {
    expect(violationsOf({ ...quiet, ...openedLate(-2) })).toEqual([]);
    expect(guaranteesOf({ ...quiet, ...openedLate(-2), journal: quiet.journal })).toEqual(new Set(["G19"]));
  });

  test("G19: also where it was found open between that order and the opening, and not where that was an opening of before", () => {
    expect(violationsOf({ ...quiet, ...openedLate(-4, -2) })).toEqual([]);
    const told = openedLate(-4, -2);
    const [lost] = (told.journal ?? []).slice(-1);
    // That one is about an opening after this one had been closed again.
    const before = fencedAt((lost?.atMs ?? 0) - 1);
    expect(guaranteesOf({ ...quiet, ...told, journal: [...quiet.journal, before, ...(lost ? [lost] : [])] })).toEqual(
      new Set(["G19"]),
    );
    expect(guaranteesOf({ ...quiet, ...openedLate(-2, -4) })).toEqual(new Set(["G19"]));
  });

  test("G18: the judge finds a call during a freeze", () => {
    const frozen = logged("people.freeze", quiet.endedAtMs, { frozen: true });
    const late = { seq: 0, worldMs: quiet.endedAtMs + 100_000, machineMs: 0, kind: "aws.mutation", facts: call };

    expect(guaranteesOf({ ...quiet, log: [...frozen, late] })).toEqual(new Set(["G18"]));
  });
});
