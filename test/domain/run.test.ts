import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { refusal } from "../../src/domain/decision.ts";
import { Bug } from "../../src/domain/errors.ts";
import { findPerson } from "../../src/domain/inventory.ts";
import { type RunState, readySteps, stateOf, stepsToUndo } from "../../src/domain/run.ts";
import type { RunEntry } from "../../src/domain/run-entry.ts";
import { transition } from "../../src/domain/run-transition.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";

const inventory = example("inventory");
const apply = (run: RunState, ...entries: RunEntry[]) => entries.reduce(transition, run);

const at = { atMs: AT };
const started = () =>
  apply(
    proposed(inventory),
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
  );
const intent = (step: string, epoch = 1): RunEntry => ({ kind: "intent", ...at, step, epoch, attempt: 1 });
const done = (step: string, epoch = 1): RunEntry => ({ kind: "done", ...at, step, epoch, says: "ok", output: {} });
const failed = (step: string, mustAsk = false): RunEntry => ({
  kind: "failed",
  ...at,
  step,
  epoch: 1,
  code: "x",
  why: "it broke",
  mustAsk,
});
const settle = (run: RunState, ...steps: string[]) =>
  steps.reduce((now, step) => apply(now, intent(step), done(step)), run);

describe("a run is a replay of its journal", () => {
  test("scaling out the standby is ready at once, beside the fence", () => {
    expect(readySteps(started()).map(({ id }) => id)).toEqual(["fence", "scale-out"]);
  });

  test("guard fencing number: an older epoch's entry is refused", () => {
    const run = apply(started(), { kind: "claimed", ...at, epoch: 2, worker: "w2" });

    expect(() => apply(run, intent("fence", 1))).toThrow(Bug);
    expect(stateOf(apply(run, intent("fence", 2)), "fence").state).toBe("intended");
  });

  test("guard point of no return: a failure before it unwinds, what had a way back is undone newest first", () => {
    const run = apply(settle(started(), "fence"), intent("record-position"), failed("record-position"));

    expect(run.state).toBe("unwinding");
    expect(stepsToUndo(run).map(({ id }) => id)).toEqual(["fence"]);
  });

  test("guard point of no return: it is passed by the intent of the promotion, and a failure after it stops and asks", () => {
    const run = apply(settle(started(), "fence", "record-position"), intent("promote"));

    expect(run.pastNoReturn).toBe(true);
    expect(apply(run, failed("promote")).state).toBe("stopped");
  });

  test("guard point of no return: nobody can abort after it", () => {
    const run = apply(settle(started(), "fence", "record-position"), intent("promote"));
    const farid = findPerson(inventory, "farid");

    expect(refusal("abort", run, farid, inventory)).toContain("point of no return");
    expect(() => apply(run, { kind: "aborted", ...at, by: "farid", door: "slack" })).toThrow(Bug);
    expect(refusal("pause", run, farid, inventory)).toBeUndefined();
  });

  test("a fence that nobody accepted to go without stops the run before the promotion", () => {
    const run = apply(started(), intent("fence"), failed("fence", true));

    expect(run.state).toBe("stopped");
    expect(run.pastNoReturn).toBe(false);
  });

  test("skipping a failed step takes two different people", () => {
    const stopped = apply(settle(started(), "fence", "record-position"), intent("promote"), failed("promote"));
    const vote = (by: string): RunEntry => ({
      kind: "vote",
      ...at,
      by,
      door: "slack",
      decision: "skip",
      step: "promote",
    });

    expect(apply(stopped, vote("ana"), vote("ana")).state).toBe("stopped");
    expect(apply(stopped, vote("ana"), vote("ben"))).toMatchObject({ state: "running" });
  });

  test.each(["skip", "unwind"] as const)("guard requester excluded: %s takes two others (G2)", (decision) => {
    const asked = proposed(inventory, { requester: "ana" });
    const keys: RunEntry = { kind: "started", ...at, keys: ["ben", "elena"] };
    const stopped = apply(
      asked,
      keys,
      { kind: "claimed", ...at, epoch: 1, worker: "w1" },
      intent("fence"),
      failed("fence", true),
    );

    expect(refusal(decision, stopped, findPerson(inventory, "ana"), inventory)).toMatch(/you asked for this plan/i);
    expect(refusal(decision, stopped, findPerson(inventory, "ben"), inventory)).toBeUndefined();
    expect(refusal("retry", stopped, findPerson(inventory, "ana"), inventory)).toBeUndefined();
  });

  test("an unwound run still says why", () => {
    const run = apply(
      started(),
      { kind: "aborted", ...at, by: "farid", door: "slack" },
      { kind: "finished", ...at, state: "unwound" },
    );

    expect(run).toMatchObject({ state: "unwound", why: "aborted by farid" });
  });

  test("a voided run can be aborted but never resumed", () => {
    const run = apply(started(), { kind: "voided", ...at, why: ["the records changed"] });
    const farid = findPerson(inventory, "farid");

    expect(refusal("resume", run, farid, inventory)).toContain("void");
    expect(refusal("abort", run, farid, inventory)).toBeUndefined();
  });

  test("a closed run takes no entry at all", () => {
    const run = apply(proposed(inventory), { kind: "withdrawn", ...at, by: "farid", door: "slack" });

    expect(() => apply(run, { kind: "started", ...at, keys: ["ana", "ben"] })).toThrow(Bug);
  });

  test("whatever order of entries is tried, the point of no return is never un-passed and over stays over", () => {
    const steps = proposed(inventory).plan.steps.map(({ id }) => id);
    const entry = fc.oneof(
      fc.constantFrom(...steps).map((step) => intent(step)),
      fc.constantFrom(...steps).map((step) => done(step)),
      fc.constantFrom(...steps).map((step) => failed(step)),
      fc.constantFrom<RunEntry>(
        { kind: "paused", ...at, by: "farid", door: "slack", why: "wait" },
        { kind: "resumed", ...at, by: "farid", door: "slack" },
        { kind: "aborted", ...at, by: "farid", door: "slack" },
        { kind: "finished", ...at, state: "verified" },
        { kind: "finished", ...at, state: "unwound" },
      ),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        let run = started();
        for (const next of entries) {
          const before = run;
          try {
            run = transition(run, next);
          } catch (error) {
            expect(error).toBeInstanceOf(Bug);
          }
          if (before.pastNoReturn) expect(run.pastNoReturn).toBe(true);
          if (before.state === "verified" || before.state === "unwound") expect(run.state).toBe(before.state);
        }
      }),
      { numRuns: 300 },
    );
  });
});
