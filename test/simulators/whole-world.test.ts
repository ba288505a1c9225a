import { Resolver } from "node:dns/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { ListResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { api } from "@pagerduty/pdjs";
import { webApi } from "@slack/bolt";
import { z } from "zod";
import { startWholeWorld, type WholeWorld } from "../../src/simulators/whole-world.ts";
import { eventually } from "../harness/eventually.ts";
import { advance, controlOf, openExample } from "../sandbox/derived-world.ts";
import { settingsFor } from "./aws/aws-world.ts";
import { divertedAgent } from "./pagerduty/account.ts";

const WRITES_AN_HOUR = 1_800;

let whole: WholeWorld;
const clients: { destroy(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await whole.stop();
});

function sdk<T extends { destroy(): void }>(
  Client: new (settings: ReturnType<typeof settingsFor>) => T,
  region: string,
): T {
  const client = new Client(settingsFor(whole.ports.aws, region));
  clients.push(client);
  return client;
}

/** What a public resolver answers, asked by Node's own DNS client. */
async function resolved(name: string, resolver = 0): Promise<string[]> {
  const client = new Resolver();
  client.setServers([`127.0.0.1:${whole.ports.resolvers[resolver]}`]);
  return await client.resolve4(name);
}

function addressIn(region: string): string {
  const connection = whole.connections.find((each) => each.region === region);
  if (!connection) throw new Error(`no load balancer in ${region}`);
  return connection.address;
}

describe.each([
  { name: "inventory", home: "eu-west-1", standby: "eu-central-1", db: "mycomputer-inventory-db" },
  { name: "regami", home: "us-east-1", standby: "us-west-2", db: "regami-db" },
] as const)("the world of examples/$name.yaml", ({ name, home, standby, db }) => {
  beforeEach(async () => {
    whole = await openExample(name);
  });

  test("stands within ten seconds and answers the vendors' own SDKs", async () => {
    const databases = await sdk(RDSClient, home).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: db }));
    const replicas = databases.DBInstances?.[0]?.ReadReplicaDBInstanceIdentifiers ?? [];
    expect(replicas[0]).toMatch(new RegExp(`^arn:aws:rds:${standby}:.*${db}-replica$`));

    const [zone] = whole.spec.traffic.route53.zones;
    const records = new ListResourceRecordSetsCommand({ HostedZoneId: zone?.id });
    const listed = await sdk(Route53Client, "us-east-1").send(records);
    expect(listed.ResourceRecordSets?.filter(({ AliasTarget }) => AliasTarget?.EvaluateTargetHealth)).toHaveLength(2);

    const [atHome, atStandby] = whole.spec.traffic.ecs.services;
    for (const site of [atHome, atStandby]) {
      const wanted = new DescribeServicesCommand({ cluster: site?.cluster, services: [site?.name ?? ""] });
      const { services } = await sdk(ECSClient, site?.region ?? "").send(wanted);
      expect(services?.[0]?.runningCount).toBe(site === atHome ? site?.desiredCount : 0);
    }

    const slack = new webApi.WebClient(whole.env["SLACK_BOT_TOKEN"], { slackApiUrl: whole.env["SLACK_API_URL"] ?? "" });
    expect(await slack.auth.test()).toMatchObject({ ok: true, team_id: whole.spec.slack.team.id });

    const agent = divertedAgent(whole.ports.pagerduty);
    const pager = api({ token: whole.env["PAGERDUTY_API_TOKEN"] ?? "", ...{ agent, requestTimeout: 0 } });
    const { data } = await pager.get("/oncalls");
    agent.destroy();
    expect(z.object({ oncalls: z.array(z.unknown()).min(1) }).safeParse(data).success).toBe(true);
  });

  test("serves its users at home until home goes dark; then their writes fail", async () => {
    const control = controlOf(whole);
    const application = whole.spec.traffic.applications[0];
    const publicName = application?.publicName.replace(/\.$/, "") ?? "";
    expect(await resolved(publicName)).toEqual([addressIn(home)]);
    advance(whole, 60);
    expect(whole.traffic.judge.verdict(name)).toMatchObject({ refused: 0, primary: `${home}/${db}` });
    expect(whole.traffic.judge.verdict(name).acknowledged).toBeGreaterThan(WRITES_AN_HOUR / 60 - 5);

    await control("POST", "/regions", { region: home, mode: "dark" });
    const before = whole.traffic.judge.verdict(name);
    advance(whole, 300);
    const after = whole.traffic.judge.verdict(name);
    expect(after.acknowledged).toBeLessThanOrEqual(before.acknowledged + 1);
    expect(after.refused).toBeGreaterThan(20);
    // Nothing healthy anywhere: both kinds of routing answer with the primary then.
    expect(await resolved(publicName)).toEqual([addressIn(home)]);
  });

  test("a write check tries its own region's instance only", async () => {
    const answers = await Promise.all(
      whole.writeChecks.map(async ({ region, url }) => {
        const response = await fetch(url, { method: "POST" });
        return { region, status: response.status, body: await response.json() };
      }),
    );
    expect(answers).toMatchObject([
      { region: home, status: 200, body: { written: true, instance: db } },
      { region: standby, status: 503, body: { written: false, reason: "read-only" } },
    ]);
  });
});

