import { fileURLToPath } from "node:url";
import type { RunState } from "../../src/domain/run.ts";
import { seenRun } from "../../src/sandbox/bench/rehearsal.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import type { Outcome, SeenMessage } from "../../src/simulators/slack/people.ts";
import { createRuns } from "../../src/store/runs.ts";
import { eventually, silent } from "./failover-world.ts";
import { freshRedisUrl } from "./redis.ts";

/** The built one: it starts the built bot and the built world beside itself. */
const BUILT = new URL("../../dist/sandbox/stage.js", import.meta.url).href;
/** Machine time: what AWS is asked in a dark region runs out first. */
const SOON_MS = 30_000;

export interface StageWish {
  readonly example: "inventory" | "regami";
  readonly speed: number;
  readonly bots?: number;
  /** A server of the test's own, empty; absent: a database of the test run's Redis. */
  readonly redisUrl?: string;
}

/** A simulated world and real bots, each in a process of its own, on a database of the test's Redis. */
export async function startTestStage({ example, speed, bots = 1, redisUrl }: StageWish): Promise<Stage> {
  // Compiled from the module whose type this is.
  const { startStage } = (await import(BUILT)) as typeof import("../../src/sandbox/stage.ts");
  const stage = await startStage({
    ...{ speed, bots, seed: 1, logger: silent },
    config: fileURLToPath(new URL(`../../examples/${example}.yaml`, import.meta.url)),
    inherited: {
      path: process.env["PATH"] ?? "",
      home: process.env["HOME"] ?? "",
      redisUrl: redisUrl ?? (await freshRedisUrl()),
      redisSkip: undefined,
    },
  });
  // A bot is ready without Slack; whoever types has to find it connected.
  const connected = stage.world.expectLog("slack.socket-opened", ({ facts }) => Number(facts["open"]) >= bots, SOON_MS);
  await connected.catch(async (error: unknown) => {
    await stage.stop();
    throw error;
  });
  return stage;
}

/** The run as soon as it fits; throws after that much machine time. */
export function runWhere({ redis }: Stage, id: string, fits: (run: RunState) => boolean, withinMs = 60_000) {
  const runs = createRuns(redis, Date.now);
  return eventually(`run ${id} that fits`, withinMs, async () => {
    const run = await runs.read(id);
    return run && fits(run) ? run : undefined;
  });
}

/** How often an operation took effect in this world. */
export async function timesOf({ world }: Stage, operation: string): Promise<number> {
  return (await world.log("aws.mutation")).filter(({ facts }) => facts["operation"] === operation).length;
}

/** A plan that waits for keys: the run's id, and the card that people press. */
export interface WaitingPlan {
  readonly id: string;
  readonly card: SeenMessage;
}

/** Somebody types the words in the alerts' channel; resolves when the card of the plan that came of it is there. */
export async function askFor(stage: Stage, slackId: string, words: string): Promise<WaitingPlan> {
  const { world, inventory } = stage;
  const { channel } = inventory.file.alerts;
  const { ack } = await world.people.as(slackId).types(words, { in: channel });
  if (!ack.ok) throw new Error(`“${words}” was not acknowledged: ${ack.error ?? ""}`);
  // Where there is no plan, the error shows what was said instead.
  await world.people.expectEphemeral(slackId, ({ text }) => / is made\./.test(text), SOON_MS);
  const card = await world.people.expectMessage(
    channel,
    (message) => buttonOf(message, "approve") !== undefined,
    SOON_MS,
  );
  const { plan } = await seenRun(stage, undefined, ({ state }) => state === "waiting-for-keys", SOON_MS);
  return { id: plan.id, card };
}

/** “Turn my key” on the card, as it was when the plan was made. */
export function pressKey({ world, inventory }: Stage, slackId: string, { card }: WaitingPlan): Promise<Outcome> {
  const button = buttonOf(card, "approve") ?? "";
  return world.people.as(slackId).clicks(button, { in: inventory.file.alerts.channel, message: card });
}

/** Resolves when the stage itself reaches Redis again: it fails fast, as the bots do. */
export async function reconnected({ redis }: Stage): Promise<void> {
  await eventually("connection to Redis", SOON_MS, () => redis.ping().catch(() => undefined));
}

/** Resolves when that much world time has gone by. */
export async function worldTimePasses({ world }: Stage, worldMs: number): Promise<void> {
  const untilMs = (await world.now()) + worldMs;
  await eventually(`world time ${untilMs}`, SOON_MS, async () => ((await world.now()) >= untilMs ? true : undefined));
}
