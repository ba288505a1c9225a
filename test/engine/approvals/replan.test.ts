import { afterEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { computesIn } from "../../../src/flows/resources/site.ts";
import { drive } from "../../harness/drive.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { standbyOf, trafficOf } from "../../harness/site.ts";
import { standingOf } from "../../harness/standing.ts";

const SPEED = 150;

let at: FailoverWorld;
afterEach(() => at.stop());

const denied = (operation: string, region?: string) =>
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation, effect: { kind: "error", status: 400, code: "AccessDenied" } },
    ...(region === undefined ? {} : { region }),
  });
const count = (operation: string) => mutationsOf(at).filter((call) => call.startsWith(operation)).length;

async function recordsOfSomebodyElse(weight: number): Promise<void> {
  const { zone, name } = trafficOf(at.service);
  const found = await at.cloud.traffic.records(zone, name);
  if (!found.known) throw new Error(found.why);
  await at.others.traffic.upsert({
    zone,
    records: found.value.map((record) => ({ ...record, weight })),
    comment: "somebody else",
  });
}

describe("a plan for the rest", () => {
  test("of a run that stopped after the promotion leaves the promotion out, and brings users over", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    await drive(at, { onIntent: (step) => void (step === "shift-traffic" && denied("ChangeResourceRecordSets")) });
    at.whole.world.faults.clear();
    // What a retry would refuse: the records are no longer those that the first plan captured.
    await recordsOfSomebodyElse(50);
    const stopped = await runOf(at);
    expect(stopped).toMatchObject({ state: "stopped", pastNoReturn: true });

    const begun = await startRun(at, { id: "F-2", continues: stopped });
    const run = await drive(at, { run: "F-2" });

    expect(begun.plan.steps.map(({ id }) => id)).not.toContain("promote");
    expect([run.state, run.why, run.pastNoReturn]).toEqual(["verified", "", true]);
    expect(await runOf(at)).toMatchObject({ state: "superseded", why: "goes on as F-2" });
    expect(count("PromoteReadReplica")).toBe(1);
    expect((await verdictOf(at)).splitBrain).toEqual([]);
    expect(await at.memory.runs.openIds()).not.toContain("F-1");
  });

  test("of a run whose facts changed before the promotion is a whole failover on the facts of now", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    await recordsOfSomebodyElse(90);
    const voided = await drive(at);
    expect(voided).toMatchObject({ state: "paused", voided: true, pastNoReturn: false });

    await startRun(at, { id: "F-2", continues: voided });

    expect(await drive(at, { run: "F-2" })).toMatchObject({ state: "verified", pastNoReturn: true });
    expect(count("PromoteReadReplica")).toBe(1);
  });

  test("that fails before the promotion gives back what stood before the first attempt, not what that had left", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const { home } = at.service;
    const standby = standbyOf(at.service);
    const before = await standingOf(at);
    await startRun(at);
    denied("RegisterScalableTarget", standby);
    denied("AuthorizeSecurityGroupIngress", home);
    const stuck = await drive(at);
    expect([stuck.state, stateOf(stuck, "fence").state]).toEqual(["stuck", "undo-failed"]);
    at.whole.world.faults.clear();
    denied("RegisterScalableTarget", standby);

    await startRun(at, { id: "F-2", continues: stuck });
    const run = await drive(at, { run: "F-2" });

    expect(run).toMatchObject({ state: "unwound", pastNoReturn: false });
    at.whole.world.faults.clear();
    expect(await standingOf(at)).toEqual(before);
    expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
  });

  /** What somebody does at the old side's service meanwhile. */
  async function scaledBySomebody(): Promise<void> {
    const [api] = computesIn(at.service, at.service.home);
    if (!api) throw new Error("the service has a compute");
    const { cluster, service, tasks } = api.compute;
    await at.client.click("ecs:UpdateService", at.service.home, { cluster, service, desiredCount: tasks + 1 });
  }

  test("of a run that was paused after its fence gives back what stood right before that fence", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    await scaledBySomebody();
    const before = await standingOf(at);
    const by = { atMs: at.clock.now(), by: "ana", door: "slack" } as const;
    const said: Promise<void>[] = [];
    const say = (run: string, entry: RunEntry) => void said.push(append(run, entry));
    const paused = await drive(at, {
      onIntent: (step) =>
        void (step === "record-position" && say("F-1", { kind: "paused", ...by, why: "a look first" })),
    });
    await Promise.all(said);
    expect([paused.state, stateOf(paused, "fence").state]).toEqual(["paused", "done"]);

    await startRun(at, { id: "F-2", continues: await runOf(at) });
    const run = await drive(at, {
      run: "F-2",
      onIntent: (step) => void (step === "fence" && say("F-2", { kind: "aborted", ...by })),
    });

    expect(run).toMatchObject({ state: "unwound", pastNoReturn: false });
    expect(await standingOf(at)).toEqual(before);
  }, 120_000);

  async function append(run: string, entry: RunEntry): Promise<void> {
    for (;;) {
      const answer = await at.memory.runs.append(await runOf(at, run), { entries: [entry], events: [] });
      if (answer.kind === "appended") return;
      if (answer.kind !== "conflict") throw new Error(answer.kind);
    }
  }

  test("guard captured for itself: of a run that fenced nothing gives back what stood right before its own fence, not what plans saw", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    await recordsOfSomebodyElse(90);
    const voided = await drive(at);
    expect([voided.state, voided.intents]).toEqual(["paused", 0]);
    await startRun(at, { id: "F-2", continues: voided });
    await scaledBySomebody();
    const before = await standingOf(at);
    denied("PromoteReadReplica");
    denied("RegisterScalableTarget", standbyOf(at.service));

    const run = await drive(at, { run: "F-2" });

    expect(run).toMatchObject({ state: "unwound", pastNoReturn: false });
    at.whole.world.faults.clear();
    expect(await standingOf(at)).toEqual(before);
  }, 120_000);

  test("past the point of no return it has no way back either: a failure stops it, and two keys undo nothing", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    denied("ChangeResourceRecordSets");
    const stopped = await drive(at);
    await startRun(at, { id: "F-2", continues: stopped });
    const again = await drive(at, { run: "F-2" });
    expect(again).toMatchObject({ state: "stopped", pastNoReturn: true });
    const before = mutationsOf(at);
    const { atMs, epoch } = { atMs: at.clock.now(), epoch: again.epoch };
    const vote = (by: string): RunEntry => ({
      ...{ kind: "vote", atMs, by, door: "slack", decision: "unwind", step: "point-application" },
      position: again.intents,
    });
    await at.memory.runs.append(again, { entries: [vote("ana"), vote("ben")], events: [] });
    const refused = await drive(at, { run: "F-2" });

    expect(epoch).toBeGreaterThan(stopped.epoch);
    expect(refused.state).toBe("stopped");
    expect(refused.why).toContain("would make two");
    expect(mutationsOf(at)).toEqual(before);
  });
});
