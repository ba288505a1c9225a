import { z } from "zod";
import { LOOK_ACTIONS } from "../../../src/flows/resources/looks.ts";
import { type Aws, type AwsOptions, createAws } from "../../../src/integrations/aws/aws.ts";
import type { ComputeSite } from "../../../src/ports/compute.ts";
import { createTraffic } from "../../../src/simulators/application/traffic.ts";
import { createCloudWatch } from "../../../src/simulators/aws/cloudwatch.ts";
import { createEc2 } from "../../../src/simulators/aws/ec2.ts";
import { createKms } from "../../../src/simulators/aws/kms.ts";
import { createRds } from "../../../src/simulators/aws/rds.ts";
import { startAws } from "../../../src/simulators/aws/server.ts";
import { createSns } from "../../../src/simulators/aws/sns.ts";
import { topicArn } from "../../../src/simulators/aws/sns-topics.ts";
import type { StsSpecInput } from "../../../src/simulators/aws/specs.ts";
import { createSts } from "../../../src/simulators/aws/sts.ts";
import { createWorld } from "../../../src/simulators/world/world.ts";
import { UNASKED } from "../../harness/fakes/index.ts";

export const HOME = "eu-west-1";
export const STANDBY = "eu-central-1";
export const ZONE = "Z123456789";
export const PRIVATE_ZONE = "ZPRIVATE";
export const NAME = "api.mycomputer.com";
export const DB_NAME = "db.inventory.internal";
export const PRIMARY = "inventory-db";
export const REPLICA = "inventory-replica";
export const CLUSTER = "orders";
export const DISABLED_KEY = { region: STANDBY, id: "0f0f0f0f-off", state: "Disabled" } as const;
/** The world's own multi-region key. */
export const KEY = "alias/databases";
export const ROLE = "arn:aws:iam::111122223333:role/dr-execute";
/** Of another account, which the one of these credentials may enter. */
export const NEIGHBOUR_ROLE = "arn:aws:iam::444455556666:role/dr-observe";
export const OBSERVE_ROLE = "arn:aws:iam::111122223333:role/dr-observe";
export const TOPIC = topicArn(STANDBY, "alarms");

const ENDPOINT = {
  home: "inventory-db.abc.eu-west-1.rds.amazonaws.com",
  standby: "inventory-replica.def.eu-central-1.rds.amazonaws.com",
};
const BALANCER = {
  home: "primary-alb.eu-west-1.elb.amazonaws.com",
  standby: "secondary-alb.eu-central-1.elb.amazonaws.com",
};
/** World time stands still but for `advance`, so that durations are exact. */
const STANDING_STILL = 1e-6;
/** Machine time: far more than a loaded machine takes, so that only a region that is silent goes without an answer. */
const PATIENT: Partial<AwsOptions> = { patience: { connectMs: 10_000, answerMs: 20_000 } };
/** World time stands still, so that nobody's turn would ever come. */
const UNPACED: Partial<AwsOptions> = { pace: { perSecond: 2, burst: 1_000 } };
/** Machine time: short enough to wait for a silent region in a test. */
const ANSWER_WITHIN_MS = 400;
export const HASTY: Partial<AwsOptions> = {
  patience: { connectMs: 10_000, answerMs: ANSWER_WITHIN_MS },
  rememberSilenceMs: 1_000,
};

const group = { name: "inventory", healthCheckPath: "/health" };
export const groupArn = (region: string) =>
  `arn:aws:elasticloadbalancing:${region}:111122223333:targetgroup/inventory/0123456789abcdef`;

/** What lawfully lacks something: a cluster its endpoint, a service its task definition, a load balancer its name. */
export const UNFINISHED = {
  cluster: "guests",
  service: "inventory-elsewhere",
  targetGroup: `arn:aws:elasticloadbalancing:${STANDBY}:111122223333:targetgroup/inspection/0123456789abcdef`,
};

/** A hosted zone without records. A private one hides the public one of its name from the name server of this world. */
export interface EmptyZone {
  readonly id: string;
  readonly name: string;
  readonly private?: boolean;
}

