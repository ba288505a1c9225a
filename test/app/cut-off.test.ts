import { expect, test } from "@jest/globals";
import { cutOffFor } from "../../src/app/cut-off.ts";
import type { Proven } from "../../src/domain/proof.ts";

const vendor = (proven: Proven | "throws") => ({
  prove: async (): Promise<Proven> => {
    if (proven === "throws") throw new Error("fetch failed");
    return proven;
  },
});
const SILENT = vendor({ kind: "unknown", why: "Slack gives no answer" });
const REFUSES = vendor({ kind: "wrong", what: "The token is refused.", instead: "Set it." });
const MINUTE_MS = 60_000;

/**
 * A process that began a minute ago, and to which AWS has answered `sinceAnswerMs` ago; since then all its reads have failed. Where it asks
 * AWS itself, `region` answers or not.
 */
function process(vendors: readonly ReturnType<typeof vendor>[], sinceAnswerMs = MINUTE_MS) {
  const clock = { nowMs: 0 };
  const times = { answeredMs: MINUTE_MS - sinceAnswerMs, failedMs: MINUTE_MS };
  const region = { answers: false };
  const told: boolean[] = [];
  const isCut = cutOffFor({
    ...{ vendors: () => vendors, now: () => clock.nowMs },
    aws: {
      sinceAnswerMs: () => clock.nowMs - times.answeredMs,
      sinceFailureMs: () => clock.nowMs - times.failedMs,
      askAgain: async () => {
        if (!region.answers) throw new Error("connect ECONNREFUSED");
      },
      cutOff: (value) => void told.push(value),
    },
  });
  clock.nowMs = MINUTE_MS;
  return { clock, times, region, told, isCut };
}

test("a process is cut off where every call to AWS fails and no vendor answers; one that throws has not answered", async () => {
  const { isCut } = process([SILENT, vendor("throws")], 40_000);

  expect(await isCut("lately")).toBe(40_000);
});

test.each([
  ["a region answers", 19_999, [SILENT]],
  ["a vendor answers, if only to refuse", MINUTE_MS, [SILENT, REFUSES]],
  [
    "a vendor answers, if only that it is busy",
    MINUTE_MS,
    [SILENT, vendor({ kind: "unknown", why: "Slack asks for fewer calls", isAnswered: true })],
  ],
  [
    "a vendor answers, and another one never does",
    MINUTE_MS,
    [REFUSES, { prove: () => new Promise<never>(() => undefined) }],
  ],
])("it is not where %s", async (_what, sinceAnswerMs, vendors) => {
  expect(await process(vendors, sinceAnswerMs).isCut("lately")).toBeUndefined();
});

test("guard newer answer: what was answered before the newest failure shows nothing of now, neither by AWS nor by a vendor", async () => {
  const answers = { proven: REFUSES };
  const prove: ReturnType<typeof vendor>["prove"] = () => answers.proven.prove();
  const { clock, times, isCut } = process([{ prove }], 100);
  expect(await isCut("now")).toBeUndefined();
  answers.proven = SILENT;
  clock.nowMs += 1_000;

  expect(await isCut("lately")).toBeUndefined();
  expect(await isCut("now")).toBe(1_000);
  times.answeredMs = clock.nowMs;
  expect(await isCut("now")).toBeUndefined();
  times.failedMs = clock.nowMs;
  expect(await isCut("now")).toBeUndefined();
});

test("guard new side answers: with a dark home region and no vendor, who is answered by another region when it asks is not cut off", async () => {
  const { region, told, isCut } = process([SILENT, vendor("throws")], 3_000);
  region.answers = true;

  expect(await isCut("now")).toBeUndefined();
  expect(told).toEqual([false]);
});

test("what a region answers while vendors are waited for counts as well", async () => {
  const { clock, times, told, isCut } = process([]);
  const asked = isCut("now");
  clock.nowMs += 100;
  times.answeredMs = clock.nowMs;

  expect(await asked).toBeUndefined();
  expect(told).toEqual([false]);
});

test("vendors are asked only where AWS is silent everywhere, and once in 20 s while a run goes on", async () => {
  let asked = 0;
  const counted = {
    prove: async (): Promise<Proven> => {
      asked += 1;
      return { kind: "unknown", why: "there is no answer" };
    },
  };
  const { clock, isCut } = process([counted], 1_000);

  await isCut("lately");
  expect(asked).toBe(0);
  clock.nowMs += 30_000;
  await Promise.all([isCut("lately"), isCut("now")]);
  await isCut("lately");
  await isCut("now");
  expect(asked).toBe(1);
  clock.nowMs += 20_000;
  await isCut("now");
  expect(asked).toBe(2);
});

test("that nobody answers stands for 20 s, or until AWS answers a read", async () => {
  const answers = { proven: SILENT };
  const prove: ReturnType<typeof vendor>["prove"] = () => answers.proven.prove();
  const { clock, times, isCut } = process([{ prove }]);
  await isCut("now");
  answers.proven = REFUSES;
  clock.nowMs += 5_000;

  expect(await isCut("now")).toBe(MINUTE_MS + 5_000);
  times.answeredMs = clock.nowMs - 3_000;
  expect(await isCut("now")).toBeUndefined();
});

test("it tells what counts the failures of AWS that they are its own, and when they are not any more", async () => {
  const answers = { proven: SILENT };
  const prove: ReturnType<typeof vendor>["prove"] = () => answers.proven.prove();
  const { clock, told, isCut } = process([{ prove }]);

  await isCut("now");
  answers.proven = REFUSES;
  clock.nowMs += 20_000;
  await isCut("now");

  expect(told).toEqual([true, false]);
});
