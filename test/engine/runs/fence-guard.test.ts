import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { sayTime } from "../../../src/domain/duration.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { advanceRun } from "../../../src/engine/runs/advance-run.ts";
import { driveRun } from "../../../src/engine/runs/executor.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { computesIn } from "../../../src/flows/resources/site.ts";
import type { Logger } from "../../../src/ports/logger.ts";
import type { PlannedFault } from "../../../src/simulators/world/faults.ts";
import { eventsOf } from "../../../src/store/events.ts";
import { KEYS } from "../../../src/store/keys.ts";
import { runNewsCard } from "../../../src/views/run-news.ts";
import { advanceDeps, drive, executorDeps, openLedger } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { mutationsOf, reopenOldSide, runOf, startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { silent } from "../../harness/fakes/index.ts";
import { entryIn } from "../../harness/keys.ts";
import { standbyOf } from "../../harness/site.ts";

const SPEED = 60;
/** World times: between two looks; and what it takes besides, to see and to write it down, included. */
const LOOK_EVERY_MS = 15_000;
const HEARD_WITHIN_MS = 30_000;

let at: FailoverWorld;
async function begin(staleSeconds?: number): Promise<void> {
  // Tasks of the new side that got in while it stood open would go on writing; nothing but a reboot ends their sessions.
  const stale = staleSeconds === undefined ? {} : { staleSeconds };
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, sessionSeconds: 1, ...stale });
  await startRun(at);
}

/** The connections of the old side's write check are cut from now on. */
function silenceCheck(): PlannedFault {
  const cut = { vendor: "app", operation: "POST /write-check", effect: { kind: "drop-before" } } as const;
  return at.whole.world.faults.plan({ ...cut, region: at.service.home });
}

/** The standby answers late, and meanwhile nobody can tell whether the old side writes. */
function slowAndUntold(): PlannedFault {
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation: "DescribeDBInstances", region: standbyOf(at.service), times: 1 },
    effect: { kind: "delay", machineMs: 2_500 },
  });
  return silenceCheck();
}

const once = (step: string, act: () => void) => (begun: string) => void (begun === step && act());
async function kindsOf(): Promise<RunEntry["kind"][]> {
  const redis = await at.bench.connect();
  return (await redis.lrange(KEYS.journal("F-1"), 0, -1)).map((line) => entryIn(line).kind);
}
const positionsOf = (call: string) => mutationsOf(at).flatMap((each, index) => (each.startsWith(call) ? [index] : []));

