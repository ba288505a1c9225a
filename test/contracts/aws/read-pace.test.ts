import { expect, test } from "@jest/globals";
import { PACE } from "../../../src/integrations/aws/read-pace.ts";
import { guarded, HOME, PRIMARY, REPLICA, STANDBY } from "./inventory-world.ts";
import { quietWire } from "./quiet-wire.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

/** AWS tells it of one instance in a call, so that no two of these share one. */
const LOOK = "DescribeEvents";
const eventsOf = (instance: string, region = HOME) => ({
  region,
  instance,
  sinceMs: Date.parse("2026-11-21T08:00:00Z"),
});
const connect = () => inventory().connect({ pace: PACE });
const arrived = (region = HOME) => inventory().reads(LOOK, region);
const settled = (least?: number) => quietWire(arrived, least);

test("a storm of reads to one API leaves at two a second of world time, after a burst of ten; another region is asked meanwhile", async () => {
  const aws = connect();
  const other = aws.as({ sessionName: "dr-F-1" });
  const storm = Array.from({ length: 24 }, (_, at) => (at % 2 ? aws : other).databases.events(eventsOf(`db-${at}`)));
  const elsewhere = aws.databases.events(eventsOf(REPLICA, STANDBY));
  expect(await settled(10)).toBe(10);
  await elsewhere;
  for (let second = 1; second <= 7; second++) {
    inventory().advance(1);
    expect(await settled(10 + 2 * second - 1)).toBeLessThanOrEqual(10 + 2 * second);
  }
  inventory().advance(1);
  await Promise.all(storm);
  expect(await arrived()).toBe(24);
});

test("a throttled API gets fewer", async () => {
  const aws = connect();
  const code = { status: 400, code: "Throttling", message: "Rate exceeded" };
  inventory().world.faults.plan({ vendor: "aws", operation: LOOK, effect: { kind: "error", ...code }, times: 1 });
  const storm = stormOf(30, (at, signal) => aws.databases.events(eventsOf(`db-${at}`), signal));
  const first = await settled(10);
  expect(first).toBeLessThanOrEqual(10);
  for (let second = 0; second < 8; second++) {
    inventory().advance(1);
    await settled();
  }
  expect(await settled(first + 6)).toBeLessThanOrEqual(first + 9);
  await storm.ends();
});

test("a write leaves at once, and so does the look that it hangs on, whoever waits", async () => {
  const aws = guarded(connect());
  const storm = stormOf(30, (at, signal) => aws.databases.events(eventsOf(`db-${at}`), signal));
  expect(await settled(10)).toBe(10);
  const wish = { region: HOME, instance: PRIMARY, forceFailover: true };
  expect(await aws.databases.reboot(wish)).toMatchObject({ kind: "accepted" });
  expect(await inventory().reads("DescribeDBInstances", HOME)).toBe(1);
  const copied = { of: "instance", id: "none", from: HOME, to: STANDBY, copyId: "copy", tags: {} } as const;
  await expect(aws.snapshots.copy(copied)).rejects.toThrow("describe snapshot none");
  await expect(aws.clusters.failover({ region: HOME, cluster: "none", target: "none-1" })).rejects.toThrow(
    "describe cluster none",
  );
  expect(await arrived()).toBe(10);
  await storm.ends();
});

/** Reads that nobody waits for any more once it ends. */
function stormOf(count: number, ask: (at: number, signal: AbortSignal) => Promise<unknown>) {
  const over = new AbortController();
  const asked = Array.from({ length: count }, (_, at) => ask(at, over.signal));
  const all = Promise.allSettled(asked);
  return {
    ends: async () => {
      over.abort();
      await all;
    },
  };
}
