import { fileURLToPath } from "node:url";
import { Bug } from "../../domain/errors.ts";
import type { RunState } from "../../domain/run.ts";
import type { Stage } from "../stage.ts";
import { WorldClient } from "../world-client.ts";
import { WorldProcess } from "../world-process.ts";
import { leastTimeMs } from "./least-time.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { seenRun, startFailover } from "./rehearsal.ts";
import { failOverSequentially } from "./sequential.ts";

const SPEED = 10;
const WORLD = fileURLToPath(new URL("../../world.js", import.meta.url));
/** Machine time: half an hour of the world and some. */
const VERIFIED_WITHIN_MS = 240_000;

/** The last key until verified, against the least that the world allows, and against a script in the same world. */
export const failover: Measurement = {
  name: "failover",
  speed: SPEED,
  injected: {},
  async measure(bench): Promise<Measured> {
    const ours = await onStage(bench, failover, (stage) => timeOfOurs(bench, stage), { bots: 2 });
    bench.say("the same failover as a sequential script");
    const script = await timeOfScript(bench);
    const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
    return {
      figures: {
        failoverOverhead: ours.tookMs / ours.leastMs,
        speedupVsSequential: script.tookMs / ours.tookMs,
      },
      notes: [
        `One failover of world time: ${seconds(ours.tookMs)}; critical path ${seconds(ours.leastMs)}; the script ${seconds(script.tookMs)}.`,
        `The promotion itself took ${seconds(ours.promotionMs)} with us and ${seconds(script.promotionMs)} with the script.`,
      ],
    };
  },
};

async function timeOfOurs(bench: Bench, stage: Stage) {
  const id = await startFailover(stage);
  bench.say(`run ${id} has its two keys`);
  const run = await seenRun(
    stage,
    id,
    ({ endedAtMs, state }) => endedAtMs !== undefined || state === "stopped",
    VERIFIED_WITHIN_MS,
  );
  const { lastKeyMs, verifiedMs } = spanOf(run);
  const entries = await stage.world.log();
  return {
    tookMs: verifiedMs - lastKeyMs,
    leastMs: leastTimeMs(entries),
    promotionMs: await promotionMs(stage.world),
  };
}

function spanOf(run: RunState): { lastKeyMs: number; verifiedMs: number } {
  if (run.state !== "verified" || run.endedAtMs === undefined) {
    throw new Bug("not-verified", `The failover ended as ${run.state}. ${run.why}`);
  }
  return { lastKeyMs: Math.max(...run.keys.map(({ atMs }) => atMs)), verifiedMs: run.endedAtMs };
}

async function timeOfScript({ config, seed }: Bench): Promise<{ tookMs: number; promotionMs: number }> {
  // Nobody listens: a script hears no alarm.
  const webhooks = "http://127.0.0.1:9";
  const running = await WorldProcess.start({ program: WORLD, config, webhooks, speed: SPEED, seed });
  try {
    const world = new WorldClient(running.controlPort);
    const tookMs = await failOverSequentially(world, running.environment);
    return { tookMs, promotionMs: await promotionMs(world) };
  } finally {
    await running.stop();
  }
}

/** From accepted to observable, as the world knows it. */
async function promotionMs(world: WorldClient): Promise<number> {
  const [promoted] = await world.log("rds.promotion-observable");
  return Number(promoted?.facts["observableMs"]) - Number(promoted?.facts["acceptedMs"]);
}
