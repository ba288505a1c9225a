import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { COPY_TAG } from "../../../src/flows/steps/permissions.ts";
import { deleteRoleBeside } from "../../../src/sandbox/world-from-inventory.ts";
import { drive } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";

const HOME = "eu-west-1";
const STANDBY = "eu-central-1";
const PRIMARY = "mycomputer-inventory-db";
const MARK = [{ Key: COPY_TAG, Value: "true" }];
/** Somebody else's: one with a name of their own, and one that only looks like TwoKey's by its name. */
const THEIRS = "before-the-migration";
const UNMARKED = "twokeycopy-by-hand";

let at: FailoverWorld;
let clients: RDSClient[] = [];
/** The copy that a run has made in the other region, and its original at home. */
let copy: string;
let original: string;

beforeAll(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 200 });
  await startRun(at, { runbook: "snapshot" });
  expect((await drive(at)).state).toBe("verified");
  [original = ""] = await namesIn(HOME);
  [copy = ""] = await namesIn(STANDBY);
  const people = administrator(STANDBY);
  const source = `arn:aws:rds:${HOME}:${accountOf(at.inventory.file.aws.role)}:snapshot:${original}`;
  for (const name of [THEIRS, UNMARKED]) {
    await people.send(
      new CopyDBSnapshotCommand({
        ...{ SourceDBSnapshotIdentifier: source, TargetDBSnapshotIdentifier: name, SourceRegion: HOME },
        KmsKeyId: "alias/aws/rds",
      }),
    );
    await eventually(`${name} in ${STANDBY}`, async () => ((await namesIn(STANDBY)).includes(name) ? name : undefined));
  }
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  clients = [];
  await at.stop();
});

const accountOf = (role = ""): string => role.split(":")[4] ?? "";

function keysOfPeople() {
  const { env } = at.whole;
  return { accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "", secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "" };
}

function clientIn(region: string, credentials: ReturnType<typeof keysOfPeople> & { sessionToken?: string }): RDSClient {
  const client = new RDSClient({
    ...{ endpoint: at.whole.env["AWS_ENDPOINT_URL"] ?? "", maxAttempts: 1, region, credentials },
  });
  clients.push(client);
  return client;
}

const administrator = (region: string): RDSClient => clientIn(region, keysOfPeople());

/** What somebody with this role has in their hands, without any session policy. */
async function roleIn(region: string, RoleArn: string): Promise<RDSClient> {
  const endpoint = at.whole.env["AWS_ENDPOINT_URL"] ?? "";
  const sts = new STSClient({ endpoint, region: STANDBY, credentials: keysOfPeople(), maxAttempts: 1 });
  const { Credentials: handed } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "clean-up" }));
  sts.destroy();
  return clientIn(region, {
    ...{ accessKeyId: handed?.AccessKeyId ?? "", secretAccessKey: handed?.SecretAccessKey ?? "" },
    sessionToken: handed?.SessionToken ?? "",
  });
}

const bot = (region: string) => roleIn(region, at.inventory.file.aws.role ?? "");
const cleaner = (region: string) => roleIn(region, deleteRoleBeside(at.inventory.file.aws.role ?? ""));

async function namesIn(region: string): Promise<string[]> {
  const { DBSnapshots: found = [] } = await administrator(region).send(
    new DescribeDBSnapshotsCommand({ SnapshotType: "manual" }),
  );
  return found.flatMap(({ DBSnapshotIdentifier: name, Status }) => (name && Status === "available" ? [name] : []));
}

const remove = (rds: RDSClient, name: string) => rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: name }));
const mark = (rds: RDSClient, name: string, region = STANDBY) =>
  rds.send(
    new AddTagsToResourceCommand({
      ResourceName: `arn:aws:rds:${region}:${accountOf(at.inventory.file.aws.role)}:snapshot:${name}`,
      Tags: MARK,
    }),
  );
const DENIED = { name: "AccessDenied" };

describe("the role that deletes copies, in the world", () => {
  test("deletes no snapshot of somebody else, none without the mark, and no original", async () => {
    const there = await cleaner(STANDBY);

    for (const name of [THEIRS, UNMARKED]) await expect(remove(there, name)).rejects.toMatchObject(DENIED);
    await expect(remove(await cleaner(HOME), original)).rejects.toMatchObject(DENIED);

    expect(await namesIn(STANDBY)).toEqual(expect.arrayContaining([THEIRS, UNMARKED, copy]));
    expect(await namesIn(HOME)).toContain(original);
  });

  test("can mark nothing later, not even what has TwoKey's name, and so can delete it no more than before", async () => {
    const there = await cleaner(STANDBY);

    for (const name of [THEIRS, UNMARKED, copy]) await expect(mark(there, name)).rejects.toMatchObject(DENIED);
    await expect(remove(there, UNMARKED)).rejects.toMatchObject(DENIED);
  });

  test("makes no snapshot of its own that it could delete", async () => {
    const there = await cleaner(HOME);
    const made = { DBInstanceIdentifier: PRIMARY, DBSnapshotIdentifier: "twokeycopy-mine", Tags: MARK };

    await expect(there.send(new CreateDBSnapshotCommand(made))).rejects.toMatchObject(DENIED);
  });

  test("guard original: an original that has the mark all the same, by somebody with more rights, is deleted by neither role", async () => {
    const people = administrator(HOME);
    const source = `arn:aws:rds:${HOME}:${accountOf(at.inventory.file.aws.role)}:snapshot:${original}`;
    await expect(mark(await bot(HOME), original, HOME)).rejects.toMatchObject(DENIED);
    await people.send(new AddTagsToResourceCommand({ ResourceName: source, Tags: MARK }));

    await expect(remove(await cleaner(HOME), original)).rejects.toMatchObject(DENIED);
    await expect(remove(await bot(HOME), original)).rejects.toMatchObject(DENIED);
    expect(await namesIn(HOME)).toContain(original);
  });

  test("the bot's own role can mark no snapshot of somebody else, and deletes not even its own copy", async () => {
    const there = await bot(STANDBY);

    await expect(mark(there, THEIRS)).rejects.toMatchObject(DENIED);
    for (const name of [THEIRS, UNMARKED, copy]) await expect(remove(there, name)).rejects.toMatchObject(DENIED);
  });

  test("deletes the copy that a run has made", async () => {
    await remove(await cleaner(STANDBY), copy);

    expect(await namesIn(STANDBY)).not.toContain(copy);
    await eventually("end of the copy", () => at.whole.world.log.read(0, "rds.snapshot-deleted")[0]);
    expect(at.whole.world.log.read(0, "rds.snapshot-deleted")).toHaveLength(1);
  });
});
