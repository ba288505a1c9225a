import { afterEach, describe, expect, test } from "@jest/globals";
import { startAwayGuard } from "../../src/app/away-guard.ts";
import { whyNothingIsStored } from "../../src/store/proofs.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { example } from "../harness/example.ts";
import { ACCEPTED, pagersWith } from "../harness/pagers.ts";
import { silent } from "../harness/silent.ts";
import { StoreBench } from "../harness/store.ts";

let guard: { stop(): void } | undefined;
afterEach(() => guard?.stop());

/** What people were told, in its order, while the store says these one after the other. */
async function told(why: () => Promise<string | undefined>, isOver: (happened: readonly string[]) => boolean) {
  const happened: string[] = [];
  guard = startAwayGuard({
    whyNothingIsStored: why,
    clock: { now: () => Date.now(), speed: 1, sleep: () => Promise.resolve() },
    pagers: pagersWith({
      trigger: async ({ summary, urgent }) => {
        happened.push(`${urgent ? "urgent" : "calm"}: ${summary}`);
        return ACCEPTED;
      },
      resolve: async () => {
        happened.push("resolved");
        return ACCEPTED;
      },
    }),
    logger: silent,
    ...{ process: "bot-1", inventory: () => example("inventory") },
    chat: { addressOf: (channel) => `https://chat.example.com/${channel}` },
    ...{ checkEveryMs: 5, afterMs: 40 },
  });
  await eventually("all of it", 20_000, () => (isOver(happened) ? true : undefined));
  return happened;
}

const SAID =
  /^urgent: TwoKey cannot keep anything since .*: Redis does not answer\. No alert is taken in, nobody is paged for one, and no run goes on\. /;

describe("a store that is away", () => {
  test("guard store away: calls people once when it lasts, and stands down when it is back", async () => {
    let looks = 0;
    const why = async () => {
      looks += 1;
      return looks < 30 ? "Redis does not answer" : undefined;
    };

    expect(await told(why, (happened) => happened.length > 1 && looks > 40)).toEqual([
      expect.stringMatching(SAID),
      "resolved",
    ]);
  });

  test("for a moment, again and again, calls nobody", async () => {
    let looks = 0;
    const why = async () => {
      looks += 1;
      return looks % 3 === 0 ? undefined : "Redis does not answer";
    };

    expect(await told(why, () => looks > 60)).toEqual([]);
  });

  test("is seen by the store's own silence, with a look that is still under way counted in", async () => {
    const server = await BreakableRedis.start();
    const bench = StoreBench.at(server.url);
    try {
      const redis = await bench.connect();
      await server.kill();

      expect(
        await told(
          () => whyNothingIsStored(redis, "bot-1"),
          (happened) => happened.length > 0,
        ),
      ).toEqual([expect.stringMatching(SAID)]);
    } finally {
      guard?.stop();
      bench.close();
      await server.stop();
    }
  }, 40_000);
});
