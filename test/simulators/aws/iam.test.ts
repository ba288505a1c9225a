import { Agent } from "node:http";
import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DeleteSecurityGroupCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { DescribeKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  PromoteReadReplicaCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { ChangeResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from "@aws-sdk/client-sts";
import { afterEach, describe, expect, test } from "@jest/globals";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import {
  HOME,
  type InventoryWorld,
  KEY,
  PRIMARY,
  REPLICA,
  ROLE,
  STANDBY,
  startInventoryWorld,
  TOPIC,
  ZONE,
} from "../../contracts/aws/inventory-world.ts";
import { refusalOf } from "./aws-world.ts";

let inventory: InventoryWorld | undefined;
const clients: { destroy(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await inventory?.stop();
  inventory = undefined;
});

interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}
type Conditions = NonNullable<Statement["Condition"]>;

const allow = (Action: Statement["Action"], Resource: Statement["Resource"], Condition?: Conditions): Statement => ({
  ...{ Effect: "Allow", Action, Resource },
  ...(Condition && { Condition }),
});
const deny = (Action: string, Resource: string, Condition?: Conditions): Statement => ({
  ...allow(Action, Resource, Condition),
  Effect: "Deny",
});
const document = (...Statement: Statement[]) => ({ Version: "2012-10-17" as const, Statement });
const text = (...statements: Statement[]) => JSON.stringify(document(...statements));
const db = (region: string, name: string) => `arn:aws:rds:${region}:111122223333:db:${name}`;
const EVERYTHING = allow("*", "*");
const MANAGED = "arn:aws:iam::111122223333:policy/reboots";

/** A world in which the role may do this. */
async function worldWhere(...statements: Statement[]): Promise<InventoryWorld> {
  inventory = await startInventoryWorld([], {
    roles: [{ arn: ROLE, policies: [document(...statements)] }],
    managed: [{ arn: MANAGED, document: document(allow("rds:RebootDBInstance", "*")) }],
  });
  return inventory;
}

function opened<C extends { destroy(): void }>(client: C): C {
  clients.push(client);
  return client;
}

const settings = ({ endpoint }: InventoryWorld, region: string) => ({
  ...{ region, endpoint, maxAttempts: 1 },
  credentials: { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "not-a-secret" },
});

/** What clients of a session of the role are made with. */
async function sessionOf(
  world: InventoryWorld,
  { region = STANDBY, ...wish }: Partial<AssumeRoleCommandInput> & { readonly region?: string } = {},
) {
  const sts = opened(new STSClient(settings(world, STANDBY)));
  const { Credentials: handed } = await sts.send(
    new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "dr-F-1", ...wish }),
  );
  const {
    AccessKeyId: accessKeyId = "",
    SecretAccessKey: secretAccessKey = "",
    SessionToken: sessionToken = "",
  } = handed ?? {};
  return { ...settings(world, region), credentials: { accessKeyId, secretAccessKey, sessionToken } };
}

const promote = (settings: ConstructorParameters<typeof RDSClient>[0], instance = REPLICA) =>
  opened(new RDSClient(settings ?? {})).send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: instance }));

const denials = () => inventory?.world.log.read(0, "iam.denied").map(({ facts }) => facts["layer"]);

describe("a session with a policy", () => {
  const here = allow("rds:PromoteReadReplica", db(STANDBY, REPLICA));

  test("may do what its role and its policy both allow", async () => {
    const world = await worldWhere(EVERYTHING);

    await promote(await sessionOf(world, { Policy: text(here) }));

    expect(denials()).toEqual([]);
  });

  test("may not do what only its role allows", async () => {
    const world = await worldWhere(EVERYTHING);
    const other = await sessionOf(world, { Policy: text(allow("rds:PromoteReadReplica", db(STANDBY, "another"))) });

    expect(await refusalOf(promote(other))).toEqual({
      ...{ name: "AccessDenied", code: "AccessDenied" },
      message:
        "User: arn:aws:sts::111122223333:assumed-role/dr-execute/dr-F-1 is not authorized to perform: " +
        `rds:PromoteReadReplica on resource: ${db(STANDBY, REPLICA)} because no session policy allows the ` +
        "rds:PromoteReadReplica action",
    });
    expect(denials()).toEqual(["session"]);
  });

  test("gets nothing by it that its role may not do", async () => {
    const world = await worldWhere(allow("rds:Describe*", "*"));

    expect(await refusalOf(promote(await sessionOf(world, { Policy: text(here) })))).toMatchObject({
      message: expect.stringContaining("because no identity-based policy allows"),
    });
  });

  test("is refused what either of them denies, whatever else allows it", async () => {
    const world = await worldWhere(EVERYTHING, deny("rds:Promote*", "*"));

    expect(await refusalOf(promote(await sessionOf(world, { Policy: text(here) })))).toMatchObject({
      message: expect.stringContaining("with an explicit deny in an identity-based policy"),
    });
  });

  test("by the name of a managed one is held to that one", async () => {
    const world = await worldWhere(EVERYTHING);
    const session = await sessionOf(world, { PolicyArns: [{ arn: MANAGED }] });

    expect(await refusalOf(promote(session))).toMatchObject({ name: "AccessDenied" });
  });

  test.each([
    ["is longer than 2,048 characters", { Policy: text(allow("rds:*", "x".repeat(2_000))) }, "ValidationError"],
    ["is no policy", { Policy: "{}" }, "MalformedPolicyDocument"],
    [
      "has a condition that this world cannot judge",
      { Policy: text(allow("rds:*", "*", { DateLessThan: { "aws:CurrentTime": "2027-01-01T00:00:00Z" } })) },
      "MalformedPolicyDocument",
    ],
    ["is one that nobody has made", { PolicyArns: [{ arn: `${MANAGED}-2` }] }, "ValidationError"],
  ])("does not come about where the policy %s", async (_what, wish, code) => {
    const world = await worldWhere(EVERYTHING);

    expect((await refusalOf(sessionOf(world, wish))).code).toBe(code);
  });
});

