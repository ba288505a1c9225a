import { afterEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { drive } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { trafficOf } from "../../harness/site.ts";

const SPEED = 200;

let at: FailoverWorld;
afterEach(() => at.stop());

/** Somebody makes one more set of the users' name in the console, beside the one of the old side and like it. */
async function addThird(): Promise<void> {
  const { zone, name } = trafficOf(at.service);
  const found = await at.others.traffic.records(zone, name);
  const [home] = found.known ? found.value.filter(({ setIdentifier }) => setIdentifier !== "third") : [];
  if (home?.weight === undefined) throw new Error("The example has weights");
  const third = { ...home, setIdentifier: "third", weight: 1 };
  await at.others.traffic.upsert({ zone, records: [third], comment: "somebody else" });
}

/** Runs until it ends; the third set is made at the intent of that step. */
async function ranWithThirdAt(step: string) {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, orderSeconds: 30 });
  await startRun(at);
  let added: Promise<unknown> = Promise.resolve();
  const run = await drive(at, {
    onIntent: (id) => {
      // Route 53 takes one change of a zone at a time.
      if (id === step)
        added = eventually("third set", () =>
          addThird()
            .then(() => true)
            .catch(() => undefined),
        );
    },
  });
  await added;
  return run;
}

describe("a set that somebody adds to the users' name while a run is under way", () => {
  test("after the promotion stops the run before it moves users, and is named", async () => {
    const run = await ranWithThirdAt("check-writable");

    expect([run.state, stateOf(run, "shift-traffic").state]).toEqual(["stopped", "failed"]);
    expect(run.why).toContain("A “third” → ");
  }, 60_000);

  test("after users were moved keeps the run from being verified, and is named", async () => {
    const run = await ranWithThirdAt("settle-dns");

    expect([run.state, stateOf(run, "check-public").state]).toEqual(["stopped", "failed"]);
    expect(run.why).toContain("A “third” → ");
  }, 60_000);
});
