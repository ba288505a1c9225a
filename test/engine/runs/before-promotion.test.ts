import { describe, expect, test } from "@jest/globals";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import type { OldSide } from "../../../src/ports/old-side.ts";
import type { Verdict } from "../../../src/ports/step.ts";
import { CLOSED, drivenInMemory, type InMemory } from "../../harness/driven-in-memory.ts";
import { example } from "../../harness/example.ts";
import { fenced } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

/** What the executor does about the old side between its fence and the promotion (X5), with a run in memory. */

const STOCK = "stores.stock";
const unplanned = () => proposed(example("inventory"));
const planned = () => proposed(example("inventory"), { mode: "planned" });

const OPEN: Verdict = { done: false, says: `${STOCK} stands open`, refutes: [STOCK], letsIn: true };
const INSIDE: Verdict = { done: false, says: "a write succeeds", refutes: [STOCK] };
const UNKNOWN: Verdict = { done: false, says: "nobody can tell" };
const RESTARTS: Verdict = { done: false, says: "it restarts", isUnderWay: true };

const STANDS_OPEN: OldSide = { ...CLOSED, open: [STOCK], captured: { [STOCK]: { was: "open" } } };
const SILENT: OldSide = { kind: "silent" };

const ABOUT_IT = ["fence-again", "prove-again", "voided"];

/** What was decided about the old side before the promotion, whether that was asked for, and why the run waits for people. */
async function untilPromotion(run: RunState, how: InMemory = {}) {
  const { written, run: after } = await drivenInMemory(run, how);
  const promoted = written.findIndex((entry) => entry.kind === "intent" && entry.step === "promote");
  const before = promoted < 0 ? written : written.slice(0, promoted);
  const did = before.map(({ kind }) => kind).filter((kind) => ABOUT_IT.includes(kind));
  return { did, isPromoted: promoted >= 0, why: after.why };
}

/** Before the promotion the old side looks like that; what is fenced for the time of that number stays so. */
const looks = (oldSide: OldSide, shows: Verdict, staysFencedFrom = 2): InMemory => ({
  oldSide: async ({ pastNoReturn }) => (pastNoReturn ? CLOSED : oldSide),
  fenceShows: (run) => {
    const { state, attempt } = stateOf(run, "fence");
    return state === "done" && attempt < staysFencedFrom && !run.pastNoReturn ? shows : undefined;
  },
});

describe.each([
  ["unplanned", unplanned],
  ["planned", planned],
])("right before the promotion an old side that was fenced (%s)", (_mode, plan) => {
  test("and stands as it was holds nothing up, and users wait for no look at more of it", async () => {
    const lookedBehind: string[] = [];
    const oldSide: InMemory["oldSide"] = async (run) => {
      if (!run.pastNoReturn) lookedBehind.push(stateOf(run, "fence").state);
      return CLOSED;
    };

    expect(await untilPromotion(plan(), { oldSide })).toEqual({ did: [], isPromoted: true, why: "" });
    expect(lookedBehind).not.toContain("done");
  });

  test.each([
    ["and stands open is fenced first", STANDS_OPEN, OPEN],
    ["and in which somebody who is inside still writes is fenced again, though all is closed", CLOSED, INSIDE],
  ])("%s, and then promoted", async (_what, oldSide, shows) => {
    expect(await untilPromotion(plan(), looks(oldSide, shows))).toEqual({
      ...{ did: ["fence-again"], isPromoted: true, why: "" },
    });
  });

  test.each([
    ["and takes writes while nothing of it answers", SILENT, OPEN],
    ["and lets somebody in while all that can be closed is closed", CLOSED, OPEN],
    ["and of which nobody can tell", CLOSED, UNKNOWN],
  ])("%s pauses the run for people", async (_what, oldSide, shows) => {
    const { did, isPromoted, why } = await untilPromotion(plan(), looks(oldSide, shows));

    expect([did, isPromoted]).toEqual([["voided"], false]);
    expect(why).toContain(`eu-west-1 was fenced, and nobody can prove it now: ${shows.says}`);
  });

  test("and comes and goes pauses it as well, after three fences", async () => {
    expect(await untilPromotion(plan(), looks(STANDS_OPEN, OPEN, 4))).toMatchObject({
      ...{ did: ["fence-again", "fence-again", "voided"], isPromoted: false },
    });
  });

  test("and restarts is waited for, and said", async () => {
    let restarts = 3;
    const said: string[] = [];
    const fenceShows = (run: RunState) => {
      if (stateOf(run, "scale-out").state !== "done" || restarts === 0) return undefined;
      restarts -= 1;
      return RESTARTS;
    };
    const progressed: InMemory["progressed"] = (_run, step, says) => void said.push(`${step}: ${says}`);

    expect(await untilPromotion(plan(), { fenceShows, progressed })).toEqual({ did: [], isPromoted: true, why: "" });
    expect(said).toContain("promote: waits for eu-west-1: it restarts");
  });
});