function trafficSpec(moreZones: readonly EmptyZone[]) {
  const service = { taskDefinition: "inventory:7", targetGroups: ["inventory"] };
  return {
    route53: {
      requestsPerSecond: 1_000,
      zones: [
        { id: ZONE, name: "mycomputer.com", records: records() },
        ...moreZones,
        {
          ...{ id: PRIVATE_ZONE, name: "inventory.internal", private: true },
          records: [{ Name: DB_NAME, Type: "CNAME" as const, TTL: 20, ResourceRecords: [{ Value: ENDPOINT.home }] }],
        },
      ],
    },
    elb: {
      loadBalancers: [
        {
          region: HOME,
          name: "primary-alb",
          dnsName: BALANCER.home,
          targetGroups: [{ ...group, arn: groupArn(HOME) }],
        },
        {
          region: STANDBY,
          name: "secondary-alb",
          dnsName: BALANCER.standby,
          targetGroups: [{ ...group, arn: groupArn(STANDBY) }],
        },
        {
          ...{ region: STANDBY, name: "inspection", type: "gateway" as const, canonicalHostedZoneId: "ZNONE" },
          targetGroups: [{ name: "inspection", arn: UNFINISHED.targetGroup }],
        },
      ],
    },
    ecs: {
      services: [
        { ...service, name: "inventory", region: HOME, cluster: "production", desiredCount: 4 },
        { ...service, name: "inventory", region: STANDBY, cluster: "dr", desiredCount: 1 },
        // A neighbour behind the same target group, as during a migration.
        { ...service, name: "inventory-next", region: STANDBY, cluster: "dr", desiredCount: 2 },
        {
          ...{ ...service, name: UNFINISHED.service, region: STANDBY, cluster: "dr", desiredCount: 1 },
          ...{ targetGroups: [], deploymentController: "EXTERNAL" as const },
        },
        // A worker: nobody reaches it by name.
        { ...service, name: "inventory-mails", region: STANDBY, cluster: "dr", desiredCount: 1, targetGroups: [] },
      ],
      taskDefinitions: [{ family: "inventory", latestRevision: 9, brokenRevisions: [8] }],
    },
    autoscaling: {
      targets: [
        { region: HOME, resourceId: "service/production/inventory", minCapacity: 2, maxCapacity: 12 },
        { region: STANDBY, resourceId: "service/dr/inventory", minCapacity: 1, maxCapacity: 3 },
      ],
    },
    applications: [
      {
        ...{ name: "inventory", publicName: NAME },
        regions: [
          { region: HOME, cluster: "production", service: "inventory", instance: PRIMARY, databaseHost: DB_NAME },
          { region: STANDBY, cluster: "dr", service: "inventory", instance: REPLICA, databaseHost: ENDPOINT.standby },
        ],
      },
    ],
  };
}

function records() {
  const alias = (DNSName: string, HostedZoneId: string) => ({
    AliasTarget: { HostedZoneId, DNSName, EvaluateTargetHealth: true },
  });
  const weighted = { Name: NAME, Type: "A" as const };
  return [
    { ...weighted, SetIdentifier: "Primary", Weight: 100, ...alias(BALANCER.home, "Z32O12XQLNTSW2") },
    { ...weighted, SetIdentifier: "Secondary", Weight: 0, ...alias(BALANCER.standby, "Z215JYRZR1TBD5") },
    { Name: "*.mycomputer.com", Type: "TXT" as const, TTL: 60, ResourceRecords: [{ Value: '"Any"' }] },
    ...["DE", "FR"].map((CountryCode) => ({
      ...{ Name: "geo.mycomputer.com", Type: "A" as const, SetIdentifier: CountryCode, TTL: 60 },
      ...{ GeoLocation: { CountryCode }, ResourceRecords: [{ Value: "192.0.2.1" }] },
    })),
  ];
}

