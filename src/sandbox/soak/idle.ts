import { cpuMs } from "../bench/process-cost.ts";
import type { Stage } from "../stage.ts";
import type { Playing } from "./playing.ts";
import { isBusy } from "./quiet.ts";

/** Machine time in which nobody does anything where everybody waits for the clock. */
const STILL_FOR_MS = 20;
/**
 * World time: what is due within it happens at one moment. When the bot's own sleeps end nobody outside knows, and each moment costs a
 * sweep, looks and edits. Nothing that has to be done by a certain time while such a run goes on is this near to its end.
 */
const GRAIN_MS = 120_000;

/** The clock jumps on while everybody waits for it. While somebody is at work it does not. */
export async function skipIdleTime(playing: Playing): Promise<void> {
  const { stage, queues } = playing;
  if (!(await isStill(stage)) || (await isBusy(playing))) return;
  await stage.jump(GRAIN_MS);
  // What the clock jumped over waits for no timer of a queue: the sweep finds it.
  await queues.sweepNow();
}

/** Whether nobody has asked the store and the bot has computed nothing for a moment. */
export async function isStill({ redis, bots }: Stage): Promise<boolean> {
  const look = async () => {
    const [commands, ...used] = await Promise.all([commandsOf(redis), ...bots.map(({ pid }) => cpuMs(pid))]);
    return { commands, usedMs: used.reduce((sum, ms) => sum + ms, 0) };
  };
  const before = await look();
  await new Promise((resolve) => setTimeout(resolve, STILL_FOR_MS));
  const after = await look();
  // The first question of ours counts.
  return after.commands === before.commands + 1 && after.usedMs === before.usedMs;
}

async function commandsOf(redis: Stage["redis"]): Promise<number> {
  return Number(/^total_commands_processed:(\d+)/m.exec(await redis.info("stats"))?.[1]);
}
