import { leastPlannedMs } from "./least-time.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { PLANNED, spanOfFailover } from "./rehearsal.ts";
import { spreadOf } from "./samples.ts";

const SPEED = 10;
const WORLDS = 3;
const QUICK_WORLDS = 1;

/**
 * A planned move with home up: the last key until verified, against the least that the world allows. What it waits for before the
 * promotion counts: tasks that end, rules that take effect, samples of the replica's lag.
 */
export const planned: Measurement = {
  name: "planned",
  speed: SPEED,
  injected: {},
  async measure(bench): Promise<Measured> {
    const worlds = Array.from({ length: bench.isQuick ? QUICK_WORLDS : WORLDS }, (_, index) => bench.seed + index);
    const times = await Promise.all(worlds.map((seed) => timeIn({ ...bench, seed })));
    const overhead = spreadOf(times.map(({ tookMs, leastMs }) => tookMs / leastMs));
    const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
    return {
      figures: { plannedOverhead: overhead.median, plannedOverheadSpread: overhead },
      notes: times.map(
        ({ tookMs, leastMs }, index) =>
          `World ${worlds[index]}: ${seconds(tookMs)} of world time; critical path ${seconds(leastMs)}.`,
      ),
    };
  },
};

const timeIn = (bench: Bench) =>
  onStage(bench, { measurement: planned }, async (stage) => {
    const { lastKeyMs, tookMs } = await spanOfFailover(bench, stage, PLANNED);
    return { tookMs, leastMs: leastPlannedMs(await stage.world.log(), lastKeyMs) };
  });
