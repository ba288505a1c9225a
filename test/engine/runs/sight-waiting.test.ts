import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import { GUARD_EVERY_MS, type GuardTimes, guardTimes } from "../../../src/engine/runs/guard-times.ts";
import { RunHold } from "../../../src/engine/runs/journal.ts";
import { KeptInSight } from "../../../src/engine/runs/kept-in-sight.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import type { Verdict } from "../../../src/ports/step.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud } from "../../harness/fakes/index.ts";
import { fenced } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";
import { watchedInMemory } from "../../harness/watch-turn.ts";

const inventory = example("inventory");
const at = { atMs: AT, epoch: 1 };
const PAUSED: RunEntry = { kind: "paused", atMs: AT, by: "ana", door: "slack", why: "we look" };
const SEEN_OPEN: RunEntry = { kind: "seen-open", ...at, step: "fence", fromMs: AT - 1, resources: ["stores.stock"] };

/** An unplanned move whose old side is fenced, with more. */
const fencedWith = (...more: readonly RunEntry[]) => fenced(proposed(inventory), "fenced", more);

const FENCED: Verdict = { done: true, says: "fenced", output: { fence: "fenced" } };
const OPEN: Verdict = { done: false, says: "stores.stock stands open", refutes: ["stores.stock"], letsIn: true };
const SILENT: readonly Verdict[] = ["not-proven", "cannot-know"].map((fence) => ({
  ...{ done: true, says: "it gives no answer; accepted by the key holders", output: { fence } },
}));

const unasked = async () => {
  throw new Error("a look asks for nothing");
};

/** The run, and looks of which each sees what is asked for. */
function looking(run: RunState, guard?: GuardTimes) {
  const seen = { verdict: FENCED, looks: 0, nowMs: AT + 1_000 };
  const fence: StoredStep = {
    ...{ name: "fence-primary", role: "protects", wayBack: "undo", callsALook: 1, permissions: () => [] },
    verify: async () => {
      seen.looks += 1;
      return seen.verdict;
    },
    ...{ run: unasked, undo: unasked, dataByHand: () => ({}), happened: async () => "no", backByHand: () => [] },
  };
  const oldSide = async () => ({ kind: "silent" }) as const;
  const { deps, kept } = watchedInMemory(run, {
    ...{ cloud: fakeCloud({}), steps: { "fence-primary": fence }, oldSide },
    ...(guard && { guard }),
  });
  const clock = { ...deps.clock, now: () => seen.nowMs };
  const kindsWritten = () => kept().written.map(({ kind }) => kind);
  return { seen, deps: { ...deps, clock }, kept, kindsWritten };
}

/** The same of a run that waits for people. */
function waiting(run: RunState, guard?: GuardTimes) {
  const { seen, deps, ...others } = looking(run, guard);
  const look = async (verdict: Verdict) => {
    seen.verdict = verdict;
    seen.nowMs += GUARD_EVERY_MS;
    await watchOldSide(others.kept().run, deps, new AbortController().signal);
  };
  const needed = () => whoIsNeeded(others.kept().run, inventory, seen.nowMs);
  return { seen, look, needed, ...others };
}

test("more of it that is opened while people wait is told as well, and the same again is not", async () => {
  const { look, kept } = waiting(fencedWith(PAUSED));
  const opens = (...refutes: string[]): Verdict => ({ done: false, says: "it stands open", refutes, letsIn: true });
  const told = () => kept().written.map((entry) => (entry.kind === "seen-open" ? entry.resources : entry.kind));

  await look(opens("stores.stock"));
  await look(opens("stores.stock"));
  expect(told()).toEqual([["stores.stock"]]);
  await look(opens("stores.stock", "compute.api"));
  expect(told()).toEqual([["stores.stock"], ["stores.stock", "compute.api"]]);
});