describe("right before the promotion an old side of which something gave no answer", () => {
  const silentSince = (fence: "fenced" | "cannot-know", silent: readonly string[], oldSide: OldSide): InMemory => ({
    oldSide: async ({ pastNoReturn }) => (pastNoReturn ? CLOSED : oldSide),
    fenceShows: (run) =>
      stateOf(run, "fence").attempt < 2 ? { done: true, says: "silent", output: { fence, silent } } : undefined,
  });

  test.each<[string, InMemory]>([
    ["that answers again", silentSince("fenced", [STOCK], STANDS_OPEN)],
    ["and that could not be fenced", silentSince("cannot-know", [], STANDS_OPEN)],
  ])("%s is fenced first", async (_what, how) => {
    expect(await untilPromotion(unplanned(), how)).toEqual({ did: ["fence-again"], isPromoted: true, why: "" });
  });

  test.each<[string, InMemory]>([
    ["that is still silent", silentSince("fenced", [STOCK], SILENT)],
    [
      "of which all that answers is closed",
      silentSince("fenced", [STOCK], { ...CLOSED, captured: { [STOCK]: {} }, silent: ["compute.api"] }),
    ],
    ["of which something else answers", silentSince("fenced", ["compute.api"], STANDS_OPEN)],
    ["and that could not be fenced and is still silent", silentSince("cannot-know", [], SILENT)],
  ])("%s holds nothing up", async (_what, how) => {
    expect(await untilPromotion(unplanned(), how)).toEqual({ did: [], isPromoted: true, why: "" });
  });
});

describe("an old side that stands closed, and may have been open since its fence", () => {
  const at = { atMs: AT, epoch: 1 };
  const opened: readonly RunEntry[] = [
    { kind: "seen-open", ...at, step: "fence", fromMs: AT, resources: [STOCK] },
    { kind: "seen-closed", ...at, step: "fence", seenMs: AT },
  ];
  const provenBefore = (attempt: number): readonly RunEntry[] => [
    { kind: "intent", ...at, step: "record-position", attempt },
    { kind: "done", ...at, step: "record-position", says: "there", output: {} },
  ];
  const later = (ms: number): InMemory => ({ nowMs: () => AT + ms });

  test.each([
    ["unplanned", unplanned],
    ["planned", planned],
  ])("since another executor saw it open: it is fenced again (%s)", async (_mode, plan) => {
    expect(await untilPromotion(fenced(plan(), "fenced", opened))).toMatchObject({
      ...{ did: ["fence-again"], isPromoted: true },
    });
  });

  test("and a part of which was silent, is fenced again once, whatever answers by now", async () => {
    const run = fenced(unplanned(), "fenced", opened);
    const fenceShows = (now: RunState): Verdict | undefined =>
      stateOf(now, "fence").attempt < 2 && !now.pastNoReturn
        ? { done: true, says: "silent", output: { fence: "fenced", silent: [STOCK] } }
        : undefined;
    const silent = {
      ...run,
      steps: {
        ...run.steps,
        fence: { ...stateOf(run, "fence"), output: { ...stateOf(run, "fence").output, silent: [STOCK] } },
      },
    };

    expect(await untilPromotion(silent, { ...looks(STANDS_OPEN, OPEN), fenceShows })).toMatchObject({
      ...{ did: ["fence-again"], isPromoted: true },
    });
  });

  test("since nobody looked for more than a minute: a move that promises to lose nothing proves again what it rests on", async () => {
    const run = fenced(planned());
    expect(await untilPromotion(run, later(60_000))).toMatchObject({ did: [], isPromoted: true });
    expect(await untilPromotion(run, later(60_001))).toMatchObject({ did: ["prove-again"], isPromoted: true });
    expect(await untilPromotion(fenced(unplanned()), later(60_001))).toMatchObject({ did: [], isPromoted: true });
  });

  test("is proven so three times, and then people decide", async () => {
    const proofs = (attempt: number) =>
      untilPromotion(fenced(planned(), "fenced", provenBefore(attempt)), later(60_001));

    expect(await proofs(3)).toMatchObject({ did: ["prove-again"], isPromoted: true });
    const { did, isPromoted, why } = await proofs(4);
    expect([did, isPromoted]).toEqual([["voided"], false]);
    expect(why).toMatch(
      /^.*Nobody looked at eu-west-1 from .* so nobody can prove that eu-central-1 has every commit of it/,
    );
  });
});