const rule = (source: string, description?: string) => ({
  ...{ fromPort: 5432, toPort: 5432, source },
  ...(description !== undefined && { description }),
});
/** Every kind of source that a rule may have. */
const RULES = [
  ...[rule("10.0.0.0/8"), rule("10.9.0.0/16", "office, until March"), rule("2001:DB8:1::7/48", "tasks over IPv6")],
  ...[rule("sg-app"), rule("444455556666/sg-reports", "reports")],
  { ...rule("444455556666/sg-peered"), peering: { vpc: "vpc-9", connection: "pcx-9" } },
  rule("pl-offices", "all offices"),
  { protocol: "-1" as const, fromPort: -1, toPort: -1, source: "sg-home" },
];
const foreign = (id: string) => ({ region: HOME, account: "444455556666", id });

/** The inventory service in two regions behind the real SDK clients of the adapters. */
export async function startInventoryWorld(
  moreZones: readonly EmptyZone[] = [],
  permissions: StsSpecInput = {},
  { idleMs }: { readonly idleMs?: number } = {},
) {
  const world = createWorld({
    startMs: Date.parse("2026-11-21T09:00:00Z"),
    speed: STANDING_STILL,
    seed: 7,
    regions: [HOME, STANDBY],
  });
  const ec2 = createEc2(world, {
    securityGroups: [
      { id: "sg-home", region: HOME, name: "db", ingress: RULES },
      { id: "sg-app", region: HOME, name: "tasks" },
      { id: "sg-standby", region: STANDBY, name: "db", ingress: [rule("10.0.0.0/8")] },
    ],
    networkInterfaces: [
      {
        ...{ id: "eni-0bastion", region: HOME, description: "bastion", instanceId: "i-0b2" },
        securityGroups: ["sg-home", "sg-app"],
      },
      { id: "eni-0lambda", region: HOME, description: "AWS Lambda VPC ENI-report", securityGroups: ["sg-app"] },
    ],
    foreignGroups: [foreign("sg-reports"), foreign("sg-peered")],
    prefixLists: [{ region: HOME, id: "pl-offices", entries: ["198.51.100.0/24"] }],
  });
  const kms = createKms(world, { keys: [DISABLED_KEY] });
  const rds = createRds(
    world,
    {
      databases: [
        { identifier: PRIMARY, region: HOME, endpoint: ENDPOINT.home, securityGroups: ["sg-home"], multiAz: true },
        {
          ...{ identifier: REPLICA, region: STANDBY, endpoint: ENDPOINT.standby, securityGroups: ["sg-standby"] },
          ...{ replicaOf: { region: HOME, identifier: PRIMARY }, lagSeconds: 3, backupRetentionDays: 0 },
        },
      ],
      clusters: [
        {
          ...{ identifier: CLUSTER, region: HOME, securityGroups: ["sg-home"] },
          endpoints: { writer: "orders.cluster-abc.example", reader: "orders.cluster-ro-abc.example" },
          instances: ["orders-1", "orders-2"].map((identifier) => ({ identifier, endpoint: `${identifier}.example` })),
        },
        {
          ...{ identifier: UNFINISHED.cluster, region: STANDBY, status: "creating" },
          endpoints: { writer: "guests.cluster-abc.example", reader: "guests.cluster-ro-abc.example" },
          instances: [{ identifier: "guests-1", endpoint: "guests-1.example" }],
        },
      ],
      durations: {
        ...{ promotion: 100, staleStatus: 10, modification: 10, snapshot: 30, multiAzFailover: 80, zoneShown: 100 },
        ...{ clusterFailover: 40, clusterSnapshot: 60, snapshotCopy: 120 },
      },
    },
    { network: ec2.network, keys: kms.keys },
  );
  const traffic = createTraffic(world, trafficSpec(moreZones), rds.engine);
  const sns = createSns(world, { topics: [{ name: "alarms", region: STANDBY }] });
  const cloudwatch = createCloudWatch(
    world,
    {},
    {
      replicaLagAt: rds.replicaLagAt,
      publish: sns.publish,
      healthCheckStatusAt: (id) => traffic.healthCheckStatus(id),
    },
  );
  const roles = [ROLE, OBSERVE_ROLE, NEIGHBOUR_ROLE].map((arn) => ({ arn }));
  const sts = createSts(
    world,
    { roles, ...permissions },
    { tagsOf: rds.tagsOf, keyOf: kms.keys.find, vpcOf: ec2.vpcOf },
  );
  const own = [rds, kms, sns, cloudwatch, sts, ec2].map(({ service }) => service);
  const services = [...own, ...traffic.services];
  const server = await startAws(world, services, {
    ...{ latencyMs: { low: 0, high: 0 }, authorise: sts.authorise },
    ...(idleMs !== undefined && { idleMs }),
  });
  const controlPort = await world.control.listen();
  const opened: { close(): void }[] = [];
  const connect = (options: Partial<AwsOptions> = {}) => {
    const aws = createAws({
      ...{ stsRegion: HOME, clock: world.clock, endpoint: `http://127.0.0.1:${server.port}` },
      looks: LOOK_ACTIONS,
      credentials: { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "not-a-secret" },
      ...PATIENT,
      ...UNPACED,
      ...options,
    });
    opened.push(aws);
    return aws;
  };
  const unguarded = connect();
  return {
    /** Its mutations leave by a guard that always proves; those of `unguarded` never do. */
    aws: guarded(unguarded),
    ...{ world, rds, traffic, sns, connect, unguarded, endpoint: `http://127.0.0.1:${server.port}` },
    /** Steers the world itself. */
    control: async (path: string, body: object) => {
      const answer = await fetch(`http://127.0.0.1:${controlPort}${path}`, {
        ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
      });
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    },
    /** How many calls of an operation that changes nothing have reached the world. */
    reads: async (operation: string, region?: string) => {
      const answer = await fetch(`http://127.0.0.1:${controlPort}/aws/reads`);
      const counts = ReadCounts.parse(await answer.json()).filter(
        (entry) => entry.operation === operation && entry.region === (region ?? entry.region),
      );
      return counts.reduce((sum, { count }) => sum + count, 0);
    },
    /** Second by second, so that what a timer starts is due from the moment it was started. */
    advance: (seconds: number) => {
      for (let second = 0; second < seconds; second++) world.clock.jump(1_000);
    },
    stop: async () => {
      for (const aws of opened) aws.close();
      sns.stop();
      traffic.stop();
      world.clock.stop();
      await Promise.all([server.stop(), world.control.close()]);
    },
  };
}

