import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeSecurityGroupsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient, ListServicesCommand } from "@aws-sdk/client-ecs";
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { ListHostedZonesByNameCommand, Route53Client } from "@aws-sdk/client-route-53";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ROUTE53_CONTROL_PLANE } from "../../../src/domain/service/service.ts";
import { HOME, type InventoryWorld, STANDBY, startInventoryWorld } from "../../contracts/aws/inventory-world.ts";
import { refusalOf, settingsFor } from "./aws-world.ts";

/** Machine time: how long somebody waits who expects no answer, and by how much a slow one is late. */
const HASTY_MS = 600;
const SLOW_MS = 300;

type Settings = ReturnType<typeof settingsFor>;

/** One look at each, by the name that calls are signed for. */
const LOOKS: Readonly<Record<string, (settings: Settings) => Promise<unknown>>> = {
  rds: (settings) => once(new RDSClient(settings), (client) => client.send(new DescribeDBInstancesCommand({}))),
  ecs: (settings) =>
    once(new ECSClient(settings), (client) =>
      client.send(new ListServicesCommand({ cluster: settings.region === HOME ? "production" : "dr" })),
    ),
  ec2: (settings) => once(new EC2Client(settings), (client) => client.send(new DescribeSecurityGroupsCommand({}))),
  elasticloadbalancing: (settings) =>
    once(new ElasticLoadBalancingV2Client(settings), (client) => client.send(new DescribeLoadBalancersCommand({}))),
  "application-autoscaling": (settings) =>
    once(new ApplicationAutoScalingClient(settings), (client) =>
      client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: "ecs" })),
    ),
  monitoring: (settings) =>
    once(new CloudWatchClient(settings), (client) => client.send(new DescribeAlarmsCommand({}))),
  route53: (settings) =>
    once(new Route53Client({ ...settings, region: ROUTE53_CONTROL_PLANE }), (client) =>
      client.send(new ListHostedZonesByNameCommand({})),
    ),
  sts: (settings) => once(new STSClient(settings), (client) => client.send(new GetCallerIdentityCommand({}))),
};
const SERVICES = Object.keys(LOOKS);
const regionOf = (service: string): string => (service === "route53" ? ROUTE53_CONTROL_PLANE : HOME);

async function once<C extends { destroy(): void }>(client: C, call: (client: C) => Promise<unknown>): Promise<unknown> {
  try {
    return await call(client);
  } finally {
    client.destroy();
  }
}

let inventory: InventoryWorld;
beforeAll(async () => {
  inventory = await startInventoryWorld();
  inventory.world.regions.slowMs = SLOW_MS;
});
afterEach(() => {
  for (const service of SERVICES) inventory.world.regions.setPlane({ region: regionOf(service), service }, "up");
});
afterAll(() => inventory.stop());

const look = (service: string, { region = HOME, ...wait }: { region?: string; answerMs?: number } = {}) => {
  const { port } = new URL(inventory.endpoint);
  return LOOKS[service]?.(settingsFor(Number(port), region, wait)) ?? Promise.reject(new Error(`no ${service}`));
};

describe.each(SERVICES)("the control plane of %s by itself", (service) => {
  const others = () => Promise.all(SERVICES.filter((each) => each !== service).map((each) => look(each)));
  /** Route 53 has one for all regions. */
  const elsewhere = () => (service === "route53" ? undefined : look(service, { region: STANDBY }));
  const is = (mode: "dark" | "refusing" | "slow") =>
    inventory.world.regions.setPlane({ region: regionOf(service), service }, mode);

  test("dark: gives no answer, while all others do, and so does it in the other region", async () => {
    is("dark");

    const [refusal] = await Promise.all([refusalOf(look(service, { answerMs: HASTY_MS })), others(), elsewhere()]);

    expect(refusal).toMatchObject({ name: "TimeoutError" });
  });

  test("refusing: cuts connections, while all others answer, and so does it in the other region", async () => {
    is("refusing");

    const [cut] = await Promise.allSettled([look(service), others(), elsewhere()]);

    expect(cut).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("socket hang up") } });
    await Promise.all([others(), elsewhere()]);
  });

  test("slow: answers, and late", async () => {
    is("slow");
    const beganMs = performance.now();

    await look(service);

    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(SLOW_MS - 1);
  });
});