/** Home is dark and the standby has tasks, but nobody has promoted its database. */
async function standbyScaledOut(standby: string): Promise<string[]> {
  const home = whole.spec.traffic.ecs.services.find(({ region }) => region !== standby);
  const site = whole.spec.traffic.ecs.services.find(({ region }) => region === standby);
  whole.world.regions.set(home?.region ?? "", "dark");
  const scale = new UpdateServiceCommand({ cluster: site?.cluster, service: site?.name, desiredCount: 2 });
  await sdk(ECSClient, standby).send(scale);
  advance(whole, 300);
  return await resolved(whole.spec.traffic.applications[0]?.publicName.replace(/\.$/, "") ?? "");
}

test("failover records follow a standby whose targets prove only a process", async () => {
  whole = await openExample("regami");
  expect(await standbyScaledOut("us-west-2")).toEqual([addressIn("us-west-2")]);
});

test("weighted records stay where they are while the standby's targets need a writable database", async () => {
  whole = await openExample("inventory");
  expect(await standbyScaledOut("eu-central-1")).toEqual([addressIn("eu-west-1")]);
});

test("the health check of a dark home turns up in CloudWatch, and only from then on", async () => {
  whole = await openExample("inventory");
  advance(whole, 600);
  whole.world.regions.set("eu-west-1", "dark");
  advance(whole, 600);
  const nowMs = whole.world.clock.now();
  const query = new GetMetricDataCommand({
    StartTime: new Date(nowMs - 1_200_000),
    EndTime: new Date(nowMs),
    MetricDataQueries: [
      {
        Id: "status",
        MetricStat: {
          ...{ Period: 60, Stat: "Minimum" },
          Metric: {
            ...{ Namespace: "AWS/Route53", MetricName: "HealthCheckStatus" },
            Dimensions: [{ Name: "HealthCheckId", Value: "abc123" }],
          },
        },
      },
    ],
    ScanBy: "TimestampAscending",
  });
  const { MetricDataResults } = await sdk(CloudWatchClient, "us-east-1").send(query);
  const values = MetricDataResults?.[0]?.Values ?? [];
  expect(values[0]).toBe(1);
  expect(values.at(-1)).toBe(0);
  expect(values.toSorted((one, other) => other - one)).toEqual(values);
});

test("a raised alarm reaches the webhook, signed with a certificate that the world serves", async () => {
  const received: Record<string, string>[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    received.push(z.record(z.string(), z.string()).parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    response.end();
  };
  const receiver = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an AddressInfo.
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  whole = await openExample("inventory", { webhooks: { sns: `${url}/sns`, pagerDuty: `${url}/pd` } });
  try {
    const alarm = { region: "us-east-1", name: "inventory-does-not-answer", state: "ALARM" };
    await controlOf(whole)("POST", "/cloudwatch/alarm", alarm);
    await eventually("the notification arrives", () => received.length > 0);
    const [message] = received;
    expect(message).toMatchObject({ Type: "Notification", SignatureVersion: "2" });
    expect(message?.["TopicArn"]).toBe(whole.spec.cloudwatch.alarms[0]?.alarmActions[0]);
    const path = new URL(message?.["SigningCertURL"] ?? "").pathname;
    const certificate = await fetch(`http://127.0.0.1:${whole.ports.aws}${path}`);
    expect(await certificate.text()).toContain("BEGIN CERTIFICATE");
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
});

test("a port that is taken stops the start and leaves the other ports free", async () => {
  whole = await openExample("inventory");
  const spec = whole.spec;
  const free = await startWholeWorld(spec);
  const ports = { aws: free.ports.aws, slack: whole.ports.slack };
  await free.stop();
  await expect(startWholeWorld(spec, { ports })).rejects.toMatchObject({ code: "EADDRINUSE" });
  const again = await startWholeWorld(spec, { ports: { aws: ports.aws } });
  expect(again.ports.aws).toBe(ports.aws);
  await again.stop();
});
