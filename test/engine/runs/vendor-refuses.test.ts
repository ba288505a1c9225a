import { afterEach, describe, expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import { heldUpStep } from "../../../src/domain/plan-run/held-up.ts";
import { unmeasuredSteps } from "../../../src/domain/plan-run/left-to-people.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { votesNeeded } from "../../../src/domain/plan-run/votes.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { runbookOf } from "../../../src/flows/runbooks/index.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { cardText } from "../../../src/views/card-text.ts";
import { progressCard } from "../../../src/views/run-progress.ts";
import { drive } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";

const SPEED = 60;
const HOUR_MS = 3_600_000;
const STEP = "shift-traffic";
/** Changes a name of a private zone. */
const HIDDEN = "point-application";

let at: FailoverWorld;
afterEach(() => at.stop());

const refusing = (operation: string, status: number, code: string) =>
  at.whole.world.faults.plan({ vendor: "aws", operation, effect: { kind: "error", status, code } });

/** The run as soon as it says that its step is refused. */
const heldUp = (): Promise<RunState> =>
  eventually("run that is held up", async () => {
    const run = await runOf(at);
    if (run.state !== "running") throw new Error(`the run is ${run.state}: ${run.why}`);
    return heldUpStep(run) === undefined ? undefined : run;
  });

/** An hour later, when it has been tried again. */
async function anHourLater(): Promise<void> {
  const { attempt } = stateOf(await runOf(at), STEP);
  at.whole.world.clock.jump(HOUR_MS);
  await at.setSpeed(SPEED);
  await eventually("another try", async () => stateOf(await runOf(at), STEP).attempt > attempt || undefined);
}

/** What the card was that they read: as the run stands when it is said. */
async function sayAs(by: string, decision: "skip" | "take-over"): Promise<void> {
  for (;;) {
    const run = await runOf(at);
    const vote: RunEntry = {
      ...{ kind: "vote", atMs: at.clock.now(), by, door: "slack", decision, step: STEP, position: run.intents },
      words: "moved in the console",
    };
    const answer = await at.memory.runs.append(run, { entries: [vote], events: [] });
    if (answer.kind === "appended") return;
    if (answer.kind !== "conflict") throw new Error(answer.kind);
  }
}

describe("while Route 53 refuses every change", () => {
  test.each([
    { status: 400, code: "Throttling", lasts: "eight hours", hours: 8 },
    { status: 400, code: "PriorRequestNotComplete", lasts: "two hours", hours: 2 },
    { status: 503, code: "ServiceUnavailable", lasts: "two hours", hours: 2 },
  ])(
    "for $lasts ($status $code) the run neither fails nor unwinds: it says since when, calls people, shows another way, and goes on by itself",
    async ({ status, code, hours }) => {
      at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30 });
      await startRun(at);
      let isRefused = false;
      const driven = drive(at, {
        onIntent: (id) => {
          if (id !== STEP || isRefused) return;
          isRefused = true;
          refusing("ChangeResourceRecordSets", status, code);
        },
      });
      const first = await heldUp();
      for (let hour = 0; hour < hours; hour += 1) await anHourLater();
      const last = await runOf(at);

      const nowMs = at.clock.now();
      expect([last.state, last.intents]).toEqual(["running", first.intents]);
      expect(stateOf(last, STEP).heldUp).toEqual(stateOf(first, STEP).heldUp);
      expect(nowMs - (stateOf(last, STEP).heldUp?.sinceMs ?? nowMs)).toBeGreaterThan(hours * HOUR_MS);
      expect(whoIsNeeded(last, at.inventory, nowMs)).toMatchObject({
        ...{ occasion: "held-up", why: expect.stringContaining(`/dr by-hand ${last.plan.id}`) },
        people: expect.arrayContaining([expect.objectContaining({ id: last.keys[0]?.by })]),
      });
      const card = cardText(progressCard(last, at.inventory, { nowMs }));
      expect(card).toContain("refused since");
      expect(card).toContain(`/dr take-over ${last.plan.id}`);

      at.whole.world.faults.clear();
      const run = await driven;

      expect(run.state).toBe("verified");
      expect(stateOf(run, STEP).heldUp).toBeUndefined();
    },
    180_000,
  );

  test("guard waits for its word: nor while it takes the change and does not say how far that is: name servers answer for a public name, and for a private one the run waits and calls people", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30 });
    await startRun(at);
    const driven = drive(at, {
      onIntent: (id) => {
        if (id === HIDDEN || id === STEP) refusing("GetChange", 503, "ServiceUnavailable");
      },
    });
    const first = await heldUp();
    at.whole.world.clock.jump(HOUR_MS);
    await at.setSpeed(SPEED);
    const later = await eventually("an hour later", async () => {
      const run = await runOf(at);
      return at.clock.now() - (stateOf(run, HIDDEN).heldUp?.sinceMs ?? at.clock.now()) > HOUR_MS ? run : undefined;
    });

    expect([heldUpStep(first), later.state, stateOf(later, HIDDEN).state]).toEqual([HIDDEN, "running", "asked"]);
    expect(whoIsNeeded(later, at.inventory, at.clock.now())).toMatchObject({ occasion: "held-up" });
    at.whole.world.faults.clear();
    const run = await driven;

    expect(run.state).toBe("verified");
    expect(stateOf(run, HIDDEN)).toMatchObject({ state: "done", heldUp: undefined });
    expect(stateOf(run, STEP).says).toMatch(/name servers have the change of .*; Route 53 itself does not say/);
  }, 120_000);

  test("guard the change itself: nor is a change called published because health alone leads users to the new side already", async () => {
    // Long after the health checks have made name servers give the new side.
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30, insyncSeconds: [400, 400] });
    await startRun(at);
    const run = await drive(at, {
      onIntent: (id) => {
        if (id === STEP) refusing("GetChange", 503, "ServiceUnavailable");
      },
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const { says, output, data } = stateOf(run, STEP);
    const published = at.whole.world.log
      .read(0, "route53.change-insync")
      .find(({ facts }) => String(facts["change"]).endsWith(String(data["changeId"])));
    expect(output["inSyncAtMs"]).toBeGreaterThanOrEqual(published?.worldMs ?? Number.NaN);
    expect(says).toMatch(/name servers have the change of .*; Route 53 itself does not say/);
  }, 120_000);

  test("and shows none either, the run goes on when two approvers say that users were led there in another way, and name servers show it", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30 });
    await startRun(at);
    const driven = drive(at, {
      onIntent: (id) => {
        if (id !== STEP) return;
        refusing("ChangeResourceRecordSets", 503, "ServiceUnavailable");
        refusing("ListResourceRecordSets", 503, "ServiceUnavailable");
      },
    });
    await heldUp();
    await sayAs("ana", "take-over");
    await sayAs("ben", "take-over");

    const ended = await driven;

    expect(ended.state).toBe("verified");
    at.whole.world.faults.clear();
    // The records stand as before, and that says nothing of where users are: the old side is looked after all the same.
    const { signal } = new AbortController();
    expect((await runbookOf(ended.plan).oldSide(ended, at.cloud, { signal })).kind).toBe("back");
    expect(stateOf(ended, STEP).says).toMatch(/name servers give the new side.*by hand: moved in the console/);
  }, 120_000);

  test("guard in flight: a try of TwoKey's own that fails after people took the step over undoes nothing of that", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30 });
    await startRun(at);
    const own = STEPS[STEP];
    if (!own) throw new Error(`${STEP} is a step`);
    const kinds: string[] = [];
    const run: StoredStep["run"] = async (input, context) => {
      if (heldUpStep(await runOf(at)) !== STEP) return own.run(input, context);
      await sayAs("ana", "take-over");
      await sayAs("ben", "take-over");
      kinds.push(stateOf(await runOf(at), STEP).state);
      throw new StepFailed("aws-denied", "ChangeResourceRecordSets is denied");
    };

    const ended = await drive(at, {
      steps: { ...STEPS, [STEP]: { ...own, run } },
      onIntent: (id) => {
        if (id === STEP) refusing("ChangeResourceRecordSets", 503, "ServiceUnavailable");
      },
      onFailure: (id) => kinds.push(`${id} failed`),
    });

    expect([ended.state, kinds]).toEqual(["verified", ["by-hand"]]);
    expect(stateOf(ended, STEP).says).toContain("by hand: moved in the console");
  }, 120_000);

  test("an executor that takes over goes on waiting: the time of the refusal is not the step's own", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30 });
    await startRun(at);
    const killed = new AbortController();
    const dead = drive(at, {
      signal: killed.signal,
      onIntent: (id) => {
        if (id === STEP) refusing("ChangeResourceRecordSets", 400, "Throttling");
      },
    });
    await heldUp();
    killed.abort(new Error("killed"));
    await expect(dead).rejects.toThrow();
    at.whole.world.clock.jump(HOUR_MS);
    await at.setSpeed(SPEED);
    const driven = drive(at, { worker: "another" });
    await anHourLater();
    expect((await runOf(at)).state).toBe("running");
    at.whole.world.faults.clear();

    expect((await driven).state).toBe("verified");
  }, 120_000);

  test("two approvers may go on without the step meanwhile, and one changes nothing", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30 });
    await startRun(at);
    const driven = drive(at, {
      onIntent: (id) => {
        if (id === STEP) refusing("ChangeResourceRecordSets", 400, "Throttling");
      },
    });
    const run = await heldUp();
    expect(votesNeeded(run)).toBe(2);
    await sayAs("ana", "skip");
    await anHourLater();
    expect(stateOf(await runOf(at), STEP).state).toBe("intended");
    await sayAs("ana", "skip");
    await sayAs("ben", "skip");
    expect(stateOf(await runOf(at), STEP)).toMatchObject({ state: "skipped", says: "skipped by ana and ben" });
    const ended = await driven;
    // Health alone has led users there, so all that follows is seen. That nobody moved them is said all the same.
    expect([ended.state, unmeasuredSteps(ended).map(({ id }) => id)]).toEqual(["verified", [STEP]]);
  }, 120_000);
});
