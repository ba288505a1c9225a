import { afterEach, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { FirewallRule } from "../../../src/domain/service/firewall.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import type { Region } from "../../../src/domain/service/service.ts";
import { namesOf } from "../../../src/flows/resources/site.ts";
import type { RecordSet } from "../../../src/ports/traffic.ts";
import { ACCOUNT_ID } from "../../../src/simulators/aws/specs.ts";
import { drive } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../harness/site.ts";

const SPEED = 200;
/** A replica is built in half an hour or so. */
const SPEED_TO_BUILD = 1_500;

let at: FailoverWorld;
afterEach(() => at.stop());

function seen<T>(known: Known<T>): T {
  if (!known.known) throw new Error(known.why);
  return known.value;
}

/** The records of the pair, by side. */
async function pair(): Promise<Record<string, RecordSet | undefined>> {
  const [name] = namesOf(at.service);
  if (name?.routing !== "failover") throw new Error("the example has a failover pair");
  const sets = seen(await at.others.traffic.records(name.zone, name.name));
  const of = (side: string) => sets.find(({ failover }) => failover === side);
  return { primary: of("PRIMARY"), secondary: of("SECONDARY") };
}

const frontIn = (region: Region): string => siteOf(at.service, region).load_balancer.dns_name.toLowerCase();

const rulesIn = async (region: Region): Promise<readonly FirewallRule[]> =>
  seen(await at.others.firewall.rules(region, siteOf(at.service, region).database.security_group));

/** What people do before they move back: the old side becomes a replica of today's writer, with its door open. */
async function rebuildHome(rules: readonly FirewallRule[]): Promise<void> {
  const { home } = at.service;
  const standby = standbyOf(at.service);
  const [old, writer] = [siteOf(at.service, home).database, siteOf(at.service, standby).database];
  const DBInstanceIdentifier = old.instance;
  const { kmsKey } = seen(await at.others.databases.describe(home, old.instance));
  await at.others.firewall.open({ region: home, securityGroup: old.security_group, rules });
  await at.setSpeed(SPEED_TO_BUILD);
  await at.client.click("rds:ModifyDBInstance", home, { DBInstanceIdentifier, DeletionProtection: "false" });
  await eventually("end of the protection", () =>
    at.client.click("rds:DeleteDBInstance", home, { DBInstanceIdentifier, SkipFinalSnapshot: "true" }).then(
      () => true,
      () => undefined,
    ),
  );
  await eventually("new replica", () =>
    at.client
      .click("rds:CreateDBInstanceReadReplica", home, {
        DBInstanceIdentifier,
        SourceDBInstanceIdentifier: `arn:aws:rds:${standby}:${ACCOUNT_ID}:db:${writer.instance}`,
        ...{ VpcSecurityGroupIds: [old.security_group], KmsKeyId: kmsKey },
      })
      .then(
        () => true,
        () => undefined,
      ),
  );
  await eventually("replica at home", async () => {
    const lag = await at.cloud.databases.lag(home, old.instance);
    return lag.known || undefined;
  });
  await at.setSpeed(SPEED);
}

const ended = async (driven: Promise<RunState>) => {
  const { state, why } = await driven;
  return [state, why];
};

test("a failover pair goes there and back: it leads to one side each time, keeps its health checks, and is whole again when people give SECONDARY back", async () => {
  at = await startFailoverWorld({ example: "regami", speed: SPEED });
  const { home } = at.service;
  const standby = standbyOf(at.service);
  const before = await pair();
  const rules = await rulesIn(home);

  const there = await startRun(at, { mode: "planned" });
  expect(await ended(drive(at))).toEqual(["verified", ""]);
  const away = await pair();
  await rebuildHome(rules);
  const back = await startRun(at, { id: "F-2", mode: "planned", to: home });
  expect(await ended(drive(at, { run: "F-2" }))).toEqual(["verified", ""]);
  const again = await pair();

  const checks = (now: Awaited<ReturnType<typeof pair>>) => [
    now["primary"]?.healthCheck,
    now["secondary"]?.healthCheck,
  ];
  const fronts = (now: Awaited<ReturnType<typeof pair>>) => [now["primary"], now["secondary"]].map((set) => set?.alias);
  const leadTo = (region: Region) => {
    const alias = { dnsName: frontIn(region), evaluateTargetHealth: true };
    return [expect.objectContaining(alias), expect.objectContaining(alias)];
  };
  expect(checks(before)[0]).toEqual(expect.any(String));
  expect([fronts(away), checks(away)]).toEqual([leadTo(standby), checks(before)]);
  expect([fronts(again), checks(again)]).toEqual([leadTo(home), checks(before)]);
  expect(again["primary"]).toEqual(before["primary"]);
  expect(there.plan.leftForPeople?.join(" ")).toContain(`both lead to ${standby} then, each with its own health check`);
  expect(back.plan.leftForPeople?.join(" ")).toContain(
    `point the secondary record (“secondary”) at ${frontIn(standby)}`,
  );
  expect({ ...again["secondary"], alias: before["secondary"]?.alias }).toEqual(before["secondary"]);
});
