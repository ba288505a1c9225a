import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { blindWatches, saySight, watchInSight } from "../../../src/engine/runs/blind-watch.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import { type GuardTimes, guardTimes } from "../../../src/engine/runs/guard-times.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import type { OldSide } from "../../../src/ports/old-side.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { oldSideLine } from "../../../src/views/old-side.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud } from "../../harness/fakes/index.ts";
import { fenced } from "../../harness/keys.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";
import { watchedInMemory } from "../../harness/watch-turn.ts";

const inventory = example("inventory");
const SWEEP_MS = 2_000;
const at = { atMs: AT, epoch: 1 };

/** Verified, past the point of no return, with an old side of which this was shown. */
const verified = (fence: "cannot-know" | "fenced"): RunState =>
  fenced(proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) }), fence, [
    { kind: "intent", ...at, step: "promote", attempt: 1 },
    { kind: "finished", atMs: AT, state: "verified" },
  ]);

/** Paused before its promotion, with an old side that is fenced. */
const waiting = (): RunState =>
  fenced(proposed(inventory), "fenced", [{ kind: "paused", atMs: AT, by: "ana", door: "slack", why: "we look" }]);

const unasked = async () => {
  throw new Error("a look asks for nothing");
};
const FENCE: StoredStep = {
  ...{ name: "fence-primary", role: "protects", wayBack: "undo", callsALook: 1, permissions: () => [] },
  verify: async () => ({ done: true, says: "fenced", output: { fence: "fenced" } }),
  ...{ run: unasked, undo: unasked, dataByHand: () => ({}), happened: async () => "no", backByHand: () => [] },
};

/** A run whose old side is looked at by every sweep; the look breaks as long as it is told to. */
function watching(run: RunState, guard?: GuardTimes) {
  let nowMs = AT + 1_000;
  let looks = 0;
  const world = { isBroken: true };
  const cloud = fakeCloud({});
  const look = () => {
    looks += 1;
    if (world.isBroken) throw new Error("the look broke", { cause: new TypeError("groups is not iterable") });
  };
  const oldSide = async (): Promise<OldSide> => {
    look();
    return { kind: "silent" };
  };
  // Before the promotion nothing else is asked.
  const verify: StoredStep["verify"] = async (...asked) => {
    if (!kept().run.pastNoReturn) look();
    return FENCE.verify(...asked);
  };
  const { deps, kept } = watchedInMemory(run, {
    cloud,
    steps: { "fence-primary": { ...FENCE, verify } },
    oldSide,
    ...(guard && { guard }),
  });
  const clock = { ...deps.clock, now: () => nowMs };
  const blind = blindWatches();
  const { signal } = new AbortController();
  /** What a sweep's job ends with. */
  const sweep = async (): Promise<unknown> => {
    const ours = { ...deps, clock };
    const look = () => watchOldSide(kept().run, ours, signal);
    const ended = await watchInSight(kept().run, { ...ours, blind }, { signal, look }).catch((error: unknown) => error);
    nowMs += SWEEP_MS;
    return ended;
  };
  const needed = () => whoIsNeeded(kept().run, inventory, nowMs);
  return { world, sweep, kept, needed, looks: () => looks, line: () => JSON.stringify(oldSideLine(kept().run, nowMs)) };
}

const blindOf = ({ written: [first] }: { readonly written: readonly RunEntry[] }) => `old-side-blind:${first?.atMs}`;

describe("a watch over the old side that breaks", () => {
  test.each(["cannot-know", "fenced"] as const)(
    "guard blind watch: people are called once, it goes on with pauses, and is said when it works again (%s)",
    async (fence) => {
      const { world, sweep, kept, needed, looks, line } = watching(verified(fence));

      for (let sweeps = 0; sweeps < 4; sweeps += 1) expect(await sweep()).toBeInstanceOf(Error);
      expect([needed(), kept().written]).toEqual([undefined, []]);
      const reasons = new Set<string | undefined>();
      for (let sweeps = 0; sweeps < 60; sweeps += 1) {
        expect(await sweep()).toBeUndefined();
        reasons.add(needed()?.reason);
      }

      expect(kept().written).toMatchObject([{ kind: "watch-blind", why: "the look broke ← groups is not iterable" }]);
      expect([...reasons]).toEqual([blindOf(kept())]);
      expect(needed()).toMatchObject({ occasion: "old-side", why: expect.stringContaining("groups is not iterable") });
      expect(needed()?.people.length).toBeGreaterThan(0);
      expect(line()).toContain("TwoKey cannot watch");
      expect(looks()).toBeGreaterThan(5);
      expect(looks()).toBeLessThan(15);

      world.isBroken = false;
      for (let sweeps = 0; sweeps < 31; sweeps += 1) await sweep();
      expect(kept().written.map(({ kind }) => kind)).toEqual(["watch-blind", "watch-sees"]);
      expect([needed(), kept().run.watch.blind]).toEqual([undefined, undefined]);
      const before = looks();
      await sweep();
      expect(looks()).toBeGreaterThan(before);
      // What broke before a look that saw something is over: the next time is counted from its first look.
      world.isBroken = true;
      for (let sweeps = 0; sweeps < 4; sweeps += 1) expect(await sweep()).toBeInstanceOf(Error);
      expect(needed()).toBeUndefined();
    },
  );

  test("guard blind watch: people are called as well where looks come every 15 s, and sweeps every 2 s", async () => {
    const { world, sweep, kept, needed } = watching(verified("fenced"), guardTimes());

    for (let sweeps = 0; sweeps < 60; sweeps += 1) await sweep();
    expect([kept().written.map(({ kind }) => kind), needed()?.reason]).toEqual([["watch-blind"], blindOf(kept())]);

    world.isBroken = false;
    for (let sweeps = 0; sweeps < 40; sweeps += 1) await sweep();
    expect(kept().written.map(({ kind }) => kind)).toEqual(["watch-blind", "watch-sees"]);
  });

  test("guard blind before: people are called also where it breaks before the promotion, while the run waits for people", async () => {
    const { world, sweep, kept, needed, line } = watching(waiting(), guardTimes());

    for (let sweeps = 0; sweeps < 60; sweeps += 1) await sweep();
    expect([kept().written.map(({ kind }) => kind), needed()?.reason]).toEqual([["watch-blind"], blindOf(kept())]);
    expect(needed()?.why).toMatch(/cannot watch eu-west-1 .*groups is not iterable.* TwoKey keeps trying to look$/);
    expect(line()).toContain("TwoKey cannot watch");
    expect(kept().run.watch.unseenSinceMs).toBeUndefined();

    world.isBroken = false;
    for (let sweeps = 0; sweeps < 40; sweeps += 1) await sweep();
    expect([kept().written.map(({ kind }) => kind), needed()]).toEqual([["watch-blind", "watch-sees"], undefined]);
  });

  test("is not told where people let the run give back while it was looked at: then nothing is guarded any more", async () => {
    const deps = { clock: fakeCloud({}).clock, guard: guardTimes() };
    const saidOf = async (run: RunState) => {
      const said: unknown[] = [];
      await saySight({ kind: "unseen", why: "the look broke" }, deps, async (make) => said.push(make(run)));
      return said[0];
    };

    expect(await saidOf(waiting())).toMatchObject({ entry: { kind: "watch-blind" } });
    expect(
      await saidOf(transition(waiting(), { kind: "aborted", atMs: AT, by: "ana", door: "slack" })),
    ).toBeUndefined();
  });
});
