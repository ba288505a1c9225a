import { expect, test } from "@jest/globals";
import { createQueues } from "../../src/jobs/queues.ts";
import { FAIL_FAST } from "../../src/store/connection.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { silent } from "../harness/fakes/index.ts";

test("guard lost wake-up: one that Redis does not take fails no act that counts already; it is said in the log, and the sweep looks", async () => {
  const redis = await BreakableRedis.start();
  const lost: string[] = [];
  const warn = (_facts: object, says: string) => void lost.push(says);
  const queues = createQueues({ url: redis.url, ...FAIL_FAST, enableOfflineQueue: true }, { ...silent, warn });
  try {
    await queues.wake.run("F-1");
    expect(lost).toEqual([]);
    await redis.kill();

    const { run, runCalls, incidentChat, card } = queues.wake;
    await Promise.all([run("F-1"), runCalls("F-1"), incidentChat("i-1"), card("plan:F-1")]);

    expect(lost.filter((says) => says === "A wake-up was lost; the sweep looks instead")).toHaveLength(4);
  } finally {
    await redis.comeBack("same");
    // Each queue has its connection again before it is closed.
    await eventually("connections", () => queues.waiting().catch(() => undefined));
    await queues.close();
    await redis.stop();
  }
});
