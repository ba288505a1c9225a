import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Likeness, StepTime } from "../../src/domain/plan-run/learned-times.ts";
import type { LearnedTimes, TimesOf } from "../../src/ports/learned-times.ts";
import { createDocuments } from "../../src/store/documents.ts";
import { createLearnedTimes, STEP_TIMES } from "../../src/store/learned-times.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const WRITERS = 4;
const RUNS = 30;
const LIKENESS: Likeness = { does: "add-something", region: "eu-west-1", alike: undefined };

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

/** As another process sees them. */
const times = async (whose: TimesOf = "production"): Promise<LearnedTimes> =>
  createLearnedTimes(createDocuments(await bench.connect(), STEP_TIMES), whose);
const time = (run: string, tookMs = 1_000): StepTime => ({ run, step: "add", tookMs, atMs: AT });

describe("times of steps in the store", () => {
  test("are read by another process as they were kept, oldest first", async () => {
    const mine = await times();
    await mine.add(LIKENESS, time("F-1", 1_000));
    await mine.add(LIKENESS, time("F-2", 2_000));

    expect(await (await times()).of(LIKENESS)).toEqual([time("F-1", 1_000), time("F-2", 2_000)]);
  });

  test("are the last 20, however many processes tell of them, and each of them once", async () => {
    const writers = await Promise.all(Array.from({ length: WRITERS }, () => times()));

    await Promise.all(
      writers.flatMap((writer) => Array.from({ length: RUNS }, (_, run) => writer.add(LIKENESS, time(`F-${run}`)))),
    );

    const kept = (await (await times()).of(LIKENESS)).map(({ run }) => run);
    expect(kept).toHaveLength(20);
    expect(new Set(kept).size).toBe(20);
  });

  test("of a rehearsal are never read for production, nor the other way round", async () => {
    const [production, rehearsal] = [await times("production"), await times("rehearsal")];
    await rehearsal.add(LIKENESS, time("F-1"));

    expect(await production.of(LIKENESS)).toEqual([]);
    expect(await rehearsal.of(LIKENESS)).toHaveLength(1);
  });

  test.each<[string, Likeness]>([
    ["another kind", { ...LIKENESS, does: "prove-something" }],
    ["another region", { ...LIKENESS, region: "eu-central-1" }],
    ["another input that decides", { ...LIKENESS, alike: "ttl-60" }],
  ])("of %s are not mixed with them", async (_what, other) => {
    const mine = await times();
    await mine.add(LIKENESS, time("F-1"));

    expect(await mine.of(other)).toEqual([]);
  });
});
