import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { ACCOUNT_ID } from "../../../src/simulators/aws/specs.ts";
import type { LedgerFile } from "../../../src/store/ledger-file.ts";
import { boardOf } from "../../harness/board.ts";
import { drive, executorDeps, openLedger } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { mutationsOf, reopenOldSide, runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { siteOf } from "../../harness/site.ts";
import { THIRD, withThirdRegion } from "../../harness/third-region.ts";

const SPEED = 100;
/** A replica is built in half an hour or so. */
const SPEED_TO_BUILD = 1_500;
const SECOND = "eu-central-1";

let at: FailoverWorld;
let ledger: LedgerFile;
beforeEach(async () => {
  at = await startFailoverWorld({
    ...{ example: "inventory", speed: SPEED, lagSeconds: 0, answerWithinMs: 1_500, edit: withThirdRegion },
  });
  ledger = await openLedger(at, "watcher");
});
afterEach(async () => {
  await ledger.close();
  await at.stop();
});

/** One look at the side that a run has left, by a process of its own. */
async function turn(id: string): Promise<void> {
  const deps = { ...executorDeps(at, ledger), worker: "watcher" };
  await watchOldSide(await runOf(at, id), deps, new AbortController().signal);
}

const whatRunsInto = (id: string, isThere: (run: RunState) => boolean) =>
  eventually("look at the old side", async () => {
    await turn(id);
    const run = await runOf(at, id);
    return isThere(run) ? run : undefined;
  });

/** What people do after a failover: the third region follows the new writer. */
async function rebuildThird(): Promise<void> {
  const [own, writer] = [siteOf(at.service, THIRD).database, siteOf(at.service, SECOND).database];
  const DBInstanceIdentifier = own.instance;
  const found = await at.others.databases.describe(THIRD, own.instance);
  if (!found.known) throw new Error(found.why);
  await at.setSpeed(SPEED_TO_BUILD);
  await at.client.click("rds:DeleteDBInstance", THIRD, { DBInstanceIdentifier, SkipFinalSnapshot: "true" });
  await eventually("new replica", () =>
    at.client
      .click("rds:CreateDBInstanceReadReplica", THIRD, {
        DBInstanceIdentifier,
        SourceDBInstanceIdentifier: `arn:aws:rds:${SECOND}:${ACCOUNT_ID}:db:${writer.instance}`,
        ...{ VpcSecurityGroupIds: [own.security_group], KmsKeyId: found.value.kmsKey },
      })
      .then(
        () => true,
        () => undefined,
      ),
  );
  await eventually("replica in the third region", async () => {
    const lag = await at.cloud.databases.lag(THIRD, own.instance);
    return lag.known || undefined;
  });
  await at.setSpeed(SPEED);
}

const closingsAtHome = () =>
  mutationsOf(at).filter((each) => each.startsWith(`RevokeSecurityGroupIngress ${at.service.home}`));

describe("a service that went on to a third region while its first one was dark", () => {
  test("guard later move: has the first side closed when it comes back, and closed again when somebody opens it", async () => {
    at.whole.world.regions.set(at.service.home, "dark");
    await startRun(at);
    expect(await drive(at)).toMatchObject({ state: "verified", watch: { state: "waiting" } });
    await rebuildThird();
    await startRun(at, { id: "F-2", to: THIRD, mode: "planned" });
    const second = await drive(at, { run: "F-2", onIntent: (step) => void (step === "promote" && turn("F-1")) });
    expect([second.state, second.why, second.plan.from]).toEqual(["verified", "", SECOND]);
    await turn("F-1");

    // Its second side is fenced by our own run: nobody moved back.
    expect((await runOf(at)).watch.state).toBe("waiting");
    at.whole.world.regions.set(at.service.home, "up");
    const back = await whatRunsInto("F-1", ({ watch }) => watch.state === "fenced" || watch.state === "ended");
    expect(back.watch.state).toBe("fenced");
    expect(closingsAtHome()).toHaveLength(1);

    await reopenOldSide(at);
    const lost = await whatRunsInto("F-1", ({ watch }) => watch.lostAtMs !== undefined || watch.state === "ended");
    const needed = whoIsNeeded(lost, at.inventory, at.clock.now());
    expect(needed?.people.map(({ id }) => id)).toEqual(expect.arrayContaining(["ana", "ben"]));
    expect(needed?.why).toContain("eu-west-1 was fenced and is not any more");
    await whatRunsInto("F-1", ({ watch }) => watch.state === "fenced");
    expect(closingsAtHome()).toHaveLength(2);
    expect((await runOf(at)).watch.laterMoves).toEqual(["F-2"]);
    // Each side is looked after by the run that left it.
    expect((await runOf(at, "F-2")).watch.state).not.toBe("ended");
    expect(await boardOf(at)).toMatch(/Old side of F-2: eu-central-1 is .*\n.*Old side of F-1: eu-west-1 was opened/s);
  });
});
