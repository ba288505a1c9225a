import { Bug } from "../../domain/errors.ts";
import { isOver } from "../../domain/plan-run/run.ts";
import type { Bot } from "../bot-process.ts";
import type { Stage } from "../stage.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { seenRun, startFailover } from "./rehearsal.ts";
import { quantile } from "./samples.ts";

/** Slow enough that one failover lasts longer than all the kills. */
const SPEED = 4;
const KILLS = 10;
const QUICK_KILLS = 3;
/** Machine times. */
const CLAIMED_WITHIN_MS = 60_000;
/** Between a claim and the next kill: the new driver is at work by then, at another point each time. */
const SHORTEST_WORK_MS = 200;
const LONGEST_WORK_MS = 1_500;

/** Kills whichever bot drives the run, as the power would, until the other one has claimed it. */
export const resumeAfterKill: Measurement = {
  name: "resume",
  speed: SPEED,
  injected: {},
  measure: (bench) =>
    onStage(bench, { measurement: resumeAfterKill, options: { bots: 2 } }, (stage) => play(bench, stage)),
};

async function play(bench: Bench, stage: Stage): Promise<Measured> {
  const wanted = bench.isQuick ? QUICK_KILLS : KILLS;
  const id = await startFailover(stage);
  const resumedMs: number[] = [];
  while (resumedMs.length < wanted) {
    const share = resumedMs.length / wanted;
    await new Promise((resolve) =>
      setTimeout(resolve, SHORTEST_WORK_MS + share * (LONGEST_WORK_MS - SHORTEST_WORK_MS)),
    );
    const took = await killDriver(stage, id);
    if (took === undefined) break;
    resumedMs.push(took);
    bench.say(`resumed after ${took} ms`);
  }
  if (resumedMs.length === 0) throw new Bug("nothing-killed", "The run was over before its driver could be killed");
  return {
    figures: { resumeAfterKillP99Ms: quantile(resumedMs, 0.99) },
    notes: [`${resumedMs.length} kills within one run; p50 ${quantile(resumedMs, 0.5)} ms.`],
  };
}

/** Machine milliseconds from the kill until the journal has the other's claim; undefined: the run was over already. */
async function killDriver(stage: Stage, id: string): Promise<number | undefined> {
  const { epoch, worker } = await seenRun(stage, { id, withinMs: CLAIMED_WITHIN_MS }, (run) => run.epoch > 0);
  const driver = driverOf(stage, worker);
  const killedMs = Date.now();
  await driver.kill();
  const after = await seenRun(stage, { id, withinMs: CLAIMED_WITHIN_MS }, (run) => run.epoch > epoch || isOver(run));
  const tookMs = Date.now() - killedMs;
  driver.start();
  await driver.ready();
  return after.epoch > epoch ? tookMs : undefined;
}

/** Workers are called `<process>@<host>:<pid>`. */
function driverOf({ bots }: Stage, worker: string | undefined): Bot {
  const driver = bots.find(({ pid }) => pid !== undefined && worker?.endsWith(`:${pid}`));
  if (!driver) throw new Bug("driver-unknown", `No bot of this stage is ${worker ?? "the driver"}`);
  return driver;
}
