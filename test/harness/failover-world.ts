import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStores, type Stores } from "../../src/app/stores.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { loadFile } from "../../src/config/load.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import type { Region, Service } from "../../src/domain/service/service.ts";
import type { Aws } from "../../src/integrations/aws/aws.ts";
import type { StampedClock } from "../../src/ports/clock.ts";
import type { Cloud, GuardedCloud } from "../../src/ports/step.ts";
import { sandboxEnvironment } from "../../src/sandbox/environment.ts";
import { sandboxText } from "../../src/sandbox/rewrites.ts";
import { WorldClient } from "../../src/sandbox/world-client.ts";
import { worldFromInventory } from "../../src/sandbox/world-from-inventory.ts";
import { startWholeWorld, type WholeWorld } from "../../src/simulators/whole-world.ts";
import { setAnchor } from "../../src/store/clock.ts";
import { sealedWith } from "../../src/store/seal.ts";
import { Seen } from "../../src/store/seen.ts";
import { cloudsIn } from "./failover-clouds.ts";
import { ec2With, enginesFor, type FailoverWorldOptions, trafficFor } from "./failover-spec.ts";
import { clockOf, skippingIdleTime } from "./idle-time.ts";
import { LEDGER_KEY } from "./keys.ts";
import { freshRedisUrl } from "./redis.ts";
import { StoreBench } from "./store.ts";
import { waitsOf } from "./waits.ts";

/** A whole world derived from an example, a database of the test's Redis, and the adapters of the bot between them. */
export interface FailoverWorld {
  readonly whole: WholeWorld;
  readonly client: WorldClient;
  readonly inventory: Inventory;
  readonly service: Service;
  readonly bench: StoreBench;
  readonly clock: StampedClock;
  readonly memory: Stores;
  /** What this process has seen in its store. */
  readonly seen: Seen;
  readonly cloud: GuardedCloud;
  /** How AWS as a whole answers this process. */
  readonly reach: Aws["reach"];
  /** The same for a run whose sessions these regions hand out. */
  readonly cloudOf: (stsRegions: readonly Region[]) => GuardedCloud;
  /** The same in another process, which remembers nothing of what this one has seen. */
  readonly elsewhere: GuardedCloud;
  /** The same world in the hands of somebody else, who asks nobody. */
  readonly others: Cloud;
  readonly directory: string;
  /** What a bot in another process needs to live in this world, with this Redis. */
  readonly environment: Readonly<Record<string, string>>;
  /** Aborted when it is stopped. */
  readonly ended: AbortSignal;
  setSpeed(speed: number): Promise<void>;
  /** Does that with no time lost in which this process only waits for the world. */
  skippingIdleTime<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function startFailoverWorld(options: FailoverWorldOptions): Promise<FailoverWorld> {
  const path = new URL(`../../examples/${options.example}.yaml`, import.meta.url).pathname;
  const text = (options.edit ?? String)(await readFile(path, "utf8"));
  const loaded = loadFile(path, text);
  if (!loaded.ok) throw new Error(`${path} does not load`);
  const { spec } = worldFromInventory(loaded.inventory, {
    seed: options.seed ?? 1,
    speed: options.speed,
    ...(options.lagSeconds === undefined ? {} : { lagSeconds: options.lagSeconds }),
    ...(options.orderSeconds === undefined ? {} : { writers: { intervalSeconds: options.orderSeconds } }),
    webhooks: { sns: "http://127.0.0.1:9", pagerDuty: "http://127.0.0.1:9" },
  });
  const reboot = options.rebootSeconds;
  const deletion = options.deletionSeconds;
  const durations = {
    ...waitsOf(options).durations,
    ...(reboot !== undefined && { reboot }),
    ...(deletion !== undefined && { deletion }),
  };
  const whole = await startWholeWorld(
    {
      ...{ ...spec, traffic: trafficFor(spec.traffic, options) },
      rds: { ...spec.rds, ...enginesFor(spec.rds, options), durations },
      ec2: ec2With(spec.ec2, options),
    },
    { speed: options.speed },
  );
  const directory = await mkdtemp(join(tmpdir(), "twokey-failover-"));
  const config = join(directory, "twokey.yaml");
  const snsCa = join(directory, "ca.pem");
  const worldText = sandboxText(text, loaded.file, whole.env);
  await writeFile(config, worldText);
  await writeFile(snsCa, whole.sns.caPem);
  const url = options.redisUrl ?? (await freshRedisUrl());
  const environment = {
    ...sandboxEnvironment(whole.env, { config, snsCa }),
    REDIS_URL: url,
    TWOKEY_LEDGER_DIR: join(directory, "ledger"),
    TWOKEY_LEDGER_KEY: LEDGER_KEY.reveal(),
    TWOKEY_PROCESS_NAME: "test",
  };
  const read = readEnvironment(environment);
  const inWorld = loadFile(config, worldText);
  if (!read.ok || !inWorld.ok) throw new Error("the world's own environment and file have to be in order");
  const bench = StoreBench.at(url);
  const redis = await bench.connect();
  const clock = clockOf(whole.world.clock);
  await setAnchor(redis, whole.world.clock.anchor);
  const seen = new Seen();
  const { services } = inWorld.inventory;
  const service = services.find(({ name }) => options.service === undefined || name === options.service);
  if (!service) throw new Error("the example has no such service");
  const sources = { ...options, whole, clock, settings: read.settings, inventory: inWorld.inventory };
  const { cloudOf, elsewhere, others, reach, close } = cloudsIn(sources);
  const ended = new AbortController();
  return {
    ...{
      whole,
      bench,
      clock,
      directory,
      environment,
      cloud: cloudOf(),
      cloudOf,
      reach,
      elsewhere,
      others,
      service,
      ended: ended.signal,
    },
    inventory: inWorld.inventory,
    client: new WorldClient(whole.controlPort),
    memory: createStores(redis, () => clock.now(), sealedWith(LEDGER_KEY, seen)),
    seen,
    async setSpeed(speed) {
      whole.world.clock.setSpeed(speed);
      await setAnchor(redis, whole.world.clock.anchor);
    },
    skippingIdleTime: (work) => skippingIdleTime(whole.world.clock, () => bench.connections, work),
    async stop() {
      ended.abort();
      close();
      await whole.stop();
      bench.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
