import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { KMSClient } from "@aws-sdk/client-kms";
import { RDSClient } from "@aws-sdk/client-rds";
import { SNSClient } from "@aws-sdk/client-sns";
import { STSClient } from "@aws-sdk/client-sts";
import { createCloudWatch } from "../../../src/simulators/aws/cloudwatch.ts";
import { createEc2 } from "../../../src/simulators/aws/ec2.ts";
import { createKms } from "../../../src/simulators/aws/kms.ts";
import { createRds } from "../../../src/simulators/aws/rds.ts";
import { AWS_LATENCY_MS, startAws } from "../../../src/simulators/aws/server.ts";
import { createSns } from "../../../src/simulators/aws/sns.ts";
import { topicArn } from "../../../src/simulators/aws/sns-topics.ts";
import type { CloudWatchSpecInput, DatabaseSpec, RdsSpecInput } from "../../../src/simulators/aws/specs.ts";
import { createSts } from "../../../src/simulators/aws/sts.ts";
import { createWorld } from "../../../src/simulators/world/world.ts";

export const HOME = "us-east-1";
export const STANDBY = "us-west-2";
export const PRIMARY = { region: HOME, instance: "app" };
export const REPLICA = { region: STANDBY, instance: "app-rep" };
export const TOPIC = topicArn(STANDBY, "alarms");
export const ROLE = "arn:aws:iam::111122223333:role/dr-execute";
export const START_MS = Date.parse("2026-11-21T09:00:00Z");

export const DISABLED_KEY = { region: STANDBY, id: "0f0f0f0f-off", state: "Disabled" } as const;
export const CLUSTER = "orders";
export const WRITER_ENDPOINT = "orders.cluster-abc.us-east-1.rds.amazonaws.com";
export const READER_ENDPOINT = "orders.cluster-ro-abc.us-east-1.rds.amazonaws.com";
const member = (number: number, promotionTier: number) => ({
  ...{ identifier: `orders-${number}`, promotionTier },
  endpoint: `orders-${number}.abc.us-east-1.rds.amazonaws.com`,
});
const CLUSTER_SPEC = {
  ...{ identifier: CLUSTER, region: HOME, securityGroups: ["sg-home"] },
  endpoints: { writer: WRITER_ENDPOINT, reader: READER_ENDPOINT },
  instances: [member(1, 1), member(2, 2), member(3, 0)],
};

/** Another account's group that rules of the standby may name, and a prefix list. */
export const FOREIGN = { region: STANDBY, account: "444455556666", id: "sg-reports" };
export const OFFICES = { region: STANDBY, id: "pl-offices", entries: ["198.51.100.0/24", "2001:db8:7::/48"] };

const RULE = { fromPort: 5432, toPort: 5432, source: "10.0.0.0/8" };

const STANDING_STILL = 1e-6;
/** Machine time that a client waits for an answer: a busy machine answers late, and that says nothing about the vendor. */
const PATIENT_MS = 20_000;

interface Options {
  readonly speed?: number;
  /** World time moves by jumps alone, and calls take none of it. */
  readonly isStill?: boolean;
  readonly rds?: Partial<RdsSpecInput>;
  readonly engine?: "mysql" | "mariadb";
  /** Beside an alarm of a metric and a composite one. */
  readonly moreAlarms?: NonNullable<CloudWatchSpecInput["alarms"]>;
}

