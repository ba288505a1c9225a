import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Inherited } from "../config/inherited.ts";
import { loadFile } from "../config/load.ts";
import { UserError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Logger } from "../ports/logger.ts";
import { setAnchor } from "../store/clock.ts";
import { connectRedis } from "../store/connection.ts";
import { forgetEverything, isUsed } from "../store/emptiness.ts";
import { claimStore } from "../store/installation.ts";
import type { ScriptedRedis } from "../store/scripts.ts";
import { Bot, type BotSettings } from "./bot-process.ts";
import { ensureRedis } from "./own-redis/own-redis.ts";
import { secretsAsFiles } from "./secrets-as-files.ts";
import { WorldClient } from "./world-client.ts";
import { type VendorLatency, WorldProcess } from "./world-process.ts";

export interface StageOptions {
  /** A real `twokey.yaml`; the world is derived from it. */
  readonly config: string;
  readonly speed: number;
  readonly seed: number;
  readonly bots: number;
  /** How long calls to the simulated vendors take. */
  readonly latency?: VendorLatency;
  /** Machine milliseconds of the minute in which Slack counts calls; absent: 60,000. */
  readonly slackMinuteMs?: number;
  /** UTC. The world begins at the next such time of day; absent: now. */
  readonly begins?: { readonly hours: number; readonly minutes: number };
  /** World seconds between two things that the applications write; absent: 2. */
  readonly writeSeconds?: number;
  /** Origin that SNS and PagerDuty deliver to; absent: the first bot. */
  readonly webhooks?: string;
  /** The bots read their secrets from files; absent: from variables. */
  readonly secretsInFiles?: boolean;
  /** Where the bots' ledgers lie; absent: in the directory of their logs. */
  readonly ledgers?: string;
  /** Options of Node for the bots; absent: those of `npm start`. */
  readonly botOptions?: readonly string[];
  readonly inherited: Inherited;
  readonly logger: Logger;
}

/** A simulated world, a Redis and the real bot in processes of its own, all of which end with this process. */
export interface Stage {
  readonly inventory: Inventory;
  readonly world: WorldClient;
  readonly redis: ScriptedRedis;
  readonly redisUrl: string;
  readonly bots: readonly Bot[];
  readonly directory: string;
  /** The bots' ledger key: no log may ever show it. */
  readonly ledgerKey: string;
  /** What leads a bot into this world: with it another program takes the first bot's place. */
  readonly environment: Readonly<Record<string, string>>;
  /** The key of each pipeline's variable. */
  readonly pipelineKeys: Readonly<Record<string, string>>;
  /** World time by the anchor that this stage has set: nobody is asked. */
  now(): number;
  /** Moves world time for everybody at once: the world and the bots share one anchor. */
  jump(worldMs: number): Promise<void>;
  setSpeed(speed: number): Promise<void>;
  /** Ends everything; with `keepLogs` the directory with the bots' logs and ledgers stays. */
  stop(options?: { readonly keepLogs?: boolean }): Promise<void>;
}

/** Machine time; a Slack that is dark from the start keeps no stage from opening. */
const SOCKETS_WITHIN_MS = 5_000;
/** Nothing listens there: until the first bot has a port, nobody can be told anything. */
const NOBODY = "http://127.0.0.1:9";
const PROGRAMS = fileURLToPath(new URL("..", import.meta.url));

export async function startStage(options: StageOptions): Promise<Stage> {
  const { config } = options;
  const loaded = loadFile(config, await readFile(config, "utf8"));
  if (!loaded.ok) throw new UserError("config-wrong", `${config} has problems; run: npm run twokey -- check ${config}`);
  const stops: Stops = [];
  let keepsLogs = false;
  const stop: Stage["stop"] = async (how = {}) => {
    keepsLogs ||= how.keepLogs === true;
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), "twokey-stage-"));
    stops.push(async () => (keepsLogs ? undefined : rm(directory, { recursive: true, force: true })));
    const ledgerKey = randomBytes(24).toString("hex");
    const redis = await openRedis(options, stops);
    // Before anything lies there, and so before the clock: killed at any moment, this is a rehearsal's store.
    await claimStore(redis.client, {
      whose: { environment: loaded.file.environment, world: "rehearsal" },
      ledgerKey: new Secret(ledgerKey),
    });
    const { running, world } = await openWorld(options, stops);
    const clock = await sharedClock(world, redis.client);
    const pipelineKeys = Object.fromEntries(
      Object.values(loaded.file.pipelines).map(({ keys }) => [keys, randomBytes(24).toString("hex")]),
    );
    const settings = await botSettings(options, {
      ...{ directory, ledgerKey, redisUrl: redis.url },
      environment: { ...running.environment, ...pipelineKeys },
    });
    const bots = await startBots(options, { settings, world, stops });
    options.logger.debug({ directory, control: running.controlPort }, "The stage is set");
    return {
      ...{ inventory: loaded.inventory, world, redis: redis.client, redisUrl: redis.url, bots, directory },
      ...{ ledgerKey, environment: settings.environment, pipelineKeys, stop, ...clock },
    };
  } catch (error) {
    // Whoever did not become ready names its log.
    await stop({ keepLogs: true });
    throw error;
  }
}