describe("an old side before the promotion that gives no answer, as people accepted", () => {
  test.each(SILENT)(
    "guard silent is not closed: it ends no call, and only a look that sees it closed does (%#)",
    async (silent) => {
      const { look, needed, kindsWritten } = waiting(fencedWith(SEEN_OPEN, PAUSED));

      for (let looks = 0; looks < 3; looks += 1) {
        await look(silent);
        await look(OPEN);
      }
      expect([kindsWritten(), needed()?.occasion]).toEqual([[], "old-side"]);

      await look(FENCED);
      expect([kindsWritten(), needed()]).toEqual([["seen-closed"], undefined]);
    },
  );

  test.each(SILENT)(
    "guard silent since: it was last seen closed before it went silent, beside the steps too (%#)",
    async (silent) => {
      const { seen, deps, kept } = looking(fencedWith());
      const stop = new AbortController();
      const verdicts = [FENCED, silent, silent, OPEN];
      seen.verdict = FENCED;
      const closedAtMs = seen.nowMs;
      const sleep = async (ms: number) => {
        seen.nowMs += ms;
        seen.verdict = verdicts[seen.looks] ?? OPEN;
        if (seen.looks === verdicts.length) stop.abort();
      };
      const ours = {
        ...deps,
        clock: { ...deps.clock, sleep },
        changed: () => {},
        progressed: () => {},
        took: () => {},
      };
      const hold = await RunHold.take(ours, "F-1", { worker: "w2" });
      if (!hold) throw new Error("nobody holds the run");
      await new KeptInSight(ours).whileDriven(hold, { signal: new AbortController().signal, stop: stop.signal });

      expect(kept().written.find(({ kind }) => kind === "seen-open")).toMatchObject({ fromMs: closedAtMs });
    },
  );
});

describe("an old side that one process saw opened and closed again, and another one sees opened once more", () => {
  const closedAgain = async () => {
    const { seen, look, kept } = waiting(fencedWith(PAUSED), guardTimes());
    await look(OPEN);
    await look(FENCED);
    return { run: kept().run, closedMs: seen.nowMs };
  };
  const TEN_MINUTES = 600_000;

  test("guard last seen closed: counts from the look that saw it closed, while the run waits", async () => {
    const { run, closedMs } = await closedAgain();
    const { seen, look, kept } = waiting(run, guardTimes());
    seen.nowMs = closedMs + TEN_MINUTES;
    await look(OPEN);

    expect(kept().written).toMatchObject([{ kind: "seen-open", fromMs: closedMs }]);
  });

  test("guard last seen closed beside the steps: counts from the look that saw it closed, while the run is driven", async () => {
    const { run, closedMs } = await closedAgain();
    const { seen, deps, kept } = looking(
      transition(run, { kind: "resumed", atMs: closedMs, by: "ana", door: "slack" }),
    );
    const stop = new AbortController();
    Object.assign(seen, { nowMs: closedMs + TEN_MINUTES, verdict: OPEN });
    const unused = () => {};
    const sleep = async () => stop.abort();
    const ours = { ...deps, clock: { ...deps.clock, sleep }, changed: unused, progressed: unused, took: unused };
    const hold = await RunHold.take(ours, "F-1", { worker: "w2" });
    if (!hold) throw new Error("nobody holds the run");
    await new KeptInSight(ours).whileDriven(hold, { signal: new AbortController().signal, stop: stop.signal });

    expect(kept().written.at(-1)).toMatchObject({ kind: "seen-open", fromMs: closedMs });
  });
});

test("guard end of sight: after the plan's end date nobody looks before the promotion, it is said once, and nobody is called to close it", async () => {
  const { seen, look, needed, kindsWritten } = waiting(fencedWith(SEEN_OPEN, PAUSED));
  await look(OPEN);
  const { looks } = seen;
  expect(needed()).toMatchObject({ occasion: "old-side" });

  // A look comes a beat later: the first one right at that date.
  seen.nowMs = fencedWith().untilMs - GUARD_EVERY_MS;
  for (let more = 0; more < 3; more += 1) await look(OPEN);

  expect([kindsWritten(), seen.looks - looks, needed()]).toEqual([["sight-ended"], 0, undefined]);
});
