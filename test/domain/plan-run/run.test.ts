import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Bug } from "../../../src/domain/errors.ts";
import { refusal } from "../../../src/domain/plan-run/decision.ts";
import { inputOf, isWatched } from "../../../src/domain/plan-run/fence.ts";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import { isOver, type RunState, readySteps, stateOf, stepsToUndo } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { findPerson } from "../../../src/domain/service/inventory.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

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
  test("scaling out the standby is ready when the old side is fenced, beside what comes before the promotion", () => {
    expect(readySteps(started()).map(({ id }) => id)).toEqual(["fence"]);
    expect(readySteps(settle(started(), "fence")).map(({ id }) => id)).toEqual(["record-position", "scale-out"]);
  });

  test("guard epoch: an older epoch's entry is refused", () => {
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

    expect(refusal("abort", run, { person: farid, inventory })).toContain("point of no return");
    expect(() => apply(run, { kind: "aborted", ...at, by: "farid", door: "slack" })).toThrow(Bug);
    expect(refusal("pause", run, { person: farid, inventory })).toBeUndefined();
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
      position: stopped.intents,
    });

    expect(apply(stopped, vote("ana"), vote("ana")).state).toBe("stopped");
    expect(apply(stopped, vote("ana"), vote("ben"))).toMatchObject({ state: "running" });
  });

  test("guard votes bound: a vote counts while the run stands as it was shown, and for fifteen minutes", () => {
    const stopped = apply(settle(started(), "fence", "record-position"), intent("promote"), failed("promote"));
    const vote = (by: string, position: number, atMs = AT): RunEntry => ({
      ...{ kind: "vote", atMs, by, door: "slack", decision: "skip", step: "promote", position },
    });
    const { intents } = stopped;
    const again = apply(
      apply(stopped, vote("ana", intents), { kind: "retried", ...at, by: "chloe", door: "slack", step: "promote" }),
      ...[intent("promote"), failed("promote")],
    );

    expect(apply(again, vote("ben", again.intents)).state).toBe("stopped");
    expect(apply(stopped, vote("ana", intents), vote("ben", intents - 1)).state).toBe("stopped");
    expect(apply(stopped, vote("ana", intents), vote("ben", intents, AT + 15 * 60_000)).state).toBe("stopped");
    expect(apply(stopped, vote("ana", intents), vote("ben", intents, AT + 15 * 60_000 - 1)).state).toBe("running");
  });

  test("guard take-over of two: what decides about data or users counts as done by hand when two people say so", () => {
    const [ana, chloe] = [findPerson(inventory, "ana"), findPerson(inventory, "chloe")];
    const promoting = apply(settle(started(), "fence", "record-position"), intent("promote"), failed("promote"));
    const checking = apply(settle(started(), "fence", "record-position", "promote"), intent("check-writable"));
    const checked = apply(checking, failed("check-writable"));
    const said = (by: string, words: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "take-over", step: "promote", words },
      position: promoting.intents,
    });

    expect(refusal("take-over", promoting, { person: chloe, inventory })).toContain("for approvers");
    expect(refusal("take-over", promoting, { person: ana, inventory })).toBeUndefined();
    expect(refusal("take-over", checked, { person: chloe, inventory })).toBeUndefined();
    expect(apply(promoting, said("ana", "in the console")).state).toBe("stopped");
    const taken = apply(promoting, said("ana", "in the console"), said("ben", "I saw it"));
    expect(stateOf(taken, "promote")).toMatchObject({
      ...{ state: "by-hand", says: "in the console; I saw it (ana and ben)" },
    });
  });

  test("guard taken over and seen: what somebody did by hand settles nothing until it is seen", () => {
    const before = settle(started(), "fence", "record-position", "scale-out");
    const stopped = apply(before, intent("promote"), failed("promote"));
    const said: RunEntry = { kind: "taken-over", ...at, by: "ana", door: "slack", step: "promote", words: "did it" };
    const looking = apply(stopped, said);

    const waiting = (run: RunState) => readySteps(run).map(({ id }) => id);
    expect([looking.state, waiting(looking)]).toEqual(["running", ["promote"]]);
    expect(waiting(apply(looking, done("promote")))).toContain("check-writable");
    expect(apply(looking, failed("promote"))).toMatchObject({ state: "stopped", why: "it broke" });
  });

  test("what was said to be done by hand and is not seen asks people, and gives nothing back by itself", () => {
    const stopped = apply(settle(started(), "fence"), intent("scale-out"), failed("scale-out", true));
    const said: RunEntry = { kind: "taken-over", ...at, by: "ana", door: "slack", step: "scale-out", words: "did it" };

    expect(apply(stopped, said, failed("scale-out"))).toMatchObject({ state: "stopped", pastNoReturn: false });
  });

  test("who asked for the plan has no key in a decision that needs two", () => {
    const run = apply(started(), intent("fence"), failed("fence", true));
    const asked = { ...run, plan: { ...run.plan, requester: "ana" } };
    const [ana, ben] = [findPerson(inventory, "ana"), findPerson(inventory, "ben")];

    for (const decision of ["skip", "unwind"] as const) {
      expect(refusal(decision, asked, { person: ana, inventory })).toContain("does not count");
      expect(refusal(decision, asked, { person: ben, inventory })).toBeUndefined();
    }
    expect(refusal("retry", asked, { person: ana, inventory })).toBeUndefined();
  });

  test("of two failed steps each waits for people: deciding about one does not leave the other behind", () => {
    const past = apply(settle(started(), "fence"), intent("record-position"), intent("scale-out"));
    const stopped = apply(past, failed("scale-out", true), failed("record-position", true));
    const about = (step: string): RunEntry => ({ kind: "retried", ...at, by: "ana", door: "slack", step });

    const one = apply(stopped, about("record-position"));
    expect([one.state, one.why]).toEqual(["stopped", "it broke"]);
    const both = apply(one, about("scale-out"));
    expect([both.state, readySteps(both).map(({ id }) => id)]).toEqual(["running", ["record-position", "scale-out"]]);
  });

  test("what was skipped or taken over after an attempt is given back as well", () => {
    const asked = apply(started(), intent("fence"), failed("fence", true));
    const taken = apply(asked, {
      ...{ kind: "taken-over", ...at, by: "ana", door: "slack", step: "fence", words: "pulled the plug" },
    });
    const later = apply(taken, intent("record-position"), failed("record-position"));

    expect(later.state).toBe("unwinding");
    expect(stepsToUndo(later).map(({ id }) => id)).toEqual(["fence"]);
  });

  test("an undo that people went on without is not begun again, and is remembered", () => {
    const unwinding = apply(settle(started(), "fence"), intent("record-position"), failed("record-position"));
    const stuck = apply(
      unwinding,
      { kind: "undo-intent", ...at, step: "fence", epoch: 1 },
      { kind: "undo-failed", ...at, step: "fence", epoch: 1, why: "denied" },
    );
    const vote = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "skip", step: "fence", position: stuck.intents },
    });
    const run = apply(stuck, vote("ana"), vote("ben"));

    expect([run.state, stepsToUndo(run), run.undoSkipped]).toEqual(["unwinding", [], ["fence"]]);
  });

  test("a vote to go on without a step is no vote to leave its undo undone", () => {
    const vote = (by: string, position: number): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "skip", step: "fence", position },
    });
    const asked = apply(started(), intent("fence"), failed("fence", true), vote("ana", 1));
    const stuck = apply(
      asked,
      { kind: "aborted", ...at, by: "farid", door: "slack" },
      { kind: "undo-intent", ...at, step: "fence", epoch: 1 },
      { kind: "undo-failed", ...at, step: "fence", epoch: 1, why: "denied" },
    );

    expect(apply(stuck, vote("ben", 2)).state).toBe("stuck");
    expect(apply(stuck, vote("ben", 2), vote("ana", 2)).state).toBe("unwinding");
  });

  test("where there is no way back after all, what was given back meanwhile is done again", () => {
    const past = apply(settle(started(), "fence", "record-position"), intent("promote"), failed("promote"));
    const unwind = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "unwind", step: "promote", position: past.intents },
    });
    const begun = apply(past, unwind("ana"), unwind("ben"), { kind: "undo-intent", ...at, step: "fence", epoch: 1 });
    const stopped = apply(begun, { kind: "no-way-back", ...at, why: "it is promoted" });
    const run = apply(stopped, { kind: "retried", ...at, by: "ana", door: "slack", step: "promote" });

    expect(readySteps(run).map(({ id }) => id)).toContain("fence");
  });

  test("a run that ended with a lost store is out of the hands of whoever stood still with it (J6)", () => {
    const abandoned = apply(started(), { kind: "abandoned", ...at, why: "the store was lost" });

    expect(abandoned.epoch).toBeGreaterThan(started().epoch);
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
    const run = apply(started(), { kind: "voided", ...at, because: "facts", why: ["the records changed"] });
    const farid = findPerson(inventory, "farid");

    expect(refusal("resume", run, { person: farid, inventory })).toContain("/dr abort");
    expect(refusal("abort", run, { person: farid, inventory })).toBeUndefined();
    // Past the point of no return nobody is sent to a decision that is refused there.
    expect(refusal("resume", { ...run, pastNoReturn: true }, { person: farid, inventory })).not.toContain("/dr abort");
  });

  test("only a run that waits for people can be taken over by a plan for its rest, and then it is over", () => {
    const superseded: RunEntry = { kind: "superseded", ...at, plan: "F-2" };
    const stopped = apply(started(), intent("fence"), failed("fence", true));

    const after = apply(stopped, superseded);
    expect([after.state, isOver(after)]).toEqual(["superseded", true]);
    // Whoever still waited for a step of it finds a newer epoch, and may not report any more.
    expect(() => apply(after, done("fence"))).toThrow(Bug);
    expect(after.epoch).toBeGreaterThan(stopped.epoch);
    for (const run of [proposed(inventory), started()]) expect(() => apply(run, superseded)).toThrow(Bug);
  });

  test("guard point of no return: a plan for the rest begins past it when the run before it was", () => {
    const stopped = apply(settle(started(), "fence", "record-position"), intent("promote"), failed("promote"));

    expect(proposed(inventory, { id: "F-2", continues: stopped }).pastNoReturn).toBe(true);
    expect(
      refusal(
        "abort",
        { ...proposed(inventory, { continues: stopped }), state: "running" },
        { person: findPerson(inventory, "farid"), inventory },
      ),
    ).toContain("point of no return");
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

describe("an old side that could not be fenced", () => {
  const blind = (): RunEntry => ({
    ...{ kind: "done", ...at, step: "fence", epoch: 1, says: "cannot know", output: { fence: "cannot-know" } },
  });
  const unfenced = () => apply(started(), intent("fence"), blind(), intent("record-position"), done("record-position"));
  const promoting = () => apply(unfenced(), intent("promote"));
  const stopWatch = (by: string): RunEntry => ({
    ...{ kind: "vote", ...at, by, door: "slack", decision: "stop-watch", step: "fence", position: 0 },
  });

  test("is fenced again before the promotion, with what was found out after it, and never after it (J7)", () => {
    const again: RunEntry = { kind: "fence-again", ...at, step: "fence", epoch: 1, captured: { api: { desired: 4 } } };
    const run = apply(unfenced(), again);

    expect(readySteps(run).map(({ id }) => id)).toEqual(["fence"]);
    expect(stateOf(run, "record-position").state).toBe("waiting");
    expect(() => apply(promoting(), again)).toThrow(Bug);
  });

  test("that is closed is not fenced again: what was found out while it may have been open is, with the row that was written before", () => {
    const marker = { run: "F-1", epoch: 1, number: 5 };
    const fenced: RunEntry = {
      ...{ kind: "done", ...at, step: "fence", epoch: 1, says: "fenced" },
      output: { fence: "fenced", markers: { "stores.stock": marker } },
    };
    const again: RunEntry = { kind: "prove-again", ...at, step: "fence", epoch: 1, fromMs: AT - 60_000 };
    const run = started();
    const losesNothing = { ...run, plan: { ...run.plan, dataLoss: { kind: "none" } } } as const;
    const proven = apply(losesNothing, intent("fence"), fenced, intent("record-position"), done("record-position"));
    const openAgain = apply(proven, again);

    expect(readySteps(openAgain).map(({ id }) => id)).toEqual(["record-position", "scale-out"]);
    // What was added on the new side meanwhile proves nothing of the old one, and stays.
    expect(readySteps(apply(settle(proven, "scale-out"), again)).map(({ id }) => id)).toEqual(["record-position"]);
    const unseen = { fromMs: again.fromMs, untilMs: again.atMs };
    expect(stateOf(openAgain, "fence")).toMatchObject({ state: "done", output: { fence: "fenced", unseen } });
    expect(stateOf(openAgain, "fence").output).not.toHaveProperty("markers");
    expect(() => apply(proven, intent("promote"), again)).toThrow(Bug);
  });

  test("that is fenced again keeps what was seen of the sessions of stores that stayed closed, and of no other", () => {
    const one = "4 other sessions were ended, and none is open";
    const fenced: RunEntry = {
      ...{ kind: "done", ...at, step: "fence", epoch: 1, says: "fenced" },
      output: { fence: "fenced", ended: { "stores.stock": one, "stores.orders": one } },
    };
    const proven = apply(started(), intent("fence"), fenced, intent("record-position"), done("record-position"));
    const again = { kind: "fence-again", ...at, step: "fence", epoch: 1 } as const;
    const endedIn = (run: RunState) => inputOf(run, stepOf(run.plan, "fence"))["ended"];

    expect(endedIn(apply(proven, { ...again, closed: ["stores.orders"] }))).toEqual({ "stores.orders": one });
    expect(endedIn(apply(proven, again))).toBeUndefined();
    // Its own first reboot is not taken for one of this fence.
    expect(stateOf(apply(proven, again), "fence").tries).toBe(0);

    const seen: RunEntry = {
      ...{ kind: "seen-open", ...at, step: "fence", epoch: 1, fromMs: AT - 60_000, resources: ["stores.stock"] },
    };
    expect(endedIn(apply(proven, seen))).toEqual({ "stores.orders": one });
    expect(stateOf(apply(proven, seen, again), "fence").output).not.toHaveProperty("opened");
    const reopened: RunEntry = {
      ...{ kind: "intent", ...at, step: "fence", epoch: 1, attempt: 2, closed: ["stores.stock"] },
    };
    const both = ["stores.stock", "stores.orders"];
    expect(endedIn(apply(proven, { ...again, closed: both }, reopened))).toEqual({ "stores.stock": one });

    const lost: RunEntry = {
      ...{
        kind: "fence-lost",
        ...at,
        step: "fence",
        epoch: 1,
        why: "it stands open",
        closed: ["stores.stock"],
        seenClosedMs: AT - 15_000,
      },
    };
    const watching = { kind: "watch-intent", ...at, step: "fence", epoch: 1 } as const;
    const promoted = apply(proven, intent("promote"), lost);
    expect(endedIn(promoted)).toEqual({ "stores.stock": one });
    const watched = apply(promoted, { ...watching, closed: both });
    const later = { "stores.stock": one, "stores.orders": "1 other session was ended, and none is open" };
    const closed: RunEntry = { kind: "fenced-later", ...at, step: "fence", epoch: 1, says: "fenced", ended: later };
    expect([endedIn(watched), endedIn(apply(watched, watching))]).toEqual([{ "stores.stock": one }, undefined]);
    expect(endedIn(apply(watched, closed))).toEqual(later);
  });

  test("is not fenced by the watch before the point of no return (J7)", () => {
    const begin: RunEntry = { kind: "watch-intent", ...at, step: "fence", epoch: 1 };

    expect(() => apply(unfenced(), begin)).toThrow(Bug);
    expect(apply(promoting(), begin).watch).toMatchObject({ state: "intended", tries: 1 });
  });

  test("is undone as it was found, also when its fence had been skipped", () => {
    const skipped = apply(
      started(),
      intent("fence"),
      failed("fence", true),
      ...["ana", "ben"].map(
        (by): RunEntry => ({
          ...{ kind: "vote", ...at, by, door: "slack", decision: "skip", step: "fence", position: 1 },
        }),
      ),
    );
    const run = apply(
      settle(skipped, "record-position"),
      intent("promote"),
      { kind: "watch-intent", ...at, step: "fence", epoch: 1, captured: { api: { desired: 4 } } },
      { kind: "watch-intent", ...at, step: "fence", epoch: 1, captured: { api: { desired: 0 } } },
    );

    expect(stepsToUndo(run).map(({ id }) => id)).toEqual(["fence"]);
    expect(run.captured).toEqual({ api: { desired: 4 } });
  });

  test("is watched no more when two different approvers say so, one is not enough", () => {
    const ana = findPerson(inventory, "ana");
    const farid = findPerson(inventory, "farid");

    expect(refusal("stop-watch", promoting(), { person: farid, inventory })).toContain("approver");
    expect(refusal("stop-watch", promoting(), { person: ana, inventory })).toBeUndefined();
    expect(refusal("stop-watch", unfenced(), { person: ana, inventory })).toContain("watches no old region");
    expect(isWatched(apply(promoting(), stopWatch("ana"), stopWatch("ana")))).toBe(true);
    const stopped = apply(promoting(), stopWatch("ana"), stopWatch("ben"));
    expect(isWatched(stopped)).toBe(false);
    expect(stopped).toMatchObject({ state: "running", watch: { state: "ended", says: "stopped by ana and ben" } });
    expect(refusal("stop-watch", stopped, { person: ana, inventory })).toContain("watches no old region");
  });

  test("is out of the hands of whoever stood still with its watch when that ended (J6)", () => {
    const verified = apply(promoting(), { kind: "finished", ...at, state: "verified" });
    const ended: RunEntry = { kind: "watch-ended", ...at, epoch: verified.epoch, step: "fence", why: "moved back" };

    expect(apply(verified, ended).epoch).toBeGreaterThan(verified.epoch);
    expect(apply(verified, stopWatch("ana"), stopWatch("ben")).epoch).toBeGreaterThan(verified.epoch);
    // A run that is driven is held by the executor that goes on with it.
    expect(apply(promoting(), stopWatch("ana"), stopWatch("ben")).epoch).toBe(promoting().epoch);
  });

  test("is told apart from one that a vote to skip or unwind is about", () => {
    const about = { decision: "unwind", step: "promote", position: promoting().intents } as const;
    const vote: RunEntry = { kind: "vote", ...at, by: "ana", door: "slack", ...about };

    expect(() => apply(promoting(), vote)).toThrow(Bug);
  });
});
