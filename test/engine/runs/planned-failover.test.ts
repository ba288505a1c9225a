import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { drive } from "../../harness/drive.ts";
import { startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../harness/site.ts";
import { standingOf } from "../../harness/standing.ts";

const SPEED = 200;

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 0 });
});
afterEach(() => at.stop());

/** What CloudWatch shows of the replica from now on. */
const shows = (seconds: number | "broken") => {
  const standby = standbyOf(at.service);
  return at.client.post("/rds/lag", {
    region: standby,
    instance: siteOf(at.service, standby).database.instance,
    seconds,
  });
};

describe("a planned failover", () => {
  test("loses nothing although the newest sample of the lag is older than the fence", async () => {
    await startRun(at, { mode: "planned" });
    // CloudWatch goes on showing the zero of a minute ago.
    await shows(45);

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    const verdict = await verdictOf(at);
    expect(verdict.acknowledged).toBeGreaterThan(0);
    expect([verdict.lostWrites, verdict.splitBrain]).toEqual([0, []]);
  });

  test("that never gets there unwinds, and the old side serves again", async () => {
    const before = await standingOf(at);
    await startRun(at, { mode: "planned" });
    let broken: Promise<unknown> | undefined;

    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "record-position") broken = shows("broken");
      },
    });

    await broken;

    expect(run).toMatchObject({ state: "unwound", pastNoReturn: false });
    expect(await standingOf(at)).toEqual(before);
  });
});
