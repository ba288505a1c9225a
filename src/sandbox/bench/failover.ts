import { fileURLToPath } from "node:url";
import type { Stage } from "../stage.ts";
import { WorldClient } from "../world-client.ts";
import { WorldProcess } from "../world-process.ts";
import { leastTimeMs } from "./least-time.ts";
import type { Bench, Measured, Measurement, Spread } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { DARK_HOME, type Span, spanOfFailover } from "./rehearsal.ts";
import { spreadOf } from "./samples.ts";
import { failOverSequentially } from "./sequential.ts";

const SPEED = 10;
const WORLDS = 3;
const QUICK_WORLDS = 1;
const WORLD = fileURLToPath(new URL("../../world.js", import.meta.url));

/** The last key until verified, against the least that the world allows, and against a script in the same world. */
export const failover: Measurement = {
  name: "failover",
  speed: SPEED,
  injected: {},
  async measure(bench): Promise<Measured> {
    // Each in a world of its own, whose seed decides how long AWS takes; a failover mostly waits, so they do at once.
    const worlds = Array.from({ length: bench.isQuick ? QUICK_WORLDS : WORLDS }, (_, index) => ({
      ...bench,
      seed: bench.seed + index,
    }));
    const ours = await Promise.all(
      worlds.map((world) => onStage(world, { measurement: failover }, (stage) => timeOfOurs(world, stage))),
    );
    bench.say("the same failovers as a sequential script");
    const scripts = await Promise.all(worlds.map(timeOfScript));
    const pairs = ours.flatMap((mine, index) => {
      const script = scripts[index];
      return script ? [{ mine, script }] : [];
    });
    const overhead = spreadOf(ours.map(({ tookMs, leastMs }) => tookMs / leastMs));
    const speedup = spreadOf(pairs.map(({ mine, script }) => script.tookMs / mine.tookMs));
    return {
      figures: {
        failoverOverhead: overhead.median,
        failoverOverheadSpread: overhead,
        speedupVsSequential: speedup.median,
        speedupSpread: speedup,
      },
      notes: [
        `Medians of ${overhead.samples}; failover ÷ critical path ${sayRange(overhead)}; script ÷ failover ${sayRange(speedup)}.`,
        ...pairs.map(({ mine, script }, index) => sayPair(bench.seed + index, mine, script)),
      ],
    };
  },
};

interface Ours extends Span {
  readonly leastMs: number;
  readonly promotionMs: number;
}
type Script = Awaited<ReturnType<typeof timeOfScript>>;

const sayRange = ({ least, most }: Spread) => `from ${least.toFixed(3)} to ${most.toFixed(3)}`;

function sayPair(seed: number, mine: Ours, script: Script): string {
  const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
  return (
    `World ${seed}: ${seconds(mine.tookMs)} of world time; critical path ${seconds(mine.leastMs)}; the script ${seconds(script.tookMs)}. ` +
    `The promotion itself took ${seconds(mine.promotionMs)} with us and ${seconds(script.promotionMs)} with the script.`
  );
}

async function timeOfOurs(bench: Bench, stage: Stage): Promise<Ours> {
  const span = await spanOfFailover(bench, stage, DARK_HOME);
  const entries = await stage.world.log();
  return { ...span, leastMs: leastTimeMs(entries), promotionMs: await promotionMs(stage.world) };
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