describe("an old side that was fenced and is opened by somebody else", () => {
  beforeEach(() => begin());
  afterEach(() => at.stop());

  test("before the promotion is fenced again first", async () => {
    const run = await drive(at, { onIntent: once("record-position", () => void reopenOldSide(at)) });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence")).toMatchObject({ attempt: 2, output: { fence: "fenced" } });
    const [promotion = Number.NaN] = positionsOf("PromoteReadReplica");
    const closings = positionsOf("RevokeSecurityGroupIngress");
    expect(closings).toHaveLength(2);
    expect(Math.max(...closings)).toBeLessThan(promotion);
    expect(await verdictOf(at)).toMatchObject({ splitBrain: [] });
  });

  test("guard scaled up: before the promotion has a service that somebody scaled up stopped again first", async () => {
    const [api] = computesIn(at.service, at.service.home);
    if (!api) throw new Error("the service has a compute");
    const { cluster, service } = api.compute;
    /** As an auto scaling policy of somebody's own would: bounds that start tasks, and tasks. */
    const scaledUp = async () => {
      await at.client.click("application-autoscaling:RegisterScalableTarget", at.service.home, {
        ...{ ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" },
        ...{ ResourceId: `service/${cluster}/${service}`, MinCapacity: 2, MaxCapacity: 4 },
        SuspendedState: { DynamicScalingOutSuspended: false },
      });
    };
    const scaling: Promise<void>[] = [];
    const run = await drive(at, { onIntent: once("record-position", () => void scaling.push(scaledUp())) });
    await Promise.all(scaling);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence")).toMatchObject({ attempt: 2, output: { fence: "fenced" } });
    const [promotion = Number.NaN] = positionsOf("PromoteReadReplica");
    const stops = positionsOf("UpdateService").filter((position) => position < promotion);
    expect(stops.length).toBeGreaterThanOrEqual(2);
    const now = await at.others.compute.describe(at.service.home, api.compute);
    expect(now).toMatchObject({ known: true, value: { desired: 0, scaling: { max: 0 } } });
    expect(await verdictOf(at)).toMatchObject({ splitBrain: [] });
  });

  test("before the promotion, where nobody can tell whether it writes: the keys are void", async () => {
    const run = await drive(at, { onIntent: once("record-position", silenceCheck) });

    expect([run.state, run.voided, run.pastNoReturn]).toEqual(["paused", true, false]);
    expect(run.why).toMatch(/eu-west-1 was fenced, and nobody can prove it now: the write check .* gives no answer/);
    expect(positionsOf("PromoteReadReplica")).toEqual([]);
  });

  test("after the promotion is fenced again before the run counts as verified, and people hear of it", async () => {
    const run = await drive(at, { onIntent: once("point-application", () => void reopenOldSide(at)) });

    expect([run.state, run.why, run.watch.state]).toEqual(["verified", "", "fenced"]);
    const kinds = await kindsOf();
    expect(kinds.indexOf("fence-lost")).toBeGreaterThan(0);
    expect(kinds.indexOf("fence-lost")).toBeLessThan(kinds.indexOf("fenced-later"));
    expect(kinds.indexOf("fenced-later")).toBeLessThan(kinds.indexOf("finished"));
    const atHome = at.whole.world.log
      .read(0, "app.write-acknowledged")
      .filter(({ facts }) => facts["region"] === at.service.home);
    expect(atHome.filter(({ worldMs }) => worldMs > (run.watch.endedAtMs ?? 0))).toEqual([]);
  });

  test("guard young proof: while the standby is slow to be seen and nobody can tell any more: nothing is promoted, and people are asked", async () => {
    const run = await drive(at, { onIntent: once("promote", () => void slowAndUntold()) });

    expect([run.state, run.why]).toEqual(["stopped", expect.stringMatching(/not proven to be fenced any more/)]);
    expect(positionsOf("PromoteReadReplica")).toEqual([]);
  });

  test("while the standby is slow to be seen: it is proven again, and the promotion goes on", async () => {
    const throttled = { kind: "error", status: 400, code: "Throttling" } as const;
    at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", times: 2, effect: throttled });
    let told: PlannedFault | undefined;
    const why: unknown[] = [];
    const ledger = await openLedger(at);
    const deps = executorDeps(at, ledger, { onIntent: once("promote", () => (told = slowAndUntold())) });
    const warn: Logger["warn"] = (facts) => {
      why.push(facts);
      told?.cancel();
    };
    await at.skippingIdleTime(() =>
      driveRun("F-1", { ...deps, logger: { ...silent, warn } }, new AbortController().signal),
    );
    await ledger.close();

    const run = await runOf(at);
    expect([run.state, run.why, stateOf(run, "promote").attempt]).toEqual(["verified", "", 2]);
    expect(why).toEqual([expect.objectContaining({ step: "promote", why: expect.stringMatching(/proof is too old/) })]);
    expect(positionsOf("PromoteReadReplica")).toHaveLength(1);
  });

  test("while a promotion is refused, and nobody can tell whether it writes: people are asked, and soon", async () => {
    const throttled = { kind: "error", status: 400, code: "Throttling" } as const;
    at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", times: 4, effect: throttled });
    const begins = () => {
      silenceCheck();
      // What is waited for passes at once; what a busy machine computes counts as it is.
      at.whole.world.clock.setSpeed(1);
    };
    const run = await drive(at, { onIntent: once("promote", begins) });

    expect([run.state, run.why]).toEqual(["stopped", expect.stringMatching(/not proven to be fenced any more/)]);
    expect(positionsOf("PromoteReadReplica")).toEqual([]);
    const { startedAtMs = 0, endedAtMs = 0 } = stateOf(run, "promote");
    expect(endedAtMs - startedAtMs).toBeLessThan(5 * 60_000);
  });

  test("holds up no promotion that has happened, although its answer was lost and nobody can tell whether it writes", async () => {
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "PromoteReadReplica", times: 1 },
      effect: { kind: "drop-after" },
    });
    const run = await drive(at, { onIntent: once("promote", silenceCheck) });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(positionsOf("PromoteReadReplica")).toHaveLength(1);
  });

  test("is not called open at the end because its write check alone gives no answer", async () => {
    const run = await drive(at, { onIntent: once("point-application", silenceCheck) });

    expect([run.state, run.why, run.watch.lostAtMs]).toEqual(["verified", "", undefined]);
    expect(run.unseenAtEnd).toEqual({
      seenClosedMs: expect.any(Number),
      why: expect.stringMatching(/the write check .* gives no answer/),
    });
  });

  test("guard unseen at the end: and gives no answer at the end holds nothing up, and the end says when it was last seen closed", async () => {
    const dark = () => at.whole.world.regions.set(at.service.home, "dark");
    const run = await drive(at, { onDone: once("shift-traffic", dark) });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const { seenClosedMs = Number.NaN, why } = run.unseenAtEnd ?? {};
    expect(why).toBeUndefined();
    expect(seenClosedMs).toBeGreaterThan(stateOf(run, "fence").endedAtMs ?? Number.NaN);
    expect(seenClosedMs).toBeLessThan(run.endedAtMs ?? Number.NaN);
    const said = new RegExp(`eu-west-1 gave no answer at the end; last seen closed at ${sayTime(seenClosedMs)}`);
    const events = await eventsOf(await at.bench.connect(), "run", "F-1");
    expect(JSON.stringify(events.at(-1))).toMatch(said);
    const shown = { run, inventory: at.inventory, nowMs: at.clock.now(), needed: undefined };
    expect(runNewsCard("verified", shown)?.text).toMatch(
      /is verified\. .*eu-west-1 gave no answer at the end\. It was last seen closed at \d/,
    );
  });

  test("after a promotion that was refused promotes nothing at a retry: people look first", async () => {
    const denied = { kind: "error", status: 403, code: "AccessDenied" } as const;
    at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", times: 1, effect: denied });
    const stopped = await drive(at);
    expect([stopped.state, stopped.pastNoReturn]).toEqual(["stopped", true]);
    at.whole.world.faults.plan({ vendor: "aws", operation: "RevokeSecurityGroupIngress", effect: denied });
    await reopenOldSide(at);
    const retried = { kind: "retried", atMs: at.clock.now(), by: "ana", door: "slack", step: "promote" } as const;
    await at.memory.runs.append(await runOf(at), { entries: [retried], events: [] });

    const run = await drive(at);

    expect([run.state, run.voided]).toEqual(["paused", true]);
    expect(run.why).toMatch(/eu-west-1 is not proven to be fenced any more: /);
    expect(positionsOf("PromoteReadReplica")).toEqual([]);
  });
});

