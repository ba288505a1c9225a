import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { lookAtOldSide } from "../../../src/flows/runbooks/failover/old-side.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { drive, executorDeps, openLedger } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { standbyOf } from "../../harness/site.ts";
import { standingOf } from "../../harness/standing.ts";

/** Unanswered calls cost machine time: slower, so that they do not cost a step its deadline. */
const SPEED = 60;
/** Longer than a busy machine takes for an answer: what fails on the new side would stand on the plan. */
const SILENCE_MS = 1_500;
/** World time for which descriptions may lag behind: a run has unwound before. */
const STALE_SECONDS = 30;
const DENIED = { kind: "error", status: 400, code: "AccessDenied" } as const;

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: SILENCE_MS });
});
afterEach(() => at.stop());

const home = () => at.service.home;
const comesBack = () => at.whole.world.regions.set(home(), "up");

async function startBlindly(): Promise<void> {
  at.whole.world.regions.set(home(), "dark");
  const run = await startRun(at);
  expect(run.plan.acceptances.map(({ id }) => id)).toContain("not-fenced");
}

/** The region comes back while this step is under way, and answers before the step is through. */
function untilItAnswers(step: StoredStep | undefined): StoredStep {
  if (!step) throw new Error("there is no such step");
  return {
    ...step,
    async run(input, context) {
      comesBack();
      await eventually("answer of the old side", async () => {
        const looked = await lookAtOldSide(await runOf(at), at.cloud, context);
        return looked.kind === "back" || undefined;
      });
      return step.run(input, context);
    },
  };
}

/** The step begins when the old side is closed. */
function onceFenced(step: StoredStep | undefined): StoredStep {
  if (!step) throw new Error("there is no such step");
  return {
    ...step,
    async run(input, context) {
      const isClosed = () => positionOf("RevokeSecurityGroupIngress") >= 0 || undefined;
      await eventually("closed old side", isClosed);
      return step.run(input, context);
    },
  };
}

/** The step begins when the watch has fenced the old side. */
function onceWatched(step: StoredStep | undefined): StoredStep {
  if (!step) throw new Error("there is no such step");
  return {
    ...step,
    async run(input, context) {
      await eventually("fenced old side", async () => (await runOf(at)).watch.state === "fenced");
      return step.run(input, context);
    },
  };
}

const writesOnTheOldSideSince = (fencedAtMs = 0) =>
  at.whole.world.log
    .read(0, "app.write-acknowledged")
    .filter(({ facts, worldMs }) => facts["region"] === home() && worldMs > fencedAtMs);

/** World time for which a pool of the application keeps a session, whatever rule is revoked meanwhile. */
const SESSION_SECONDS = 20;

const positionOf = (call: string) => mutationsOf(at).findIndex((each) => each.startsWith(call));

