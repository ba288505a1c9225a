import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Secret } from "../../src/domain/secret.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { setAnchor } from "../../src/store/clock.ts";
import { claimStore } from "../../src/store/installation.ts";
import { KEYS } from "../../src/store/keys.ts";
import { freshRedisUrl } from "../harness/redis.ts";
import { startTestStage } from "../harness/stage.ts";
import { StoreBench } from "../harness/store.ts";

let redisUrl: string;
let bench: StoreBench;
let stage: Stage | undefined;
beforeEach(async () => {
  redisUrl = await freshRedisUrl();
  bench = StoreBench.at(redisUrl);
});
afterEach(async () => {
  await stage?.stop();
  bench.close();
});

/** As it stands where the rehearsal is killed before its first bot has started. */
const withoutBots = () => startTestStage({ example: "inventory", speed: 20, bots: 0, redisUrl });

test("a store is a rehearsal's before its clock lies there, so that production never takes it", async () => {
  stage = await withoutBots();
  const redis = await bench.connect();

  expect(await redis.exists(KEYS.clock)).toBe(1);
  const { environment } = stage.inventory.file;
  const production = { whose: { environment, world: "production" as const }, ledgerKey: new Secret(stage.ledgerKey) };
  await expect(claimStore(redis, production)).rejects.toMatchObject({ code: "redis-other-installation" });
});

test("a rehearsal begins in no store in which another one has left only its clock", async () => {
  await setAnchor(await bench.connect(), { worldMs: 0, machineMs: 0, speed: 20 });

  await expect(withoutBots()).rejects.toMatchObject({ code: "redis-used" });
});