/** Most refusals that a call under way still meets: it leaves four times. */
const A_CALL = 3;

describe("an old side that is opened by somebody else, in a world that shows each change at once", () => {
  beforeEach(() => begin(0));
  afterEach(() => at.stop());

  test("guard old proof: while a promotion is refused is fenced again before it is asked for again", async () => {
    const throttled = { kind: "error", status: 400, code: "Throttling" } as const;
    const refused = at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "PromoteReadReplica", times: 100, effect: throttled },
    });
    const closingsSoFar = () => positionsOf("RevokeSecurityGroupIngress").length;
    // A call is refused while the side stands open, and no more than one: without a fresh proof the next try leaves before anybody closes it.
    const reopened = async () => {
      // Whoever closes it again is slow about it.
      at.whole.world.faults.plan({
        ...{ vendor: "aws", operation: "RevokeSecurityGroupIngress", times: 12, effect: throttled },
      });
      await reopenOldSide(at);
      const { taken } = refused;
      await eventually("refusal, or another closing", async () =>
        refused.taken > taken + A_CALL || closingsSoFar() > 1 ? true : undefined,
      );
      refused.cancel();
    };
    let opening: Promise<void> | undefined;
    const begins = () => {
      opening = reopened();
    };
    const run = await drive(at, { onIntent: once("promote", begins) });
    await opening;

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const [promotion = Number.NaN] = positionsOf("PromoteReadReplica");
    const closings = positionsOf("RevokeSecurityGroupIngress");
    expect(closings).toHaveLength(2);
    expect(Math.max(...closings)).toBeLessThan(promotion);
  });
});

