import { Bug } from "../../domain/errors.ts";
import type { Stage } from "../stage.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { onStage } from "./open-stage.ts";
import { rssMb } from "./process-cost.ts";
import { quantile } from "./samples.ts";

const STARTS = 5;
const QUICK_STARTS = 2;
/** When its heap was last swept makes one bot tens of megabytes larger than another. */
const BOTS = 3;
/** Machine time: what starting has left behind is given back by then. */
const IDLE_MS = 20_000;

/** A bot with nothing to do: how soon it is ready, and what it holds. */
export const idleBot: Measurement = {
  name: "idle",
  speed: 1,
  injected: {},
  measure: (bench) =>
    onStage(bench, { measurement: idleBot, options: { bots: bench.isQuick ? 1 : BOTS } }, (stage) =>
      play(bench, stage),
    ),
};

async function play({ isQuick }: Bench, { bots }: Stage): Promise<Measured> {
  const readyMs: number[] = [];
  while (readyMs.length < (isQuick ? QUICK_STARTS : STARTS)) {
    const bot = bots[readyMs.length % bots.length];
    if (!bot) throw new Bug("no-bot", "The stage has no bot");
    await bot.stop();
    const beganMs = performance.now();
    bot.start();
    await bot.ready();
    readyMs.push(performance.now() - beganMs);
  }
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const heldMb = await Promise.all(bots.map(({ pid }) => rssMb(pid)));
  return {
    figures: { idleRssMb: quantile(heldMb, 1), readyMs: quantile(readyMs, 1) },
    notes: [
      `The slowest of ${readyMs.length} starts.`,
      `Memory after ${IDLE_MS / 1_000} s of idling, the largest of: ${heldMb.map((mb) => `${Math.round(mb)} MB`).join(", ")}.`,
    ],
  };
}
