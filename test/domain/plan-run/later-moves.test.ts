import { describe, expect, test } from "@jest/globals";
import { laterMovesOf } from "../../../src/domain/plan-run/later-moves.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT };
const step = { ...at, step: "fence", epoch: 1 };
const FENCE: RunEntry = { kind: "intent", ...step, attempt: 1 };
const PROMOTE: RunEntry = { ...FENCE, step: "promote" };
const ABORT: RunEntry = { kind: "aborted", ...at, by: "ana", door: "slack" };
const UNWOUND: RunEntry = { kind: "finished", ...at, state: "unwound" };
const UNDONE: RunEntry = { kind: "undone", ...step, says: "open again", requestIds: [] };
const vote = (by: string): RunEntry => ({
  ...{ kind: "vote", ...at, by, door: "slack", decision: "skip", step: "fence", position: 2 },
});
const SKIPPED: readonly RunEntry[] = [
  { kind: "undo-intent", ...step },
  { kind: "undo-failed", ...step, why: "AccessDenied" },
  ...["ana", "ben"].map(vote),
  UNWOUND,
];

function run(id: string, startedAtMs: number, ...entries: readonly RunEntry[]): RunState {
  const begun: readonly RunEntry[] = [
    { kind: "started", atMs: startedAtMs, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
  ];
  const ended = [...begun, ...entries].reduce(transition, proposed(inventory));
  return { ...ended, plan: { ...ended.plan, id } };
}

const FIRST = run("F-1", AT, FENCE, PROMOTE);
const laterOf = (...others: readonly RunState[]) => laterMovesOf(FIRST, [FIRST, ...others]).map(({ plan }) => plan.id);
const begunAfter = (...entries: readonly RunEntry[]) => laterOf(run("F-2", AT + 1, ...entries));

describe("moves that began after a run", () => {
  test("are told from the moment in which they may have closed anything, in their order", () => {
    expect(begunAfter()).toEqual([]);
    expect(begunAfter(FENCE)).toEqual(["F-2"]);
    expect(laterOf(run("F-3", AT + 2, FENCE), run("F-2", AT + 1, FENCE, PROMOTE))).toEqual(["F-2", "F-3"]);
  });

  test("guard left undone: count after they were unwound only where something of them is left", () => {
    expect(begunAfter(FENCE, ABORT)).toEqual(["F-2"]);
    expect(begunAfter(FENCE, ABORT, { kind: "undo-intent", ...step }, UNDONE, UNWOUND)).toEqual([]);
    expect(begunAfter(FENCE, ABORT, ...SKIPPED)).toEqual(["F-2"]);
  });

  test("are none that began before it, that move nothing, or whose rest another one took over", () => {
    const later = run("F-2", AT + 1, FENCE);
    expect(laterOf(run("F-0", AT - 1, FENCE, PROMOTE))).toEqual([]);
    expect(laterOf({ ...later, plan: { ...later.plan, to: later.plan.from } })).toEqual([]);
    expect(laterOf({ ...later, plan: { ...later.plan, service: "billing" } })).toEqual([]);
    expect(laterOf({ ...later, state: "superseded" })).toEqual([]);
  });
});
