import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createQueues, type Queues } from "../../src/jobs/queues.ts";
import { silent } from "../harness/fakes/index.ts";
import { StoreBench } from "../harness/store.ts";

let bench: StoreBench;
let queues: Queues;
beforeEach(async () => {
  bench = await StoreBench.start();
  queues = createQueues({ url: bench.url }, silent);
});
afterEach(async () => {
  await queues.close();
  bench.close();
});

const sweeps = async () => (await queues.waiting())["sweep"];

test("each sweep that is asked for beside the regular ones waits to be made", async () => {
  expect(await sweeps()).toBe(0);
  await queues.sweepNow();
  expect(await sweeps()).toBe(1);
  await queues.sweepNow();
  expect(await sweeps()).toBe(2);
});
