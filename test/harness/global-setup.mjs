import { randomUUID } from "node:crypto";

/** Numbered databases of the run's server: more than there can be test files. */
const DATABASES = 1_000;

const say = (level) => (facts, sentence) => process.stderr.write(`${level}: ${sentence} ${JSON.stringify(facts)}\n`);
const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: say("warning"), error: say("error"), child: () => log };

/** One Redis for the whole run, started by the built product itself. REDIS_URL, where it is set, is used instead. */
export default async function startRedis() {
  const { ensureRedis } = await import("../../dist/sandbox/own-redis/own-redis.js").catch((cause) => {
    throw new Error("The tests need the built product: run `npm run build` first, or `npm test`, which does.", {
      cause,
    });
  });
  const { PATH, REDIS_URL, XDG_CACHE_HOME } = process.env;
  const redis = await ensureRedis({
    path: PATH ?? "",
    databases: DATABASES,
    log,
    ...(REDIS_URL ? { url: REDIS_URL } : {}),
    ...(XDG_CACHE_HOME ? { cacheDir: `${XDG_CACHE_HOME}/twokey/redis` } : {}),
  });
  process.env.TWOKEY_TEST_REDIS_URL = redis.url;
  // Tells the databases of this run from those of another one on the same server.
  process.env.TWOKEY_TEST_RUN = randomUUID();
  globalThis.twokeyTestRedis = redis;
}