describe("an old side that is fenced at the end of a run, and opened by somebody else after it", () => {
  let verified: RunState;
  /** What each process that looks at the quiet run asks to be shown, and for whose calls it looks. */
  const shown: string[] = [];
  const called: string[] = [];
  let afterQuietLooks: RunState;
  let times: { readonly lookedAtMs: number; readonly openedAtMs: number };
  let lost: RunState;
  let neededThen: ReturnType<typeof whoIsNeeded>;
  let again: RunState;
  beforeAll(async () => {
    await begin();
    verified = await drive(at);
    await looksQuietly();
    // By then another look is due.
    await at.clock.sleep(HEARD_WITHIN_MS);
    await isOpened();
  });
  afterAll(() => at.stop());

  async function looksQuietly(): Promise<void> {
    const ledger = await openLedger(at, "next");
    const wake = {
      card: async (id: string) => void shown.push(id),
      runCalls: async (id: string) => void called.push(id),
    };
    const deps = { ...advanceDeps(at, ledger, { worker: "next" }), wake };
    for (const _look of [1, 2, 3]) await advanceRun("F-1", deps, new AbortController().signal);
    await ledger.close();
    afterQuietLooks = await runOf(at);
  }

  async function isOpened(): Promise<void> {
    const ledger = await openLedger(at, "watcher");
    const deps = executorDeps(at, ledger);
    const turn = async () =>
      watchOldSide(await runOf(at), { ...deps, worker: "watcher" }, new AbortController().signal);
    const lookedAtMs = at.clock.now();
    await turn();
    expect((await runOf(at)).length).toBe(verified.length);

    await reopenOldSide(at);
    times = { lookedAtMs, openedAtMs: at.clock.now() };
    // Another look is due, and a busy machine has the rest of the half minute for it.
    at.whole.world.clock.setSpeed(1);
    at.whole.world.clock.jump(LOOK_EVERY_MS);
    lost = await eventually("lost fence", async () => {
      await turn();
      const run = await runOf(at);
      return run.watch.lostAtMs === undefined ? undefined : run;
    });
    at.whole.world.clock.setSpeed(SPEED);
    neededThen = whoIsNeeded(lost, at.inventory, at.clock.now());
    again = await eventually("fence", async () => {
      await turn();
      const run = await runOf(at);
      return run.watch.state === "fenced" ? run : undefined;
    });
    await ledger.close();
  }

  test("that was seen closed at the end has no old proof", () => {
    expect(verified).toMatchObject({ state: "verified", unseenAtEnd: undefined });
  });

  test("after the end is seen within 30 s, calls people, and is fenced again as the signed plan says", () => {
    const { lookedAtMs, openedAtMs } = times;
    expect((lost.watch.lostAtMs ?? 0) - openedAtMs).toBeLessThanOrEqual(HEARD_WITHIN_MS);
    // What it took since then is not on the new side.
    expect(lost.watch.seenClosedMs).toBeGreaterThanOrEqual(lookedAtMs);
    expect(lost.watch.seenClosedMs).toBeLessThanOrEqual(openedAtMs);
    expect(neededThen?.why).toMatch(/eu-west-1 was fenced and is not any more: .* It was last seen closed at /);
    expect(neededThen?.people.map(({ id }) => id)).toEqual(expect.arrayContaining(["ana", "ben"]));
    expect(positionsOf("RevokeSecurityGroupIngress")).toHaveLength(2);
    expect(whoIsNeeded(again, at.inventory, at.clock.now())).toBeUndefined();
  });

  test("is shown once by each process: what a worker that died had not shown is shown by the next, and a quiet look is not", () => {
    expect(afterQuietLooks.length).toBe(verified.length);
    expect(shown.filter((id) => id === "progress:F-1")).toHaveLength(1);
    expect(called).toEqual(["F-1"]);
  });
});