/** A primary with a cross-region replica, their security groups, an alarm and a topic, behind real SDK clients. */
export async function startAwsWorld(options: Options = {}) {
  const speed = options.isStill ? STANDING_STILL : (options.speed ?? 200);
  const world = createWorld({ startMs: START_MS, speed, seed: 7, regions: [HOME, STANDBY] });
  const ec2 = createEc2(world, {
    securityGroups: [
      { id: "sg-home", region: HOME, name: "app-db", ingress: [RULE] },
      { id: "sg-standby", region: STANDBY, name: "app-db", ingress: [RULE] },
      { id: "sg-tasks", region: STANDBY, name: "app-tasks" },
    ],
    foreignGroups: [FOREIGN],
    prefixLists: [OFFICES],
  });
  const kms = createKms(world, { keys: [DISABLED_KEY, { region: STANDBY, id: "0d0d0d0d-dr", aliases: ["alias/dr"] }] });
  const engine: DatabaseSpec["engine"] = options.engine ?? "postgres";
  const database = { engine, securityGroups: ["sg-standby"], region: STANDBY, lagSeconds: 2 };
  const rds = createRds(
    world,
    {
      databases: [
        {
          ...{ identifier: "app", region: HOME, engine, endpoint: "app.home.example", multiAz: true },
          securityGroups: ["sg-home"],
        },
        {
          ...{ ...database, identifier: "app-rep", endpoint: "app-rep.standby.example", backupRetentionDays: 0 },
          replicaOf: { region: HOME, identifier: "app" },
        },
      ],
      clusters: [CLUSTER_SPEC],
      durations: {
        ...{ promotion: 100, staleStatus: 10, snapshot: 30, modification: 10, replicaCreation: 60, restore: 90 },
        ...{ clusterFailover: 40, endpointMove: 4, clusterSnapshot: 60, snapshotCopy: 120, multiAzFailover: 80 },
        zoneShown: 100,
      },
      ...options.rds,
    },
    { network: ec2.network, keys: kms.keys },
  );
  const sns = createSns(world, { topics: [{ name: "alarms", region: STANDBY, signatureVersion: "2" }] });
  const cloudwatch = createCloudWatch(
    world,
    {
      alarms: [
        {
          ...{ kind: "metric", name: "app-5xx", region: STANDBY, alarmActions: [TOPIC] },
          ...{ namespace: "App", metricName: "Errors", dimensions: { Service: "app" } },
        },
        {
          ...{ kind: "composite", name: "app-down", region: STANDBY, alarmActions: [TOPIC] },
          rule: 'ALARM("app-5xx") OR ALARM("app-canary")',
        },
        ...(options.moreAlarms ?? []),
      ],
    },
    {
      replicaLagAt: rds.replicaLagAt,
      publish: sns.publish,
      healthCheckStatusAt: (id) => (id === "hc" ? 0 : undefined),
    },
  );
  const sts = createSts(world, { roles: [{ arn: ROLE }] });
  const services = [rds, kms, sns, cloudwatch, sts, ec2].map(({ service }) => service);
  const latencyMs = options.isStill ? { low: 0, high: 0 } : AWS_LATENCY_MS;
  const aws = await startAws(world, services, { document: sns.certificateAt, latencyMs, authorise: sts.authorise });
  const controlPort = await world.control.listen();
  const clients = clientsOf(aws.port);
  return {
    ...{ world, rds, sns, aws, ...clients },
    control: async (method: string, path: string, body?: unknown): Promise<unknown> => {
      const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const response = await fetch(`http://127.0.0.1:${controlPort}${path}`, init);
      const answer: unknown = await response.json();
      if (!response.ok) throw new Error(JSON.stringify(answer));
      return answer;
    },
    stop: async () => {
      sns.stop();
      world.clock.stop();
      await Promise.all([aws.stop(), world.control.close()]);
      clients.destroy();
    },
  };
}

export type AwsWorld = Awaited<ReturnType<typeof startAwsWorld>>;

export function settingsFor(port: number, region: string, { maxAttempts = 1, answerMs = PATIENT_MS } = {}) {
  return {
    region,
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "not-a-secret" },
    maxAttempts,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: answerMs, throwOnRequestTimeout: true },
  };
}

function clientsOf(port: number) {
  const standby = settingsFor(port, STANDBY);
  const clients = {
    rds: new RDSClient(standby),
    rdsHome: new RDSClient(settingsFor(port, HOME)),
    kms: new KMSClient(standby),
    sns: new SNSClient(standby),
    cloudwatch: new CloudWatchClient(standby),
    cloudwatchHome: new CloudWatchClient(settingsFor(port, HOME)),
    sts: new STSClient(standby),
    ec2: new EC2Client(standby),
  };
  const destroy = () => {
    for (const client of Object.values(clients)) client.destroy();
  };
  return { clients, destroy };
}

/** The error that the call is refused with; fails where it is accepted. */
export async function refusalOf(call: Promise<unknown>): Promise<{ name: string; code: unknown; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error)
      return { name: error.name, code: "Code" in error && error.Code, message: error.message };
    throw error;
  }
  throw new Error("The call was accepted");
}

/** Looks until `read` gives a value, at most a minute of machine time, which only what hangs takes. */
export async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + 60_000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > deadlineMs) throw new Error("Waited a minute in vain");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
