import { Redis } from "ioredis";

/** A database that a killed run never gave back can be taken again after this. */
const TAKEN_FOR_SECONDS = 3_600;

/**
 * URL of an empty numbered database that no other test uses, on the run's Redis.
 *
 * Databases separate keys, scripts' effects and queues. They do not separate publish/subscribe, which goes through the whole
 * server: a channel's name is shared by all tests, so a test that counts messages needs a channel name of its own.
 * `FLUSHALL` would empty everybody's database; `FLUSHDB` empties one's own.
 */
export async function freshRedisUrl(): Promise<string> {
  const url = process.env["TWOKEY_TEST_REDIS_URL"];
  const run = process.env["TWOKEY_TEST_RUN"];
  if (url === undefined || run === undefined) throw new Error("test/harness/global-setup.mjs has not run");
  const redis = new Redis(url);
  try {
    const answer = await redis.config("GET", "databases");
    const databases = Number(Array.isArray(answer) ? answer[1] : 16);
    for (let number = 1; number < databases; number += 1) {
      if (await take(redis, number, run)) return withDatabase(url, number);
    }
    throw new Error(
      `All ${databases} databases of the test Redis are taken or hold data: empty some, or unset REDIS_URL.`,
    );
  } finally {
    redis.disconnect();
  }
}

/** True when the database was nobody's and is empty. Taken and noted in database 0, where the whole run can see it. */
async function take(redis: Redis, number: number, run: string): Promise<boolean> {
  const claimed = await redis.set(`twokey-test:database:${number}`, run, "EX", TAKEN_FOR_SECONDS, "NX");
  if (claimed !== "OK") return false;
  await redis.select(number);
  const keys = await redis.dbsize();
  await redis.select(0);
  // What lies there is somebody's: never emptied, never used. The claim stays, so that it is looked at only once.
  if (keys > 0) return false;
  await redis.sadd(`twokey-test:taken:${run}`, number);
  return true;
}

function withDatabase(url: string, number: number): string {
  const changed = new URL(url);
  changed.pathname = `/${number}`;
  return changed.href;
}
