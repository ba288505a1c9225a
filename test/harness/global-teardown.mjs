import { Redis } from "ioredis";

/** Ends the run's own server. On somebody else's, only the databases that this run took are emptied. */
export default async function stopRedis() {
  const own = globalThis.twokeyTestRedis;
  if (own.source === "url") await emptyTaken(own.url, process.env.TWOKEY_TEST_RUN);
  await own.stop();
}

async function emptyTaken(url, run) {
  const redis = new Redis(url);
  try {
    for (const number of await redis.smembers(`twokey-test:taken:${run}`)) {
      await redis.select(Number(number));
      await redis.flushdb();
      await redis.select(0);
      await redis.del(`twokey-test:database:${number}`);
    }
    await redis.del(`twokey-test:taken:${run}`);
  } finally {
    redis.disconnect();
  }
}
