import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { OldSide } from "../../../src/ports/old-side.ts";
import type { Verdict } from "../../../src/ports/step.ts";
import { CLOSED, drivenInMemory } from "../../harness/driven-in-memory.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

/** What the executor does about an old side that was fenced before the run counts as verified (X5), with a run in memory. */

const OPEN: Verdict = { done: false, says: "it stands open", refutes: ["stores.stock"], letsIn: true };
const UNKNOWN: Verdict = { done: false, says: "nobody can tell" };
const ACCEPTED: Verdict = { done: true, says: "it gives no answer, as accepted", output: { fence: "not-proven" } };
const STANDS_OPEN: OldSide = { ...CLOSED, open: ["stores.stock"] };
const SILENT: OldSide = { kind: "silent" };

interface End {
  /** What the look at its fence shows then; absent: it is fenced. */
  readonly shows?: Verdict;
  readonly oldSide?: OldSide;
  /** World time since it was seen closed. */
  readonly laterMs?: number;
}

/** All steps are done; nothing has been fenced again since. */
const isAtEnd = ({ steps, watch }: RunState): boolean =>
  steps["check-public"]?.state === "done" && watch.tries === 0 && watch.state !== "fenced";

/** How the run ended, and what was written of its old side at the end. */
async function ending({ shows, oldSide = CLOSED, laterMs = 0 }: End) {
  let now: RunState | undefined;
  const isEnd = () => now !== undefined && isAtEnd(now);
  const { run, written } = await drivenInMemory(proposed(example("inventory")), {
    changed: (run) => {
      now = run;
    },
    fenceShows: (run) => (isAtEnd(run) ? shows : undefined),
    oldSide: async (run) => (isAtEnd(run) ? oldSide : CLOSED),
    nowMs: () => (isEnd() ? AT + laterMs : AT),
  });
  const kinds = written.map(({ kind }) => kind);
  const finished = written.find((entry) => entry.kind === "finished");
  return {
    state: run.state,
    isFencedAgain: kinds.includes("fence-lost") && kinds.includes("fenced-later"),
    unseen: finished?.unseen,
  };
}

describe("at the end of a run an old side that was fenced", () => {
  test.each([0, 10_000])("and is seen closed, %i ms after the look before, is nothing to be said", async (laterMs) => {
    expect(await ending({ laterMs })).toEqual({ state: "verified", isFencedAgain: false, unseen: undefined });
  });

  test.each<[string, End, string | undefined]>([
    ["of which nobody can tell", { shows: UNKNOWN }, "nobody can tell"],
    ["of which nobody can tell since a while", { shows: UNKNOWN, laterMs: 10_000 }, "nobody can tell"],
    ["that gives no answer any more", { shows: UNKNOWN, oldSide: SILENT }, undefined],
    [
      "that is silent as far as people accepted",
      { shows: ACCEPTED, laterMs: 10_000 },
      "the key holders accepted what gives no answer",
    ],
  ])("%s holds no end up, and the end says when it was last seen closed", async (_what, end, why) => {
    expect(await ending(end)).toEqual({
      ...{ state: "verified", isFencedAgain: false },
      unseen: { seenClosedMs: AT, ...(why !== undefined && { why }) },
    });
  });

  test.each<[string, End]>([
    ["and takes writes", { shows: OPEN }],
    ["of which nobody can tell, and which stands open", { shows: UNKNOWN, oldSide: STANDS_OPEN }],
  ])("%s is fenced again before the run counts as verified", async (_what, end) => {
    expect(await ending(end)).toEqual({ state: "verified", isFencedAgain: true, unseen: undefined });
  });
});
