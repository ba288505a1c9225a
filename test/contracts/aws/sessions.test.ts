import { PromoteReadReplicaCommand, RDSClient } from "@aws-sdk/client-rds";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, test } from "@jest/globals";
import { chainOf } from "../../../src/domain/errors.ts";
import { promoting, rebooting } from "../../../src/flows/resources/stores/rds-replica/permissions.ts";
import type { Permission } from "../../../src/ports/permission.ts";
import { UNASKED } from "../../harness/fakes/index.ts";
import {
  factOf,
  HASTY,
  HOME,
  type InventoryWorld,
  mutations,
  OBSERVE_ROLE,
  PRIMARY,
  REPLICA,
  ROLE,
  STANDBY,
  sessionsIn,
  startInventoryWorld,
} from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const MANAGED = "arn:aws:iam::111122223333:policy/twokey-inventory";
const OF_REBOOTS = "arn:aws:iam::111122223333:policy/of-reboots";
const OF_NOTHING = "arn:aws:iam::111122223333:policy/of-nothing";
const allowing = (arn: string, Action: string) => ({
  arn,
  document: { Version: "2012-10-17" as const, Statement: { Effect: "Allow" as const, Action, Resource: "*" } },
});

const inventory = worldOfEachTest([], {
  roles: [ROLE, OBSERVE_ROLE].map((arn) => ({ arn })),
  managed: [
    allowing(MANAGED, "rds:PromoteReadReplica"),
    allowing(OF_REBOOTS, "rds:RebootDBInstance"),
    allowing(OF_NOTHING, "rds:DescribeEvents"),
  ],
});

const PROMOTION = promoting(STANDBY, REPLICA);
const LOOKS = { arn: OBSERVE_ROLE, sessionName: "bot-1" };
/** Of one client that meets silence first and an answer then, which takes a busy machine less. */
const LESS_HASTY = { ...HASTY, patience: { connectMs: 10_000, answerMs: 2_500 } };
const run = (permitted: readonly Permission[], options: Parameters<InventoryWorld["connect"]>[0] = {}) => {
  const aws = inventory().connect({ role: LOOKS, executeRole: ROLE, ...options });
  return aws.as({ sessionName: "dr-F-1" }).guardedBy(UNASKED, permitted);
};
const promote = ({ databases }: Pick<ReturnType<typeof run>, "databases">) =>
  databases.promote({ region: STANDBY, instance: REPLICA, backupRetentionDays: 7 });
const sessions = () => sessionsIn(inventory()).map(({ session, role }) => [session, role]);
const denied = { name: "StepFailed", code: "aws-denied" };
/** So many instances that their names fill more than STS takes. */
const MANY = Array.from({ length: 60 }, (_, at) => promoting(STANDBY, `inventory-replica-${at}`));