/** What ends the parts, in the order in which they were begun. */
type Stops = (() => Promise<unknown>)[];

async function openWorld(options: StageOptions, stops: Stops): Promise<{ running: WorldProcess; world: WorldClient }> {
  const running = await WorldProcess.start({ webhooks: NOBODY, ...options, program: join(PROGRAMS, "world.js") });
  stops.push(() => running.stop());
  const world = new WorldClient(running.controlPort);
  if (options.begins) await world.jump(untilNext(options.begins, await world.now()));
  return { running, world };
}

/** World time as the world and the bots have it. */
async function sharedClock(
  world: WorldClient,
  redis: ScriptedRedis,
): Promise<Pick<Stage, "now" | "jump" | "setSpeed">> {
  let anchor = await world.anchor();
  await setAnchor(redis, anchor);
  return {
    now: () => anchor.worldMs + (Date.now() - anchor.machineMs) * anchor.speed,
    jump: async (worldMs) => {
      // The bots first: to one whose clock is behind, what the world says next comes from the future.
      anchor = { ...anchor, worldMs: anchor.worldMs + worldMs };
      await setAnchor(redis, anchor);
      await world.jump(worldMs);
    },
    setSpeed: async (speed) => {
      await world.setSpeed(speed);
      anchor = await world.anchor();
      await setAnchor(redis, anchor);
    },
  };
}

async function botSettings(
  { botOptions, inherited, ledgers, secretsInFiles }: StageOptions,
  { environment, ...place }: Pick<BotSettings, "directory" | "ledgerKey" | "redisUrl" | "environment">,
): Promise<BotSettings> {
  return {
    ...place,
    ledgers: ledgers ?? join(place.directory, "ledger"),
    program: join(PROGRAMS, "bot", "main.js"),
    ...(botOptions ? { nodeOptions: botOptions } : {}),
    path: inherited.path,
    environment:
      secretsInFiles === true ? await secretsAsFiles(environment, join(place.directory, "secrets")) : environment,
  };
}

interface BotsAround {
  readonly settings: BotSettings;
  readonly world: WorldClient;
  readonly stops: Stops;
}

/** Resolves once all of them are ready and hear Slack. */
async function startBots(options: StageOptions, { settings, world, stops }: BotsAround): Promise<readonly Bot[]> {
  const toFirst = async (port: number) => {
    if (options.webhooks === undefined) await world.sendWebhooksTo(`http://127.0.0.1:${port}`);
  };
  const bots = Array.from({ length: options.bots }, (_, index) =>
    index === 0 ? new Bot("bot-1", settings, toFirst) : new Bot(`bot-${index + 1}`, settings),
  );
  for (const bot of bots) {
    bot.start();
    stops.push(() => bot.stop());
  }
  await Promise.all(bots.map((bot) => bot.ready()));
  await heardBySlack(world, bots.length);
  return bots;
}

/** Milliseconds of world time. */
function untilNext({ hours, minutes }: NonNullable<StageOptions["begins"]>, nowMs: number): number {
  const next = new Date(nowMs);
  next.setUTCHours(hours, minutes, 0, 0);
  if (next.getTime() <= nowMs) next.setUTCDate(next.getUTCDate() + 1);
  return next.getTime() - nowMs;
}

/** Ready says nothing of Slack, on purpose; people can only be heard once every bot holds its socket. */
async function heardBySlack(world: WorldClient, bots: number): Promise<void> {
  for (const deadline = Date.now() + SOCKETS_WITHIN_MS; Date.now() < deadline; ) {
    if ((await world.log("slack.socket-opened")).length >= bots) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function openRedis(
  { inherited, logger }: StageOptions,
  stops: Stops,
): Promise<{ client: ScriptedRedis; url: string }> {
  const skip = new Set(
    (inherited.redisSkip ?? "")
      .split(",")
      .filter((way) => way === "url" || way === "path" || way === "cache" || way === "deb"),
  );
  const own = await ensureRedis({
    path: inherited.path,
    log: logger,
    skip,
    ...(inherited.redisUrl === undefined ? {} : { url: inherited.redisUrl }),
  });
  stops.push(() => own.stop());
  const { redis: client } = await connectRedis(own.url, { accepted: [], isRehearsal: true }, logger);
  stops.push(async () => client.disconnect());
  if (await isUsed(client)) {
    throw new UserError(
      "redis-used",
      "REDIS_URL leads to a database in which TwoKey has worked before. A rehearsal needs an empty one: add another number, such as /7, or unset REDIS_URL.",
    );
  }
  stops.push(() => forgetEverything(client));
  return { client, url: own.url };
}
