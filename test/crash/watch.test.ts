import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { drive } from "../harness/drive.ts";
import { eventually } from "../harness/eventually.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { standingOf } from "../harness/standing.ts";
import { driveThroughKills, TOO_LATE, Worker } from "./workers.ts";

const SPEED = 60;
/** Machine times: what a silent call costs, and the earliest at which the queue replaces a worker that stands still. */
const SILENCE_MS = 500;
const TAKEN_OVER_AFTER_MS = 2_500;
const POINTS = [
  "before-watch-intent fence",
  "after-watch-intent fence",
  "before-call fence",
  "after-call fence",
  "before-watch-asked fence",
  "after-watch-asked fence",
];

let at: FailoverWorld;
let before: Awaited<ReturnType<typeof standingOf>>;
let workers: Worker[];
/** A run that stopped at its promotion, which was refused, with an old side that was dark all the time and comes back now. */
beforeEach(async () => {
  workers = [];
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: SILENCE_MS });
  before = await standingOf(at);
  at.whole.world.regions.set(at.service.home, "dark");
  await startRun(at);
  const effect = { kind: "error", status: 400, code: "AccessDenied" } as const;
  at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect });
  const run = await drive(at);
  expect(run).toMatchObject({ state: "stopped", pastNoReturn: true, watch: { state: "waiting" } });
  at.whole.world.faults.clear();
  at.whole.world.regions.set(at.service.home, "up");
});
afterEach(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map(({ gone }) => gone));
  await at.stop();
});

async function started(name: string): Promise<Worker> {
  const worker = Worker.start(at, name);
  workers.push(worker);
  await worker.ready();
  return worker;
}

const inHome = () => mutationsOf(at).filter((call) => call.includes(` ${at.service.home} `));

describe("a watcher of the old side", () => {
  test("that dies anywhere is followed by one that fences it, and nothing is done twice", async () => {
    const killedAt = await driveThroughKills(at, POINTS, SPEED);

    process.stdout.write(`kills of the watch: ${killedAt.length} of ${POINTS.length} tried\n`);
    expect(new Set(killedAt)).toEqual(new Set(POINTS));
    const run = await eventually("fenced old side", async () => {
      const now = await runOf(at);
      if (now.watch.state === "fenced") return now;
      const next = await started("next");
      next.drives("F-1");
      await next.lastWords();
      return undefined;
    });
    expect(run.state).toBe("stopped");
    expect(new Set(inHome()).size).toBe(inHome().length);
    expect((await verdictOf(at, run.watch.endedAtMs)).splitBrain).toEqual([]);
  });

  test("that stood still before its call while people had the run unwound closes nothing (J6, J7)", async () => {
    const [late, other] = [await started("late"), await started("other")];
    late.drives("F-1", [], "before-send fence");
    await late.frozen();
    const frozenAtMs = performance.now();
    const { intents: position } = await runOf(at);
    const vote = (by: string): RunEntry => ({
      ...{ kind: "vote", atMs: at.clock.now(), by, door: "slack", decision: "unwind", step: "promote", position },
    });
    await at.memory.runs.append(await runOf(at), { entries: [vote("ana"), vote("ben")], events: [] });
    other.drives("F-1");
    expect(await other.lastWords()).toBe("ended unwound");
    const calls = inHome();
    const isLongAgo = () => performance.now() - frozenAtMs > TAKEN_OVER_AFTER_MS || undefined;
    await eventually("takeover by the queue", isLongAgo, 2 * TAKEN_OVER_AFTER_MS);
    late.kill("SIGCONT");

    expect(await late.lastWords()).toMatch(TOO_LATE);
    expect(inHome()).toEqual(calls);
    expect(calls.filter((call) => call.startsWith("RevokeSecurityGroupIngress"))).toEqual([]);
    // Here the region's silence may still be remembered.
    const standing = () => standingOf(at).catch(() => undefined);
    expect(await eventually("look at the old side", standing)).toEqual(before);
  });
});
