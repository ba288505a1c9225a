import { afterEach, expect, test } from "@jest/globals";
import { startMemoryGuard } from "../../src/app/memory-guard.ts";
import { readMemory } from "../../src/store/memory.ts";
import { eventually } from "../harness/eventually.ts";
import { example } from "../harness/example.ts";
import { ACCEPTED, pagersWith } from "../harness/pagers.ts";
import { silent } from "../harness/silent.ts";
import { StoreBench } from "../harness/store.ts";

let guard: { stop(): void } | undefined;
afterEach(() => guard?.stop());

const LOOKS = 3;

/** Looks at these memories one after the other, each several times, and says what people were told by then. */
async function through(
  shares: readonly (number | undefined)[],
  before: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  const happened: string[] = [];
  let looks = 0;
  guard = startMemoryGuard({
    memory: async () => {
      const share = shares[Math.min(Math.floor(looks / LOOKS), shares.length - 1)];
      looks += 1;
      return share === undefined ? { usedBytes: 1, limitBytes: undefined } : { usedBytes: share, limitBytes: 100 };
    },
    clock: { now: () => Date.now(), speed: 1, sleep: () => Promise.resolve() },
    announce: async (says) => {
      await before();
      happened.push(/more than \d+ %/.exec(says)?.[0] ?? says);
    },
    pagers: pagersWith({
      trigger: async ({ summary }) => {
        happened.push(`page: ${/more than \d+ %/.exec(summary)?.[0]}`);
        return ACCEPTED;
      },
      resolve: async () => {
        happened.push("resolved");
        return ACCEPTED;
      },
    }),
    logger: { ...silent, warn: (_facts, sentence) => void happened.push(sentence) },
    ...{ process: "bot-1", inventory: () => example("inventory"), checkEveryMs: 5 },
  });
  await eventually("all of them", 10_000, () => (looks > shares.length * LOOKS + 1 ? true : undefined));
  return happened;
}

test("a store that fills up warns at 70 % and pages at 85 %, each once, and stands down when there is room", async () => {
  const happened = await through([69, 71, 69, 86, 84, 79, 64, 71]);

  expect(happened).toEqual(["more than 70 %", "page: more than 85 %", "resolved", "more than 70 %"]);
});

test("a warning that could not be said is said at the next look", async () => {
  let refusals = 2;
  const happened = await through([71], async () => {
    refusals -= 1;
    if (refusals >= 0) throw new Error("Slack is away");
  });

  expect(happened.filter((each) => each === "more than 70 %")).toHaveLength(1);
  expect(refusals).toBeLessThan(0);
});

test("a store without a limit is said once in the log", async () => {
  const happened = await through([undefined]);

  expect(happened).toEqual([expect.stringMatching(/^Redis has no memory limit, .* TWOKEY_REDIS_MEMORY_MB$/)]);
});

test("how full Redis is comes from itself; a configured limit counts where it is lower or the only one", async () => {
  const bench = await StoreBench.start();
  const redis = await bench.connect();

  const [unlimited, limited] = [await readMemory(redis, undefined), await readMemory(redis, 1_000)];

  expect(unlimited.usedBytes).toBeGreaterThan(100_000);
  expect([unlimited.limitBytes, limited.limitBytes]).toEqual([undefined, 1_000]);
  bench.close();
});