test("a region whose STS is dark hands out nothing, and another one does", async () => {
  const world = await worldWhere(EVERYTHING);
  world.world.regions.set(HOME, "dark");
  const asked = opened(
    new STSClient({
      ...settings(world, HOME),
      requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true },
    }),
  );

  await expect(asked.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "s1" }))).rejects.toThrow();
  expect((await sessionOf(world)).credentials.accessKeyId).toMatch(/^ASIA/);
});

test("a session of the global endpoint is refused in a region that has to be switched on, and a regional one is not", async () => {
  const world = await worldWhere(EVERYTHING);
  const looks = async (sts: STSClient, region: string) => {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "s1" }));
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    };
    const client = opened(new RDSClient({ ...settings(world, region), credentials }));
    return client.send(new DescribeDBInstancesCommand({}));
  };
  // Its name leads to this world; the port is the only thing that is not as in reality.
  const toLoopback = new Agent({
    lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
  });
  const port = new URL(settings(world, HOME).endpoint).port;
  const global = opened(
    new STSClient({
      ...settings(world, HOME),
      endpoint: `http://sts.amazonaws.com:${port}`,
      requestHandler: new NodeHttpHandler({ httpAgent: toLoopback }),
    }),
  );
  const regional = opened(new STSClient(settings(world, HOME)));

  await expect(looks(global, "eu-south-1")).rejects.toMatchObject({ name: "InvalidClientTokenId" });
  await expect(looks(global, HOME)).resolves.toBeDefined();
  await expect(looks(regional, "eu-south-1")).resolves.toBeDefined();
});

describe("a session that may do nothing", () => {
  const batch = {
    HostedZoneId: ZONE,
    ChangeBatch: {
      Changes: [{ Action: "DELETE" as const, ResourceRecordSet: { Name: "a.mycomputer.com", Type: "A" as const } }],
    },
  };
  type Session = Awaited<ReturnType<typeof sessionOf>>;
  const calls: readonly (readonly [string, string, (session: Session) => Promise<unknown>])[] = [
    ["RDS", "AccessDenied", (session) => promote(session)],
    [
      "RDS for a look",
      "AccessDenied",
      (session) => opened(new RDSClient(session)).send(new DescribeDBInstancesCommand({})),
    ],
    [
      "RDS for a delete that this world does not perform",
      "AccessDenied",
      (session) => opened(new RDSClient(session)).send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: REPLICA })),
    ],
    [
      "EC2",
      "UnauthorizedOperation",
      (session) => opened(new EC2Client(session)).send(new DeleteSecurityGroupCommand({ GroupId: "sg-standby" })),
    ],
    [
      "ECS",
      "AccessDeniedException",
      (session) =>
        opened(new ECSClient(session)).send(new UpdateServiceCommand({ cluster: "dr", service: "inventory" })),
    ],
    [
      "Application Auto Scaling",
      "AccessDeniedException",
      (session) =>
        opened(new ApplicationAutoScalingClient(session)).send(
          new RegisterScalableTargetCommand({
            ...{
              ServiceNamespace: "ecs",
              ResourceId: "service/dr/inventory",
              ScalableDimension: "ecs:service:DesiredCount",
            },
          }),
        ),
    ],
    [
      "Route 53",
      "AccessDenied",
      (session) =>
        opened(new Route53Client({ ...session, region: "us-east-1" })).send(new ChangeResourceRecordSetsCommand(batch)),
    ],
    [
      "CloudWatch",
      "AccessDenied",
      (session) => opened(new CloudWatchClient(session)).send(new DescribeAlarmsCommand({})),
    ],
    [
      "a load balancer",
      "AccessDenied",
      (session) => opened(new ElasticLoadBalancingV2Client(session)).send(new DescribeLoadBalancersCommand({})),
    ],
    [
      "KMS",
      "AccessDeniedException",
      (session) => opened(new KMSClient(session)).send(new DescribeKeyCommand({ KeyId: KEY })),
    ],
    [
      "SNS",
      "AuthorizationError",
      (session) => opened(new SNSClient(session)).send(new PublishCommand({ TopicArn: TOPIC, Message: "m" })),
    ],
  ];

  test.each(calls)("is told so by %s in its own words: %s", async (_service, code, call) => {
    const world = await worldWhere(allow("s3:GetObject", "*"));

    const { name, code: said } = await refusalOf(call(await sessionOf(world)));

    expect([name, said]).toContain(code);
    expect(denials()).toEqual(["identity-based"]);
  });
});