const ReadCounts = z.array(z.looseObject({ operation: z.string(), region: z.string(), count: z.number() }));

export type InventoryWorld = Awaited<ReturnType<typeof startInventoryWorld>>;

export function siteIn(region: string, changes: { service?: string } = {}): ComputeSite {
  return {
    ...{ cluster: region === HOME ? "production" : "dr", service: "inventory", tasks: 4, max_tasks: 12 },
    ...{ target_group: groupArn(region), target_health: "process", ...changes },
  };
}

/** Calls of the API that changed the world. */
export function mutations({ world }: InventoryWorld, operation: string): Readonly<Record<string, unknown>>[] {
  return world.log
    .read(0, "aws.mutation")
    .map(({ facts }) => facts)
    .filter((facts) => facts["operation"] === operation);
}

/** Sessions that STS handed out, in their order. */
export function sessionsIn({ world }: InventoryWorld) {
  const Session = z.looseObject({
    ...{ region: z.string(), role: z.string(), session: z.string(), policy: z.string().optional() },
  });
  return world.log.read(0, "sts.role-assumed").map(({ facts }) => Session.parse(facts));
}

/** The same, whose mutations leave without anybody being asked. */
export const guarded = (aws: Aws): Aws => ({ ...aws, ...aws.guardedBy(UNASKED, []) });

/** The value of a fact; fails where there is none. */
export function factOf<T>(known: { known: true; value: T } | { known: false; why: string }): T {
  if (!known.known) throw new Error(known.why);
  return known.value;
}