describe("a region that was dark and returns", () => {
  test("before the run has begun gets everything back when that run unwinds", async () => {
    const before = await standingOf(at);
    await startBlindly();
    comesBack();
    await eventually("answer of the old side", async () => {
      const looked = await lookAtOldSide(await runOf(at), at.cloud, new AbortController());
      return looked.kind === "back" || undefined;
    });
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "RegisterScalableTarget", region: standbyOf(at.service), effect: DENIED },
    });

    const run = await drive(at, { steps: { ...STEPS, "scale-out": onceFenced(STEPS["scale-out"]) } });

    expect(positionOf("RevokeSecurityGroupIngress")).toBeGreaterThanOrEqual(0);
    expect([run.state, run.pastNoReturn]).toEqual(["unwound", false]);
    at.whole.world.faults.clear();
    expect(await standingOf(at)).toEqual(before);
  });

  test("gets everything back also where EC2 and ECS still show what was there before the fence", async () => {
    await at.stop();
    at = await startFailoverWorld({
      ...{ example: "inventory", speed: SPEED, answerWithinMs: SILENCE_MS, staleSeconds: STALE_SECONDS },
    });
    const before = await standingOf(at);
    await startBlindly();
    comesBack();
    await eventually("answer of the old side", async () => {
      const looked = await lookAtOldSide(await runOf(at), at.cloud, new AbortController());
      return looked.kind === "back" || undefined;
    });
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "RegisterScalableTarget", region: standbyOf(at.service), effect: DENIED },
    });

    const run = await drive(at, { steps: { ...STEPS, "scale-out": onceFenced(STEPS["scale-out"]) } });

    expect([run.state, run.pastNoReturn]).toEqual(["unwound", false]);
    at.whole.world.faults.clear();
    await at.clock.sleep(2 * STALE_SECONDS * 1_000);
    expect(await standingOf(at)).toEqual(before);
  });

  test("before the promotion is fenced first, in the order that people signed", async () => {
    await startBlindly();

    const run = await drive(at, {
      steps: { ...STEPS, "record-data-position": untilItAnswers(STEPS["record-data-position"]) },
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence")).toMatchObject({ output: { fence: "fenced" } });
    expect(stateOf(run, "fence").attempt).toBeGreaterThan(1);
    expect(run.watch.tries).toBe(0);
    expect(positionOf("RevokeSecurityGroupIngress")).toBeGreaterThanOrEqual(0);
    expect(positionOf("RevokeSecurityGroupIngress")).toBeLessThan(positionOf("PromoteReadReplica"));
    expect((await verdictOf(at)).splitBrain).toEqual([]);
  });

  test("with ECS slow by itself has its database fenced first all the same, and its service by the watch", async () => {
    await at.stop();
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: 8_000 });
    await startBlindly();
    at.whole.world.regions.setPlane({ region: home(), service: "ecs" }, "slow");

    const run = await drive(at, {
      steps: { ...STEPS, "record-data-position": untilItAnswers(STEPS["record-data-position"]) },
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(positionOf("RevokeSecurityGroupIngress")).toBeGreaterThanOrEqual(0);
    expect(positionOf("RevokeSecurityGroupIngress")).toBeLessThan(positionOf("PromoteReadReplica"));
    expect((await verdictOf(at)).splitBrain).toEqual([]);
    const ledger = await openLedger(at, "watcher");
    const deps = executorDeps(at, ledger, { worker: "watcher" });
    await eventually(
      "stopped service",
      async () => {
        const now = await runOf(at);
        await watchOldSide(now, deps, new AbortController().signal);
        return now.watch.state === "fenced" || undefined;
      },
      120_000,
    );
    await ledger.close();
    expect(await standingOf(at)).toMatchObject({ tasks: { api: { desired: 0 } } });
  }, 240_000);

  test("between the promotion and the end is fenced while the run goes on", async () => {
    await at.stop();
    // What is left of the run lasts longer than that fence.
    const insyncSeconds = [120, 150] as const;
    at = await startFailoverWorld({
      ...{ example: "inventory", speed: SPEED, answerWithinMs: SILENCE_MS, insyncSeconds },
      sessionSeconds: SESSION_SECONDS,
    });
    await startBlindly();

    const run = await drive(at, {
      onIntent: (step) => step === "check-writable" && comesBack(),
      steps: { ...STEPS, "check-public": onceWatched(STEPS["check-public"]) },
    });

    expect([run.state, run.why, run.watch.state]).toEqual(["verified", "", "fenced"]);
    expect(run.watch.endedAtMs).toBeLessThan(run.endedAtMs ?? 0);
    expect(positionOf("RevokeSecurityGroupIngress")).toBeGreaterThan(positionOf("PromoteReadReplica"));
    expect((await runOf(at)).captured).toBeDefined();
    // What came back wrote until it had ended, and nothing after that. Meanwhile the new side's tasks had come in too: nothing
    // ends the sessions that they keep, which is said.
    expect(run.watch.says).toContain("sessions that were open before may still write");
    const fencedAtMs = run.watch.endedAtMs ?? Number.NaN;
    const late = writesOnTheOldSideSince(fencedAtMs);
    expect(late.filter(({ facts }) => facts["servedIn"] === home())).toEqual([]);
    await at.clock.sleep(2 * SESSION_SECONDS * 1_000);
    expect(writesOnTheOldSideSince(fencedAtMs + SESSION_SECONDS * 1_000)).toEqual([]);
  });

  test("while the run is stopped is fenced, and gets everything back when people unwind", async () => {
    const before = await standingOf(at);
    await startBlindly();
    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "promote")
          at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect: DENIED });
      },
    });
    expect(run).toMatchObject({ state: "stopped", watch: { state: "waiting" } });
    at.whole.world.faults.clear();
    comesBack();

    const ledger = await openLedger(at, "watcher");
    const deps = executorDeps(at, ledger, { worker: "watcher" });
    await eventually("fenced old side", async () => {
      const now = await runOf(at);
      await watchOldSide(now, deps, new AbortController().signal);
      return now.watch.state === "fenced" || undefined;
    });
    await ledger.close();
    const closed = await standingOf(at);
    expect(Object.values(closed.rules).flat()).toEqual([]);
    expect(closed).toMatchObject({ tasks: { api: { desired: 0, scaling: { max: 0 } } } });
    expect((await runOf(at)).state).toBe("stopped");

    const { intents: position } = await runOf(at);
    const vote = (by: string): RunEntry => ({
      ...{ kind: "vote", atMs: at.clock.now(), by, door: "slack", decision: "unwind", step: "promote", position },
    });
    await at.memory.runs.append(await runOf(at), { entries: [vote("ana"), vote("ben")], events: [] });
    expect((await drive(at)).state).toBe("unwound");
    expect(await standingOf(at)).toEqual(before);
  });
});