describe("a condition", () => {
  const create = (world: InventoryWorld, Tags: { Key: string; Value: string }[]) =>
    sessionOf(world, { region: HOME }).then((session) =>
      opened(new RDSClient(session)).send(
        new CreateDBSnapshotCommand({ DBInstanceIdentifier: PRIMARY, DBSnapshotIdentifier: "twokey-1", Tags }),
      ),
    );
  const SNAPSHOTS = "arn:aws:rds:*:111122223333:snapshot:*";
  const ours = { Key: "made-by", Value: "us" };

  test("on the tags of a request holds for what is made with them, and tags need a permission of their own", async () => {
    const creating = allow("rds:CreateDBSnapshot", "*");
    const tagging = allow("rds:AddTagsToResource", SNAPSHOTS, {
      StringEquals: { "aws:RequestTag/made-by": "us" },
      "ForAllValues:StringEquals": { "aws:TagKeys": ["made-by"] },
    });
    const world = await worldWhere(creating, tagging);

    expect(await refusalOf(create(world, [{ Key: "made-by", Value: "them" }]))).toMatchObject({ name: "AccessDenied" });
    expect(await refusalOf(create(world, [ours, { Key: "more", Value: "m" }]))).toMatchObject({ name: "AccessDenied" });
    await create(world, [ours]);
  });

  test("on the tags of a resource holds for what carries them", async () => {
    const world = await worldWhere(
      allow(["rds:CreateDBSnapshot", "rds:AddTagsToResource"], "*"),
      allow("rds:DeleteDBSnapshot", SNAPSHOTS, { StringEquals: { "aws:ResourceTag/made-by": "us" } }),
    );
    await create(world, []);
    world.advance(60);
    const rds = opened(new RDSClient(await sessionOf(world, { region: HOME })));
    const remove = () => rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: "twokey-1" }));

    expect(await refusalOf(remove())).toMatchObject({ name: "AccessDenied" });
    const ResourceName = `arn:aws:rds:${HOME}:111122223333:snapshot:twokey-1`;
    await rds.send(new AddTagsToResourceCommand({ ResourceName, Tags: [ours] }));
    await remove();
    expect(await refusalOf(remove())).toMatchObject({ name: "InvalidDBSnapshotStateFault" });
    world.advance(60);

    expect(world.world.log.read(0, "rds.snapshot-deleted")).toHaveLength(1);
  });

  test("on the records of a batch is not met by one that changes another record as well", async () => {
    const world = await worldWhere(
      allow("route53:ChangeResourceRecordSets", `arn:aws:route53:::hostedzone/${ZONE}`, {
        "ForAllValues:StringEquals": {
          "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["api.mycomputer.com", "\\052.mycomputer.com"],
        },
      }),
    );
    const route53 = opened(new Route53Client({ ...(await sessionOf(world)), region: "us-east-1" }));
    const change = (...names: string[]) => {
      const Changes = names.map((Name) => ({
        Action: "UPSERT" as const,
        ResourceRecordSet: { Name, Type: "TXT" as const, TTL: 60, ResourceRecords: [{ Value: '"x"' }] },
      }));
      return route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: ZONE, ChangeBatch: { Changes } }));
    };

    await change("API.mycomputer.com.", "*.mycomputer.com");

    expect(await refusalOf(change("api.mycomputer.com", "other.mycomputer.com"))).toMatchObject({
      name: "AccessDenied",
    });
  });
});

test("an answer of a policy is never a guess: what a set of values needs is said, and a missing key fits nothing", async () => {
  const world = await worldWhere(
    allow("rds:PromoteReadReplica", "*", { StringEquals: { "aws:ResourceTag/team": "data" } }),
    allow("rds:DescribeDBInstances", "*", { "ForAnyValue:StringLike": { "aws:TagKeys": "*" } }),
  );
  const session = await sessionOf(world);

  expect(await refusalOf(promote(session))).toMatchObject({ name: "AccessDenied" });
  const looks = opened(new RDSClient(session)).send(new DescribeDBInstancesCommand({}));
  expect(await refusalOf(looks)).toMatchObject({ name: "AccessDenied" });
});
