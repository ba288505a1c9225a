import {
  CloudWatchClient,
  GetDashboardCommand,
  ListDashboardsCommand,
  ListMetricsCommand,
  PutDashboardCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CreateServiceCommand,
  type CreateServiceCommandInput,
  DeleteServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  ListServicesCommand,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  CreateHealthCheckCommand,
  GetHealthCheckCommand,
  ListHealthChecksCommand,
  ListHostedZonesByNameCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { WholeWorld } from "../../../src/simulators/whole-world.ts";
import { openExample } from "../../sandbox/derived-world.ts";
import { refusalOf, settingsFor } from "./aws-world.ts";

const HOME = "eu-west-1";

let whole: WholeWorld;
const clients: { destroy(): void }[] = [];
beforeEach(async () => {
  whole = await openExample("inventory");
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await whole.stop();
});

function opened<T extends { destroy(): void }>(
  Client: new (settings: ReturnType<typeof settingsFor>) => T,
  region = HOME,
): T {
  const client = new Client(settingsFor(whole.ports.aws, region));
  clients.push(client);
  return client;
}
const jump = (seconds: number) => whole.world.clock.jump(seconds * 1_000);

describe("a service that somebody creates", () => {
  const known = () => {
    const found = whole.spec.traffic.ecs.services.find(({ region }) => region === HOME);
    if (!found) throw new Error("There is no service at home");
    return found;
  };
  const create = (ecs: ECSClient, wanted: Partial<CreateServiceCommandInput> = {}) =>
    ecs.send(
      new CreateServiceCommand({
        ...{ cluster: known().cluster, serviceName: "trial", desiredCount: 2, launchType: "FARGATE" },
        taskDefinition: known().taskDefinition,
        networkConfiguration: { awsvpcConfiguration: { subnets: known().subnets, securityGroups: ["sg-1"] } },
        ...wanted,
      }),
    );
  const seen = async (ecs: ECSClient) => {
    const asked = new DescribeServicesCommand({ cluster: known().cluster, services: ["trial"] });
    return (await ecs.send(asked)).services?.[0];
  };

  test("begins without a task, and its deployment is through when all of them run", async () => {
    const ecs = opened(ECSClient);
    const { service } = await create(ecs);
    expect(service).toMatchObject({
      ...{ status: "ACTIVE", desiredCount: 2, runningCount: 0, pendingCount: 2, launchType: "FARGATE" },
      networkConfiguration: { awsvpcConfiguration: { securityGroups: ["sg-1"] } },
      deployments: [{ status: "PRIMARY", rolloutState: "IN_PROGRESS" }],
    });

    jump(200);
    expect(await seen(ecs)).toMatchObject({ runningCount: 2, deployments: [{ rolloutState: "COMPLETED" }] });
    const { serviceArns = [] } = await ecs.send(new ListServicesCommand({ cluster: known().cluster }));
    expect(serviceArns.some((arn) => arn.endsWith("/trial"))).toBe(true);
    expect(whole.world.log.read(0, "ecs.service-created")).toHaveLength(1);
  });

  test("registers its tasks with its target group, where one that does not answer keeps the deployment going", async () => {
    const ecs = opened(ECSClient);
    const elb = opened(ElasticLoadBalancingV2Client);
    const [group] = (await elb.send(new DescribeTargetGroupsCommand({}))).TargetGroups ?? [];
    const targets = async () => {
      const asked = new DescribeTargetHealthCommand({ TargetGroupArn: group?.TargetGroupArn });
      return (await elb.send(asked)).TargetHealthDescriptions?.length ?? 0;
    };
    const before = await targets();
    const containerName = known().taskDefinition.split(":")[0];
    const { service } = await create(ecs, {
      loadBalancers: [{ targetGroupArn: group?.TargetGroupArn, containerName, containerPort: 8080 }],
    });
    expect(service?.loadBalancers).toMatchObject([{ targetGroupArn: group?.TargetGroupArn }]);
    jump(100);
    expect(await targets()).toBeGreaterThan(before);
    expect((await seen(ecs))?.deployments).toMatchObject([{ rolloutState: "IN_PROGRESS" }]);
  });

  test("is made once: by the same call with the same token again, and by no other of its name while it stands", async () => {
    const ecs = opened(ECSClient);
    const first = await create(ecs, { clientToken: "one" });
    const again = await create(ecs, { clientToken: "one" });
    expect(again.service?.deployments?.[0]?.id).toBe(first.service?.deployments?.[0]?.id);
    for (const other of [{}, { clientToken: "two" }, { clientToken: "one", desiredCount: 3 }]) {
      expect(await refusalOf(create(ecs, other))).toMatchObject({
        ...{ name: "InvalidParameterException", message: "Creation of service was not idempotent." },
      });
    }
    jump(200);
    const named = { cluster: known().cluster, service: "trial" };
    await ecs.send(new UpdateServiceCommand({ ...named, desiredCount: 0 }));
    await ecs.send(new DeleteServiceCommand(named));
    expect(await refusalOf(create(ecs))).toMatchObject({
      message: "Unable to Start a service that is still Draining.",
    });
    jump(200);
    expect((await create(ecs)).service?.status).toBe("ACTIVE");
    expect((await seen(ecs))?.status).toBe("ACTIVE");
  });

  test("is refused where something that it names is not there, or does not go together", async () => {
    const ecs = opened(ECSClient);
    const balancing = (containerName: string, targetGroupArn = "arn:aws:none", containerPort = 8080) => ({
      loadBalancers: [{ targetGroupArn, containerName, containerPort }],
    });
    const family = known().taskDefinition.split(":")[0] ?? "";
    const refusals = [
      create(ecs, { cluster: "dr-test" }),
      create(ecs, { taskDefinition: `${family}:latest` }),
      create(ecs, { networkConfiguration: undefined }),
      create(ecs, { desiredCount: undefined }),
      create(ecs, { capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT" }] }),
      create(ecs, { launchType: undefined, capacityProviderStrategy: [{ capacityProvider: "nobody" }] }),
      create(ecs, balancing("nobody")),
      create(ecs, balancing(family, "arn:aws:none", 80)),
      create(ecs, balancing(family)),
      create(ecs, { healthCheckGracePeriodSeconds: 60 }),
      create(ecs, { enableExecuteCommand: true }),
    ];
    const told = [];
    for (const call of refusals) told.push(await refusalOf(call));
    expect(told.map(({ name }) => name)).toEqual([
      ...["ClusterNotFoundException", "ClientException"],
      ...Array.from({ length: 9 }, () => "InvalidParameterException"),
    ]);
    expect(told.map(({ message }) => message)).toEqual([
      ...["Cluster not found.", "TaskDefinition not found."],
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
      "The request must contain the parameter desiredCount",
      expect.stringContaining("both a launch type and capacity provider strategy"),
      expect.stringContaining("not associated with the cluster"),
      "The container nobody does not exist in the task definition.",
      `The container ${family} did not have a container port 80 defined.`,
      "The target group with targetGroupArn arn:aws:none does not have an associated load balancer.",
      expect.stringContaining("Health check grace period"),
      "Unknown parameter: enableExecuteCommand",
    ]);
  });
});

describe("a health check that somebody creates", () => {
  const settings = { Type: "HTTP", FullyQualifiedDomainName: "api.mycomputer.com", ResourcePath: "/health" } as const;
  const create = (route53: Route53Client, CallerReference = "trial", more: object = {}) =>
    route53.send(
      new CreateHealthCheckCommand({
        CallerReference,
        HealthCheckConfig: { ...settings, RequestInterval: 10, ...more },
      }),
    );

  test("is there with its place, by the same reference once, and counts as healthy until it has looked", async () => {
    const route53 = opened(Route53Client, "us-east-1");
    const made = await create(route53);
    const id = made.HealthCheck?.Id ?? "";
    expect(made.$metadata.httpStatusCode).toBe(201);
    expect(made.Location).toBe(`https://route53.amazonaws.com/2013-04-01/healthcheck/${id}`);
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect((await create(route53)).HealthCheck?.Id).toBe(id);
    jump(2);
    const shown = await route53.send(new GetHealthCheckCommand({ HealthCheckId: id }));
    expect(shown.HealthCheck).toMatchObject({
      ...{ CallerReference: "trial", HealthCheckVersion: 1 },
      HealthCheckConfig: { ...settings, RequestInterval: 10, FailureThreshold: 3, Inverted: false, Disabled: false },
    });
    expect(await refusalOf(create(route53, "trial", { FailureThreshold: 2 }))).toMatchObject({
      name: "HealthCheckAlreadyExists",
    });
    jump(2);
    expect(await refusalOf(create(route53, "other", { RequestInterval: 20 }))).toMatchObject({ name: "InvalidInput" });
    expect(await refusalOf(create(route53, "other", { Type: "TCP" }))).toMatchObject({ name: "InvalidInput" });
    const { HealthChecks = [] } = await route53.send(new ListHealthChecksCommand({}));
    expect(HealthChecks.some(({ Id }) => Id === id)).toBe(true);
    expect(whole.traffic.healthCheckStatus(id)).toBe(1);

    whole.world.regions.set(HOME, "dark");
    jump(60);
    expect(whole.traffic.healthCheckStatus(id)).toBe(0);
    const cloudwatch = opened(CloudWatchClient, "us-east-1");
    const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: "AWS/Route53" }));
    expect(Metrics.flatMap(({ Dimensions = [] }) => Dimensions.map(({ Value }) => Value))).toContain(id);
  });

  test("zones are listed by their names", async () => {
    const route53 = opened(Route53Client, "us-east-1");
    const { HostedZones = [] } = await route53.send(new ListHostedZonesByNameCommand({ DNSName: "mycomputer.com" }));
    expect(HostedZones[0]).toMatchObject({ Name: "mycomputer.com.", Id: expect.stringMatching(/^\/hostedzone\//) });
  });
});

describe("the metrics that CloudWatch lists", () => {
  test("are those that somebody publishes, by namespace, name, dimension and activity", async () => {
    const replica = whole.spec.rds.databases.find(({ replicaOf }) => replicaOf);
    const cloudwatch = opened(CloudWatchClient, replica?.region);
    const list = async (wanted: object = {}) =>
      (await cloudwatch.send(new ListMetricsCommand(wanted))).Metrics?.map(({ Dimensions }) => Dimensions?.[0]?.Value);
    const { Metrics } = await cloudwatch.send(new ListMetricsCommand({}));
    expect(Metrics).toContainEqual({
      ...{ Namespace: "AWS/RDS", MetricName: "ReplicaLag" },
      Dimensions: [{ Name: "DBInstanceIdentifier", Value: replica?.identifier }],
    });
    const Dimensions = [{ Name: "DBInstanceIdentifier", Value: replica?.identifier }];
    expect(await list({ Dimensions, RecentlyActive: "PT3H" })).toEqual([replica?.identifier]);
    expect(await list({ Dimensions: [{ Name: "DBInstanceIdentifier" }] })).toContain(replica?.identifier);
    expect(await list({ Namespace: "AWS/ECS" })).toEqual([]);
    expect(await list({ MetricName: "CPUUtilization" })).toEqual([]);
    expect(await refusalOf(list({ NextToken: "nonsense" }))).toMatchObject({ name: "InvalidParameterValueException" });
  });
});

describe("a dashboard", () => {
  const put = (cloudwatch: CloudWatchClient, DashboardBody: string, DashboardName = "Inventory") =>
    cloudwatch.send(new PutDashboardCommand({ DashboardName, DashboardBody }));

  test("is kept as it was put, for every region", async () => {
    const body = JSON.stringify({ widgets: [{ type: "metric", properties: {} }] });
    expect((await put(opened(CloudWatchClient), body)).DashboardValidationMessages ?? []).toEqual([]);
    const elsewhere = opened(CloudWatchClient, "eu-central-1");
    expect(await elsewhere.send(new GetDashboardCommand({ DashboardName: "Inventory" }))).toMatchObject({
      ...{ DashboardBody: body, DashboardArn: "arn:aws:cloudwatch::111122223333:dashboard/Inventory" },
    });
    const { DashboardEntries } = await elsewhere.send(new ListDashboardsCommand({ DashboardNamePrefix: "Inv" }));
    expect(DashboardEntries).toMatchObject([{ DashboardName: "Inventory", Size: body.length }]);
  });

  test("is refused without widgets, under a name that is none, and where nobody has put one", async () => {
    const cloudwatch = opened(CloudWatchClient);
    for (const body of ["nonsense", "{}", '{"widgets":[{}]}']) {
      expect((await refusalOf(put(cloudwatch, body))).name).toBe("DashboardInvalidInputError");
    }
    expect(await refusalOf(put(cloudwatch, '{"widgets":[]}', "a name"))).toMatchObject({ name: "ValidationException" });
    const nobody = cloudwatch.send(new GetDashboardCommand({ DashboardName: "nobody" }));
    expect((await refusalOf(nobody)).name).toBe("ResourceNotFound");
  });
});