describe("sessions", () => {
  test("one that looks serves every region and API", async () => {
    const aws = inventory().connect({ role: { arn: ROLE, sessionName: "dr-run-1" } });

    await Promise.all([
      aws.databases.describe(STANDBY, REPLICA),
      aws.databases.describe(HOME, PRIMARY),
      aws.firewall.rules(HOME, "sg-home"),
    ]);

    expect(factOf(await aws.databases.describe(STANDBY, REPLICA)).role).toBe("replica");
    expect(sessionsIn(inventory())).toMatchObject([{ region: HOME, session: "dr-run-1", role: ROLE }]);
  });

  test("of a run have its name, and what only looks opens none of them", async () => {
    const aws = inventory().connect({ role: LOOKS, executeRole: ROLE });
    await aws.databases.describe(STANDBY, REPLICA);
    expect(sessions()).toEqual([["bot-1", OBSERVE_ROLE]]);
    const acting = aws.as({ sessionName: "dr-F-1" });

    await promote(acting.guardedBy(UNASKED, [PROMOTION]));
    await acting.guardedBy(UNASKED, [PROMOTION]).databases.describe(HOME, PRIMARY);

    // One that acts, and one that looks.
    expect(sessions().slice(1)).toEqual([
      ["dr-F-1", ROLE],
      ["dr-F-1", ROLE],
    ]);
  });

  test("are opened beforehand, and asked for once by all who need the same one", async () => {
    const aws = inventory().connect({ role: LOOKS, executeRole: ROLE }).as({ sessionName: "dr-F-1" });

    await Promise.all([aws.prepare([PROMOTION]), aws.prepare([PROMOTION])]);
    // One that acts, and one that looks.
    expect(sessions()).toHaveLength(2);
    const ports = aws.guardedBy(UNASKED, [PROMOTION]);
    await ports.databases.describe(STANDBY, REPLICA);
    await promote(ports);

    expect(sessions()).toHaveLength(2);
  });

  test("of a role that may not be assumed are denied, not dark", async () => {
    const role = { arn: `${ROLE}-other`, sessionName: "dr-run-1" };
    const aws = inventory().connect({ role, executeRole: role.arn });

    expect(await aws.databases.describe(STANDBY, REPLICA)).toMatchObject({ known: false, cause: "denied" });
    await expect(aws.prepare([PROMOTION])).rejects.toMatchObject(denied);
    const why = await aws.prepare([PROMOTION]).catch(chainOf);
    expect(why).toMatch(
      /No credentials: .*STS does not let TwoKey take its role; look at the trust policy of that role/,
    );
    await expect(promote(aws.guardedBy(UNASKED, [PROMOTION]))).rejects.toMatchObject(denied);
  });
});

test("a session that soon ends is renewed, and the old one goes on counting while nobody hands out a new one", async () => {
  // Within the five minutes in which a new one is asked for, from its first moment on.
  const own = await startInventoryWorld([], { roles: [{ arn: ROLE }], sessionSeconds: 290 });
  const aws = own.connect({ executeRole: ROLE, role: { arn: ROLE, sessionName: "bot-1" } });

  await aws.prepare([PROMOTION]);
  await aws.prepare([PROMOTION]);
  expect(sessionsIn(own)).toHaveLength(4);
  const refusing = { kind: "error", status: 503, code: "ServiceUnavailable" } as const;
  own.world.faults.plan({ vendor: "aws", operation: "AssumeRole", effect: refusing });

  expect(await promote(aws.guardedBy(UNASKED, [PROMOTION]))).toMatchObject({ kind: "accepted" });
  await own.stop();
});

describe("a session for one step", () => {
  test("may make its own call", async () => {
    expect(await promote(run([PROMOTION]))).toMatchObject({ kind: "accepted" });
    expect(inventory().world.log.read(0, "iam.denied")).toEqual([]);
  });

  test("may make no other call, and none on anything else", async () => {
    await expect(promote(run([rebooting(STANDBY, REPLICA)]))).rejects.toMatchObject(denied);
    await expect(promote(run([promoting(HOME, REPLICA)]))).rejects.toMatchObject(denied);
    await expect(promote(run([]))).rejects.toMatchObject(denied);
    expect(mutations(inventory(), "PromoteReadReplica")).toEqual([]);
  });

  test("is never asked for without its limits, where they are longer than STS takes", async () => {
    await expect(promote(run(MANY))).rejects.toMatchObject({ name: "StepFailed", code: "policy-too-long" });
    expect(sessionsIn(inventory()).filter(({ policy }) => policy === undefined)).toEqual([]);
  });

  test("is then limited by the managed policy that the file names", async () => {
    const acting = run(MANY, { managedPolicy: MANAGED });

    await promote(acting);

    const wish = { region: STANDBY, instance: REPLICA, forceFailover: false };
    await expect(acting.databases.reboot(wish)).rejects.toMatchObject(denied);
  });

  test("guard managed: is limited by its service's own managed policies, all of them, and by that of the account no more", async () => {
    const aws = inventory().connect({ role: LOOKS, executeRole: ROLE, managedPolicy: MANAGED });
    const managedPolicies = [OF_REBOOTS, OF_NOTHING, "arn:aws:iam::210987654321:policy/of-another-account"];
    const acting = aws.as({ sessionName: "dr-F-2", managedPolicies }).guardedBy(UNASKED, MANY);

    const wish = { region: STANDBY, instance: REPLICA, forceFailover: false };
    expect(await acting.databases.reboot(wish)).toMatchObject({ kind: "accepted" });
    await expect(promote(acting)).rejects.toMatchObject(denied);
    const asked = inventory().world.log.read(0, "sts.role-assumed").at(-1);
    expect(asked?.facts).toMatchObject({ policy: undefined, managed: [OF_REBOOTS, OF_NOTHING] });
  });

  test("keeps a policy of its own where that is short enough, whatever its service has besides", async () => {
    const aws = inventory().connect({ role: LOOKS, executeRole: ROLE });
    const acting = aws.as({ sessionName: "dr-F-2", managedPolicies: [OF_REBOOTS] }).guardedBy(UNASKED, [PROMOTION]);

    expect(await promote(acting)).toMatchObject({ kind: "accepted" });
  });

  test("is unlimited only where the file names no role", async () => {
    const aws = inventory().connect({ role: LOOKS });

    expect(await promote(aws.as({ sessionName: "dr-F-1" }).guardedBy(UNASKED, []))).toMatchObject({ kind: "accepted" });
    expect(sessions()).toEqual([]);
  });
});

