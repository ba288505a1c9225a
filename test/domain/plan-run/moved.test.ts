import { describe, expect, test } from "@jest/globals";
import { movedBy } from "../../../src/domain/plan-run/moved.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";

const inventory = example("inventory");
const DARK = homeIsDark(serviceIn(inventory));
const at = { atMs: AT };
const step = { ...at, step: "fence", epoch: 1 };
const fence = (says: string): RunEntry => ({ kind: "done", ...step, says, output: { fence: says } });
const PROMOTE: RunEntry = { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 };
const VERIFIED: RunEntry = { kind: "finished", ...at, state: "verified" };
const LOST: RunEntry = { kind: "fence-lost", ...step, why: "a write succeeds", seenClosedMs: AT - 20_000 };
const WATCH_FENCES: readonly RunEntry[] = [
  { kind: "watch-intent", ...step },
  { kind: "fenced-later", ...step, says: "fenced" },
];

function run(...entries: readonly RunEntry[]): RunState {
  const begun: readonly RunEntry[] = [
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...step, attempt: 1 },
  ];
  return [...begun, ...entries].reduce(transition, proposed(inventory, { observed: DARK }));
}

const moved = (...entries: readonly RunEntry[]) => movedBy([run(...entries, VERIFIED)], AT);
const PROVEN = { kind: "proven", to: "eu-central-1", fenced: { "eu-west-1": { run: "F-1", sinceMs: AT } } };
const unproven = (why: RegExp) => ({ kind: "unproven", left: "eu-west-1", why: expect.stringMatching(why) });

describe("what a move proves of who writes", () => {
  test("guard own run: a verified move whose old side is proven to be fenced leads to the writer", () => {
    expect(moved(fence("fenced"), PROMOTE)).toEqual(PROVEN);
  });

  test("so does one whose old side came back later, and was fenced then", () => {
    expect(moved(fence("cannot-know"), PROMOTE, ...WATCH_FENCES)).toEqual(PROVEN);
  });

  test.each<[string, readonly RunEntry[], RegExp]>([
    ["was silent, and was never fenced", [fence("cannot-know"), PROMOTE], /^eu-west-1, which F-1 left, is not proven/],
    ["could not be proven to be fenced", [fence("not-proven"), PROMOTE], /^eu-west-1, which F-1 left, is not proven/],
    ["has earlier sessions that nobody saw end", [fence("closed"), PROMOTE], /nobody saw that earlier sessions/],
    ["was opened since", [fence("fenced"), PROMOTE, LOST], /^eu-west-1 was fenced by F-1 and seen open at 03:12:45Z/],
    [
      "was opened since, and was fenced again: what it took meanwhile is nowhere else",
      [fence("fenced"), PROMOTE, LOST, ...WATCH_FENCES],
      /: what it took then is not in eu-central-1$/,
    ],
    [
      "is not watched any more",
      [fence("fenced"), PROMOTE, { kind: "watch-ended", ...step, why: "stopped by ana and ben" }],
      /^TwoKey does not watch eu-west-1 any more, which F-1 left$/,
    ],
    [
      "cannot be watched now",
      [fence("fenced"), PROMOTE, { kind: "watch-blind", ...step, why: "it broke", seenClosedMs: AT }],
      /^eu-west-1 was fenced by F-1, and TwoKey cannot watch it since 03:12:45Z$/,
    ],
  ])("guard unproven side: nothing where the old side %s", (_what, entries, why) => {
    expect(moved(...entries)).toEqual(unproven(why));
  });

  test("guard unproven side: nothing once the plan's end date is over, whether or not the watch has noticed", () => {
    const ended = run(fence("fenced"), PROMOTE, VERIFIED);
    expect(movedBy([ended], ended.untilMs)).toEqual(unproven(/^TwoKey does not watch eu-west-1 any more/));
  });

  test("says nothing while a newer move is under way, and of runs that move nothing", () => {
    const verified = run(fence("fenced"), PROMOTE, VERIFIED);
    const later = (state: RunState): RunState => ({ ...state, plan: { ...state.plan, id: "F-2", madeAtMs: AT + 1 } });
    const turned = later(verified);
    const inside = { ...turned, plan: { ...turned.plan, to: turned.plan.from } };

    expect(movedBy([later(run(fence("fenced"), PROMOTE)), verified], AT)).toBeUndefined();
    expect(movedBy([inside, verified], AT)).toEqual(PROVEN);
    expect(movedBy([inside], AT)).toBeUndefined();
  });

  describe("a later move that ended before its point of no return", () => {
    const verified = run(fence("fenced"), PROMOTE, VERIFIED);
    const aborted = (...entries: readonly RunEntry[]): RunState => {
      const state = run(...entries);
      return { ...state, plan: { ...state.plan, id: "F-2", madeAtMs: AT + 1, from: "eu-central-1", to: "eu-west-2" } };
    };
    const vote = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "unwind", step: "fence", position: 1 },
    });
    const UNWINDS: readonly RunEntry[] = [
      { kind: "failed", ...step, code: "aws-refused", why: "denied", mustAsk: true },
      ...["ana", "ben"].map(vote),
      { kind: "undo-intent", ...step },
    ];
    const UNDONE: RunEntry = { kind: "undone", ...step, says: "as before", requestIds: [] };
    const UNWOUND: RunEntry = { kind: "finished", ...at, state: "unwound" };

    test("hides nothing once all that it did is undone", () => {
      const unwound = aborted(...UNWINDS, UNDONE, UNWOUND);
      expect(unwound.state).toBe("unwound");
      expect(movedBy([verified, unwound], AT)).toEqual(PROVEN);
      expect(movedBy([unwound], AT)).toBeUndefined();
    });

    test("hides it while anything of it is left, or it has passed that point", () => {
      const unwound = aborted(...UNWINDS, UNDONE, UNWOUND);
      for (const state of [
        aborted(...UNWINDS),
        aborted(...UNWINDS, UNWOUND),
        { ...unwound, undoSkipped: ["fence"] },
        { ...unwound, pastNoReturn: true },
        { ...unwound, state: "superseded" as const },
      ])
        expect(movedBy([verified, state], AT)).toBeUndefined();
    });
  });

  test("guard made writer again: a side that a later move leads to is fenced by none before it", () => {
    const there = run(fence("fenced"), PROMOTE, VERIFIED);
    const { from, to } = there.plan;
    const back = { ...there, plan: { ...there.plan, id: "F-2", madeAtMs: AT + 1, from: to, to: from } };

    expect(movedBy([there, back], AT)).toEqual({
      ...{ kind: "proven", to: from, fenced: { [to]: { run: "F-2", sinceMs: AT } } },
    });
  });
});
