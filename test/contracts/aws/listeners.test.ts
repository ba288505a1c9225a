import { getEventListeners, getMaxListeners } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { eitherOf, forLooks } from "../../../src/ports/signals.ts";
import { eventually } from "../../harness/eventually.ts";
import { UNASKED } from "../../harness/fakes/index.ts";
import { CLUSTER, HOME } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const ONE_LOOK = 12;

test("looks and calls leave nothing behind at the signal that could have ended them", async () => {
  const { signal } = new AbortController();
  const acting = inventory().aws.guardedBy(UNASKED, []);
  const listening = () => getEventListeners(forLooks(signal), "abort").length;

  for (let turn = 0; turn < 3; turn += 1) {
    const looks = Array.from({ length: ONE_LOOK }, () => inventory().aws.clusters.describe(HOME, CLUSTER, signal));
    await Promise.all(looks);
    await acting.clusters
      .failover({ region: HOME, cluster: CLUSTER, target: "orders-2" }, signal)
      .catch(() => undefined);
  }

  await eventually("nobody listens any more", () => (listening() === 0 ? true : undefined));
});

test("a signal that ends a look has room for all calls of the look, however it is joined to another", () => {
  const [stop, patience] = [new AbortController(), new AbortController()];

  const both = eitherOf(stop.signal, patience.signal);
  expect(getMaxListeners(both)).toBeGreaterThan(5 * ONE_LOOK);
  patience.abort();
  expect([both.aborted, stop.signal.aborted]).toEqual([true, false]);
});

test("signals are joined in one place, so that none is left with too little room", () => {
  const joining = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.startsWith("simulators"))
    .filter((path) => readFileSync(`src/${path}`, "utf8").includes("AbortSignal.any("));

  expect(joining).toEqual(["ports/signals.ts"]);
});