test("what looks can change nothing, whatever the role may do", async () => {
  const aws = inventory().connect({ role: { arn: ROLE, sessionName: "bot-1" }, executeRole: ROLE });
  await aws.databases.describe(STANDBY, REPLICA);
  const [looking] = sessionsIn(inventory());

  const answer = await promotionBy(looking?.policy);

  expect(answer).toBe("AccessDenied");
  expect(mutations(inventory(), "PromoteReadReplica")).toEqual([]);
});

/** How RDS answers somebody who got hold of a session that was limited to this. */
async function promotionBy(Policy: string | undefined): Promise<string> {
  const settings = { endpoint: inventory().endpoint, region: STANDBY, maxAttempts: 1 };
  const sts = new STSClient({
    ...settings,
    credentials: { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "x" },
  });
  const { Credentials: handed } = await sts.send(
    new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "bot-1", Policy }),
  );
  const credentials = {
    ...{ accessKeyId: handed?.AccessKeyId ?? "", secretAccessKey: handed?.SecretAccessKey ?? "" },
    sessionToken: handed?.SessionToken ?? "",
  };
  const rds = new RDSClient({ ...settings, credentials });
  const answer = await rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: REPLICA })).then(
    () => "accepted",
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
  for (const client of [sts, rds]) client.destroy();
  return answer;
}

describe("a dark STS", () => {
  const regions = () => sessionsIn(inventory()).map(({ region }) => region);

  test("is stood in for by the next region's", async () => {
    inventory().world.regions.set(HOME, "dark");
    const acting = run([PROMOTION], { otherSts: [STANDBY], ...LESS_HASTY });

    expect(await promote(acting)).toMatchObject({ kind: "accepted" });
    expect(regions()).toEqual([STANDBY]);
  });

  test("is not asked at all where the run leaves that region", async () => {
    inventory().world.regions.set(HOME, "dark");
    const aws = inventory().connect({ role: LOOKS, executeRole: ROLE });

    await aws.as({ sessionName: "dr-F-1", stsRegions: [STANDBY] }).prepare([PROMOTION]);

    expect(new Set(regions())).toEqual(new Set([STANDBY]));
  });

  test("and no other says that there are no credentials now, which is no answer of the region that is acted on", async () => {
    inventory().world.regions.set(HOME, "dark");
    const aws = inventory().connect({ role: LOOKS, executeRole: ROLE, ...HASTY });

    await expect(aws.prepare([PROMOTION])).rejects.toMatchObject({ name: "TransientError", code: "no-credentials" });
    expect(await aws.databases.describe(STANDBY, REPLICA)).toMatchObject({
      ...{ known: false, cause: "failed" },
      why: expect.stringContaining("no credentials"),
    });
  });
});
