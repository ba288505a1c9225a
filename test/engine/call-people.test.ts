import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../src/domain/run.ts";
import type { RunEntry } from "../../src/domain/run-entry.ts";
import { transition } from "../../src/domain/run-transition.ts";
import { whoIsNeeded } from "../../src/engine/call-people.ts";
import { example } from "../harness/example.ts";
import { AT, homeIsDark } from "../harness/observed.ts";
import { proposed, serviceIn } from "../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT };
const apply = (run: RunState, ...entries: RunEntry[]) => entries.reduce(transition, run);
const failure = (attempt: number): RunEntry[] => [
  { kind: "intent", ...at, step: "fence", epoch: 1, attempt },
  { kind: "failed", ...at, step: "fence", epoch: 1, code: "x", why: "it broke", mustAsk: true },
];
const stopped = () =>
  apply(
    proposed(inventory),
    { kind: "key-turned", ...at, by: "ana", door: "slack", digest: "d", accepted: [] },
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    ...failure(1),
  );
const occasionOf = (run: RunState) => whoIsNeeded(run, inventory)?.occasion;

describe("whom a run calls", () => {
  test("a stopped run calls the commander and the key holders", () => {
    const needed = whoIsNeeded(stopped(), inventory);

    expect(needed?.people.map(({ id }) => id)).toEqual(["chloe", "ana"]);
    expect(needed?.why).toContain("it broke");
  });

  test("a vote is no new occasion: nobody is called again for it", () => {
    const run = stopped();
    const voted = apply(run, { kind: "vote", ...at, by: "ana", door: "slack", decision: "skip", step: "fence" });

    expect(occasionOf(voted)).toBe(occasionOf(run));
  });

  test("the same step failing again is a new occasion", () => {
    const again = apply(
      stopped(),
      { kind: "retried", ...at, by: "farid", door: "slack", step: "fence" },
      ...failure(2),
    );

    expect(occasionOf(again)).not.toBe(occasionOf(stopped()));
  });

  test("an old side that came back and stays open is news also while the run waits for people", () => {
    const past = apply(
      proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) }),
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "claimed", ...at, epoch: 1, worker: "w1" },
      { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
      { kind: "done", ...at, step: "fence", epoch: 1, says: "", output: { fence: "cannot-know" } },
      { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
    );
    const open: RunEntry[] = [
      { kind: "watch-intent", ...at, step: "fence", epoch: 1 },
      { kind: "watch-failed", ...at, step: "fence", epoch: 1, why: "denied" },
    ];
    const paused = apply(past, { kind: "paused", ...at, by: "ana", door: "slack", why: "wait" });
    const broken = apply(past, {
      ...{ kind: "failed", ...at, step: "promote", epoch: 1, code: "x", why: "it broke", mustAsk: false },
    });

    expect(whoIsNeeded(paused, inventory)).toBeUndefined();
    expect(whoIsNeeded(apply(paused, ...open), inventory)?.why).toContain("could not be fenced: denied");
    expect(occasionOf(apply(broken, ...open))).not.toBe(occasionOf(broken));
    expect(whoIsNeeded(apply(broken, ...open), inventory)?.why).toContain("could not be fenced: denied");
  });

  test("a person who paused a run is not called for it", () => {
    const run = apply(
      proposed(inventory),
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "paused", ...at, by: "farid", door: "slack", why: "wait" },
    );

    expect(whoIsNeeded(run, inventory)).toBeUndefined();
  });
});
