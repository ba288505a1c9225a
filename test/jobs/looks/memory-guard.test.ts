import { afterEach, expect, test } from "@jest/globals";
import { startMemoryGuard } from "../../../src/jobs/looks/memory-guard.ts";
import { readMemory } from "../../../src/store/memory.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, clockAt, pagersWith, RecordedChat, silent } from "../../harness/fakes/index.ts";
import { quoted } from "../../harness/quoted.ts";
import { StoreBench } from "../../harness/store.ts";

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
    clock: clockAt(),
    announce: async (says) => {
      await before();
      const share = quoted("Redis has used more than … % of its memory (…). At 100 % TwoKey can write nothing.");
      happened.push(share.test(says) ? (/more than \d+ %/.exec(says)?.[0] ?? "") : says);
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
    logger: silent,
    ...{ process: "bot-1", inventory: () => example("inventory"), checkEveryMs: 5 },
    chat: new RecordedChat(clockAt()),
  });
  await eventually("all of them", () => (looks > shares.length * LOOKS + 1 ? true : undefined));
  return happened;
}

test("a store that fills up warns at 70 % and pages at 85 %, each once, and stands down when there is room", async () => {
  const happened = await through([69, 71, 69, 86, 84, 79, 64, 71]);

  expect(happened).toEqual(["more than 70 %", "page: more than 85 %", "resolved", "more than 70 %"]);
});

test.each([
  ["that it fills up", 71],
  ["that it has no limit", undefined],
])("%s: what could not be said is said at the next look", async (_what, share) => {
  let refusals = 2;
  const happened = await through([share], async () => {
    refusals -= 1;
    if (refusals >= 0) throw new Error("Redis is away");
  });

  expect(happened).toHaveLength(1);
  expect(refusals).toBe(-1);
});

test("a store without a limit is announced once, where people read it", async () => {
  const happened = await through([undefined]);

  expect(happened).toEqual([
    expect.stringContaining(
      "Redis has no memory limit, so nobody is warned before it is full. Set maxmemory there, or TWOKEY_REDIS_MEMORY_MB.",
    ),
  ]);
});

test.each([
  [0, undefined, undefined],
  [0, 1_000, 1_000],
  [500, undefined, 500],
  [500, 1_000, 500],
  [5_000, 1_000, 1_000],
])(
  "Redis says %i is its maxmemory, %j is configured: %j is the limit, the lower of both",
  async (own, configured, limit) => {
    const says = { info: async () => `# Memory\r\nused_memory:99\r\nmaxmemory:${own}\r\n` };

    expect(await readMemory(says, configured)).toEqual({ usedBytes: 99, limitBytes: limit });
  },
);

test("how full a real Redis is comes from itself", async () => {
  const bench = await StoreBench.start();
  const { usedBytes, limitBytes } = await readMemory(await bench.connect(), 1_000);
  bench.close();

  expect(usedBytes).toBeGreaterThan(100_000);
  expect(limitBytes).toBe(1_000);
});
