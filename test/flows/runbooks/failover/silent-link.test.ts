import { afterEach, describe, expect, test } from "@jest/globals";
import type { Region } from "../../../../src/domain/service/region.ts";
import { drive } from "../../../harness/drive.ts";
import { mutationsOf, startRun, verdictOf } from "../../../harness/failover-runs.ts";
import { OWN_GROUP } from "../../../harness/failover-spec.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../../harness/site.ts";

const SPEED = 150;

let at: FailoverWorld;
afterEach(() => at.stop());

const start = async (netTimeoutSeconds?: number, engine: "mysql" | "mariadb" = "mysql") => {
  at = await startFailoverWorld({
    ...{ example: "inventory", speed: SPEED, lagSeconds: 0, orderSeconds: 5, engine },
    ...(netTimeoutSeconds !== undefined && { netTimeoutSeconds }),
  });
};

/** World time since which nothing arrives at the replica any more, and nobody says so. */
async function cutSilently(forMs: number): Promise<number> {
  const region = standbyOf(at.service);
  const { instance } = siteOf(at.service, region).database;
  await at.client.post("/rds/lag", { region, instance, seconds: "silent" });
  const cutMs = at.clock.now();
  await at.clock.sleep(forMs);
  return cutMs;
}

const setTimeoutTo = (region: Region, seconds: number) =>
  at.client.click("rds:ModifyDBParameterGroup", region, {
    DBParameterGroupName: OWN_GROUP,
    Parameters: [{ ParameterName: "replica_net_timeout", ParameterValue: String(seconds), ApplyMethod: "immediate" }],
  });

const unreadable = () => {
  const effect = { kind: "error", status: 403, code: "AccessDenied" } as const;
  at.whole.world.faults.plan({ vendor: "aws", operation: "DescribeDBParameters", effect });
};

describe("a replica of MySQL that notices only after an hour that nothing arrives", () => {
  test.each(["mysql", "mariadb"] as const)(
    "guard noticed late: %s makes the signed loss an hour earlier, and nothing older is lost",
    async (engine) => {
      await start(3_600, engine);
      const cutMs = await cutSilently(600_000);
      const { plan } = await startRun(at);

      const run = await drive(at);

      const { oldestLostMs } = await verdictOf(at);
      if (plan.dataLoss.kind !== "after") throw new Error("a position is known");
      expect(plan.dataLoss.atMs).toBeLessThanOrEqual(cutMs);
      expect(oldestLostMs).toBeGreaterThanOrEqual(plan.dataLoss.atMs);
      expect(run.state).toBe("verified");
    },
  );

  test("guard no late proof: a planned move is refused, since users would wait an hour for its proof", async () => {
    await start(3_600);
    await cutSilently(600_000);

    await expect(startRun(at, { mode: "planned" })).rejects.toThrow(
      /notices only after 1 h that nothing arrives \(replica_net_timeout\)/,
    );
  });

  test("a planned move waits as long as the replica may be wrong, and never says that all is there over a dead link", async () => {
    await start(420);
    await cutSilently(1_000);
    await startRun(at, { mode: "planned" });

    const run = await drive(at);

    expect(run.pastNoReturn).toBe(false);
    expect(run.why).toContain("lag is unknown");
  });

  test("guard noticed later than signed: a value that somebody raises after the keys voids them, and nothing is touched", async () => {
    await start(60);
    await startRun(at);
    await setTimeoutTo(standbyOf(at.service), 3_600);
    const before = mutationsOf(at);

    const run = await drive(at);

    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain("how long the standby takes to notice that nothing arrives changed");
    expect(mutationsOf(at)).toEqual(before);
  });

  test("an untouched parameter counts as the engine's default of a minute", async () => {
    await start();
    const { plan } = await startRun(at);

    expect(plan.steps.find(({ id }) => id === "record-position")?.input["blindMs"]).toBe(60_000);
  });
});

describe("where nobody may read the parameters of a replica", () => {
  test("guard silence in words: an unplanned move is agreed to in words, and is no more than that", async () => {
    await start();
    unreadable();

    const { plan } = await startRun(at);

    expect(plan.acceptances.find(({ id }) => id === "silence-unbounded")?.words).toBe(
      "I accept that more may be lost than that: nobody can say how long the standby's database in eu-central-1 reports no lag after it was cut off",
    );
  });

  test("guard silence proves nothing: a planned move is refused without a marker row, with what to do", async () => {
    await start();
    unreadable();

    await expect(startRun(at, { mode: "planned" })).rejects.toThrow(
      /it cannot prove that every commit is there.*rds:DescribeDBParameters.*connection.*use mode unplanned/,
    );
  });

  test("parameters that wait for a restart are not believed", async () => {
    await start(3_600);
    const region = standbyOf(at.service);
    const { instance } = siteOf(at.service, region).database;
    await at.client.click("rds:ModifyDBInstance", region, {
      DBInstanceIdentifier: instance,
      DBParameterGroupName: "default.mysql8.0",
    });
    await at.clock.sleep(120_000);

    const { plan } = await startRun(at);

    expect(plan.acceptances.map(({ id }) => id)).toContain("silence-unbounded");
  });

  test("PostgreSQL is not asked, and nothing has to be agreed to", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    unreadable();

    const { plan } = await startRun(at, { mode: "planned" });

    expect(plan.acceptances.map(({ id }) => id)).not.toContain("silence-unbounded");
  });
});
