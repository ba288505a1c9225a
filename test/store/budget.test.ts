import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { sharedBudget } from "../../src/store/budget.ts";
import { StoreBench } from "../harness/store.ts";

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

test("four processes together take what one may, and each of the rest hears when a call is free", async () => {
  const processes = (await Promise.all([1, 2, 3, 4].map(() => bench.connect()))).map((redis) => sharedBudget(redis));
  const answers = await Promise.all(
    processes.flatMap((budget) => Array.from({ length: 30 }, () => budget.take("events", 90))),
  );
  expect(answers.filter((waitMs) => waitMs === 0)).toHaveLength(90);
  const waits = answers.filter((waitMs) => waitMs > 0);
  expect(Math.min(...waits)).toBeGreaterThan(50_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
});

test("what is reserved is left for those who may use it, and budgets of two names are apart", async () => {
  const budget = sharedBudget(await bench.connect());
  for (let call = 0; call < 8; call += 1) expect(await budget.take("events", 8)).toBe(0);
  expect(await budget.take("events", 8)).toBeGreaterThan(0);
  expect(await budget.take("events", 10)).toBe(0);
  expect(await budget.take("rest", 8)).toBe(0);
});
