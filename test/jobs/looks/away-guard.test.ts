import { once } from "node:events";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { startAwayGuard } from "../../../src/jobs/looks/away-guard.ts";
import type { CallRequest, PagerAnswer } from "../../../src/ports/pager.ts";
import { FAIL_FAST } from "../../../src/store/connection.ts";
import { leave } from "../../../src/store/leave.ts";
import { whyNothingIsStored } from "../../../src/store/proofs.ts";
import { BreakableRedis } from "../../harness/breakable-redis.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, ASKED, clockAt, pagersWith, RecordedChat, silent } from "../../harness/fakes/index.ts";

let guard: { stop(): void } | undefined;
afterEach(() => guard?.stop());

const AFTER_MS = 200;

interface Store {
  why(): Promise<string | undefined>;
  readonly process?: string;
  readonly resolve?: () => PagerAnswer;
  readonly afterMs?: number;
}

/** What people are told of a store that is so, in its order. */
function watched({ why, process = "bot-1", resolve = () => ACCEPTED, afterMs = AFTER_MS }: Store) {
  const happened: string[] = [];
  const calls: CallRequest[] = [];
  guard = startAwayGuard({
    whyNothingIsStored: why,
    clock: clockAt(),
    pagers: pagersWith({
      trigger: async ({ dedupKey, summary, urgent }) => {
        happened.push(`${urgent ? "urgent" : "calm"} ${dedupKey}: ${summary}`);
        return ACCEPTED;
      },
      call: async (request) => {
        calls.push(request);
        return ASKED;
      },
      resolve: async (key) => {
        happened.push(`resolved ${key}`);
        return resolve();
      },
    }),
    logger: silent,
    ...{ process, inventory: () => example("inventory") },
    chat: new RecordedChat(clockAt()),
    ...{ checkEveryMs: 5, afterMs },
  });
  return {
    happened,
    calls,
    until: (enough: () => boolean) => eventually("all of it", () => enough() || undefined),
  };
}

/** A store that is there, or is away, as the test says. */
function store() {
  const is = { away: false, looks: 0 };
  const why = async () => {
    is.looks += 1;
    return is.away ? "Redis does not answer" : undefined;
  };
  return { is, why };
}

/** Away at so many looks of every ten. */
function flapping(awayLooks: number) {
  const beganMs = performance.now();
  let looks = 0;
  const why = async () => {
    looks += 1;
    return looks % 10 < awayLooks ? "Redis does not answer" : undefined;
  };
  return { why, lastedMs: () => performance.now() - beganMs };
}

const RESOLVED = "resolved dr:production:store-away:bot-1";
const SAID = expect.stringMatching(
  /^urgent dr:production:store-away:bot-1: TwoKey's process bot-1 cannot keep anything since .*: Redis does not answer\. Until that is mended it takes in no alert, pages nobody for one and drives no run; where another process works, that one goes on\. Watch the alarms yourself meanwhile\./,
);

describe("a store that is away", () => {
  test("guard store away: calls people once when it lasts, and stands down when it is back", async () => {
    const { is, why } = store();
    const { happened, until } = watched({ why });
    // What a process of this name had open before is let go.
    await until(() => happened.length > 0);
    is.away = true;
    await until(() => happened.length > 1);
    const { looks } = is;
    await until(() => is.looks > looks + 20);
    is.away = false;
    await until(() => happened.length > 2);

    expect(happened).toEqual([RESOLVED, SAID, RESOLVED]);
  });

  test("for a moment, now and again, calls nobody", async () => {
    // One look at a time, and long: on a busy machine two looks may lie far apart.
    const { why, lastedMs } = flapping(1);
    const { happened, until } = watched({ why, afterMs: 5 * AFTER_MS });
    await until(() => lastedMs() > 12 * AFTER_MS);

    expect(happened).toEqual([]);
  });

  test("guard store that flaps: calls people once where it is away for most of the time, however often it answers between", async () => {
    const { why, lastedMs } = flapping(8);
    const { happened, until } = watched({ why });
    await until(() => happened.length > 0 && lastedMs() > 8 * AFTER_MS);

    expect(happened).toEqual([SAID]);
  });

  test("guard away before: is stood down by the process that follows the one that called", async () => {
    const { happened, until } = watched({ why: store().why });
    await until(() => happened.length > 0);

    expect(happened).toEqual([RESOLVED]);
  });

  test("guard away again: a second time is a call of its own, also where the pager took no end of the first", async () => {
    const { is, why } = store();
    is.away = true;
    const { happened, calls, until } = watched({ why, resolve: () => ({ kind: "retry", why: "busy", afterMs: 0 }) });
    await until(() => calls.length > 0);
    is.away = false;
    await until(() => happened.includes(RESOLVED));
    is.away = true;
    await until(() => calls.length > 1);

    expect(new Set(calls.map(({ pageKey }) => pageKey)).size).toBe(2);
  });

  test("is seen by the store's own silence, with a look that is still under way counted in", async () => {
    const server = await BreakableRedis.start();
    const redis = new Redis(server.url, FAIL_FAST);
    redis.on("error", () => undefined);
    try {
      await once(redis, "ready");
      await server.kill();
      const { happened, until } = watched({ why: () => whyNothingIsStored(redis, "bot-1") });
      await until(() => happened.length > 0);

      expect(happened).toEqual([SAID]);
    } finally {
      guard?.stop();
      leave(redis);
      await server.stop();
    }
  }, 40_000);
});
