import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from "@aws-sdk/client-application-auto-scaling";
import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type ListTasksCommandInput,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHealthCheckCommand,
  GetHealthCheckStatusCommand,
  GetHostedZoneCommand,
  ListHealthChecksCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
  UpdateHealthCheckCommand,
} from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startAws } from "../../../src/simulators/aws/server.ts";
import type { Simulator } from "../../../src/simulators/world/world.ts";
import { advance, openTraffic, STANDBY, STANDBY_NAME, STANDBY_ZONE } from "./harness.ts";

let opened: ReturnType<typeof openTraffic>;
let aws: Simulator;
beforeEach(async () => {
  opened = openTraffic();
  aws = await startAws(opened.world, opened.traffic.services, { latencyMs: { low: 0, high: 0 } });
});
afterEach(async () => {
  await aws.stop();
  opened.stop();
});

function settings(region: string) {
  const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };
  return { region, endpoint: `http://127.0.0.1:${aws.port}`, credentials, maxAttempts: 1 };
}

const HostedZoneId = "Z123456789";

test("the Route 53 client reads, moves and follows records", async () => {
  const client = new Route53Client(settings("us-east-1"));
  const zones = await client.send(new ListHostedZonesCommand({}));
  expect(zones.HostedZones?.map(({ Name, Config }) => `${Name} ${Config?.PrivateZone}`)).toEqual([
    "mycomputer.com. false",
    "inventory.internal. true",
  ]);
  const zone = await client.send(new GetHostedZoneCommand({ Id: HostedZoneId }));
  expect(zone.DelegationSet?.NameServers).toHaveLength(4);
  const page = await client.send(
    new ListResourceRecordSetsCommand({
      HostedZoneId,
      StartRecordName: "api.mycomputer.com",
      StartRecordType: "A",
      MaxItems: 2,
    }),
  );
  expect(page).toMatchObject({ IsTruncated: true, NextRecordName: "www.mycomputer.com.", MaxItems: 2 });
  const secondary = page.ResourceRecordSets?.[1];
  expect(secondary).toEqual({
    ...{ Name: "api.mycomputer.com.", Type: "A", SetIdentifier: "Secondary", Weight: 0 },
    AliasTarget: { HostedZoneId: STANDBY_ZONE, DNSName: `${STANDBY_NAME}.`, EvaluateTargetHealth: true },
  });
  const moved: ResourceRecordSet = { ...secondary, Name: "api.mycomputer.com.", Type: "A", Weight: 100 };
  const ChangeBatch = { Changes: [{ Action: "UPSERT" as const, ResourceRecordSet: moved }], Comment: "move" };
  const { ChangeInfo } = await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }));
  expect(ChangeInfo).toMatchObject({ Status: "PENDING", Comment: "move", SubmittedAt: expect.any(Date) });
  advance(opened.world, 51);
  const later = await client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }));
  expect(later.ChangeInfo?.Status).toBe("INSYNC");
});

test("the Route 53 client names the errors of changes", async () => {
  const client = new Route53Client(settings("us-east-1"));
  const ResourceRecordSet = {
    Name: "www.mycomputer.com",
    Type: "CNAME" as const,
    TTL: 60,
    ResourceRecords: [{ Value: "x" }],
  };
  const send = (Action: "CREATE" | "UPSERT", zone = HostedZoneId) => {
    const ChangeBatch = { Changes: [{ Action, ResourceRecordSet }] };
    return client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch }));
  };
  await expect(send("CREATE")).rejects.toMatchObject({
    name: "InvalidChangeBatch",
    message: "[Tried to create resource record set [name='www.mycomputer.com.', type='CNAME'] but it already exists]",
  });
  await send("UPSERT");
  await expect(send("UPSERT")).rejects.toMatchObject({ name: "PriorRequestNotComplete" });
  await expect(send("UPSERT", "ZNONE")).rejects.toMatchObject({
    name: "NoSuchHostedZone",
    $metadata: { httpStatusCode: 404 },
  });
  await expect(client.send(new GetChangeCommand({ Id: "C1" }))).rejects.toMatchObject({ name: "NoSuchChange" });
  await expect(client.send(new ListHostedZonesCommand({}))).rejects.toMatchObject({ name: "Throttling" });
});

test("the Route 53 client is refused what DNS cannot carry, and may write the newer types", async () => {
  const client = new Route53Client(settings("us-east-1"));
  const created = (Type: "HTTPS" | "TXT" | "MX", Value: string) =>
    client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId,
        ChangeBatch: {
          Changes: [
            {
              Action: "CREATE",
              ResourceRecordSet: { Name: "new.mycomputer.com", Type, TTL: 60, ResourceRecords: [{ Value }] },
            },
          ],
        },
      }),
    );
  for (const [type, value] of [
    ["TXT", "plain words"],
    ["MX", "mail.example.com"],
  ] as const)
    await expect(created(type, value)).rejects.toMatchObject({ name: "InvalidChangeBatch" });
  await created("HTTPS", "1 . alpn=h2");
  const { ResourceRecordSets } = await client.send(
    new ListResourceRecordSetsCommand({ HostedZoneId, StartRecordName: "new.mycomputer.com", MaxItems: 1 }),
  );
  expect(ResourceRecordSets).toMatchObject([{ Type: "HTTPS", ResourceRecords: [{ Value: "1 . alpn=h2" }] }]);
});

test("a path with broken percent-encoding is a bad request", async () => {
  const scope = `AKIA/20261121/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`;
  const answer = await fetch(`http://127.0.0.1:${aws.port}/2013-04-01/hostedzone/%E0%A4%A`, {
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}` },
  });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain("<Code>InvalidInput</Code>");
});

test("a us-east-1 outage takes Route 53 changes away and leaves ECS in the standby", async () => {
  opened.world.regions.set("us-east-1", "refusing");
  const client = new Route53Client(settings("us-east-1"));
  await expect(client.send(new ListHostedZonesCommand({}))).rejects.toThrow();
  const described = await new ECSClient(settings(STANDBY)).send(
    new DescribeServicesCommand({ cluster: "dr", services: ["inventory"] }),
  );
  expect(described.services).toHaveLength(1);
});

test("the Route 53 client reads and changes health checks", async () => {
  const client = new Route53Client(settings("us-east-1"));
  const HealthCheckId = "home-deep";
  const { HealthChecks } = await client.send(new ListHealthChecksCommand({}));
  expect(HealthChecks).toMatchObject([
    { Id: HealthCheckId, HealthCheckConfig: { RequestInterval: 10, Inverted: false } },
  ]);
  const status = await client.send(new GetHealthCheckStatusCommand({ HealthCheckId }));
  expect(status.HealthCheckObservations?.[0]?.StatusReport?.Status).toBe("Success: HTTP Status Code 200, OK");
  const update = new UpdateHealthCheckCommand({ HealthCheckId, HealthCheckVersion: 1, Inverted: true });
  expect((await client.send(update)).HealthCheck).toMatchObject({ HealthCheckVersion: 2 });
  await expect(client.send(update)).rejects.toMatchObject({ name: "HealthCheckVersionMismatch" });
  const { HealthCheck } = await client.send(new GetHealthCheckCommand({ HealthCheckId }));
  expect(HealthCheck?.HealthCheckConfig?.Inverted).toBe(true);
});

test("the ECS, Application Auto Scaling and ELB clients see one service grow", async () => {
  const ecs = new ECSClient(settings(STANDBY));
  const scaling = new ApplicationAutoScalingClient(settings(STANDBY));
  const elb = new ElasticLoadBalancingV2Client(settings(STANDBY));
  const target = { ServiceNamespace: "ecs" as const, ResourceId: "service/dr/inventory" };
  await scaling.send(
    new RegisterScalableTargetCommand({ ...target, ScalableDimension: "ecs:service:DesiredCount", MinCapacity: 2 }),
  );
  const ResourceIds = [target.ResourceId];
  const { ScalableTargets } = await scaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace: "ecs", ResourceIds }),
  );
  expect(ScalableTargets).toMatchObject([{ MinCapacity: 2, MaxCapacity: 10, CreationTime: expect.any(Date) }]);
  const updated = await ecs.send(new UpdateServiceCommand({ cluster: "dr", service: "inventory", desiredCount: 3 }));
  expect(updated.service).toMatchObject({ desiredCount: 3, createdAt: expect.any(Date) });
  advance(opened.world, 110);
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: "dr", serviceName: "inventory" }));
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: "dr", tasks: taskArns }));
  const addresses = tasks.map(
    (task) => task.attachments?.[0]?.details?.find(({ name }) => name === "privateIPv4Address")?.value,
  );
  const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ Names: ["secondary-alb"] }));
  expect(LoadBalancers).toMatchObject([{ CanonicalHostedZoneId: STANDBY_ZONE, DNSName: STANDBY_NAME }]);
  const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
  const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ LoadBalancerArn }));
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
  const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
  expect(TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth?.State)).toEqual([
    "healthy",
    "healthy",
    "healthy",
  ]);
  const registered = TargetHealthDescriptions.map(({ Target }) => Target?.Id);
  expect(new Set(registered)).toEqual(new Set(addresses));
});

test("the ECS client lists tasks by what is known of them, and pages by tokens that it was given", async () => {
  const ecs = new ECSClient(settings(STANDBY));
  await ecs.send(new UpdateServiceCommand({ cluster: "dr", service: "inventory", desiredCount: 3 }));
  advance(opened.world, 110);
  const listed = async (filter: Omit<ListTasksCommandInput, "cluster">) =>
    (await ecs.send(new ListTasksCommand({ cluster: "dr", ...filter }))).taskArns ?? [];
  const all = await listed({});
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: "dr", tasks: all }));
  expect(all).toHaveLength(3);
  expect(await listed({ family: "inventory", launchType: "FARGATE" })).toEqual(all);
  expect(await listed({ startedBy: tasks[0]?.startedBy })).toEqual(all);
  for (const none of [{ family: "other" }, { startedBy: "ecs-svc/0" }, { launchType: "EC2" as const }])
    expect(await listed(none)).toEqual([]);
  expect(await listed({ containerInstance: "i-0" })).toEqual([]);
  const first = await ecs.send(new ListTasksCommand({ cluster: "dr", maxResults: 2 }));
  expect(await listed({ nextToken: first.nextToken })).toEqual(all.slice(2));
  await expect(listed({ nextToken: "nonsense" })).rejects.toMatchObject({ name: "InvalidParameterException" });
  const unknown = await ecs.send(new DescribeTasksCommand({ cluster: "dr", tasks: ["0a0a"] }));
  expect(unknown.failures).toEqual([{ arn: `arn:aws:ecs:${STANDBY}:111122223333:task/dr/0a0a`, reason: "MISSING" }]);
});

test("the clients name the errors of compute", async () => {
  const ecs = new ECSClient(settings(STANDBY));
  const elb = new ElasticLoadBalancingV2Client(settings(STANDBY));
  const missing = await ecs.send(new DescribeServicesCommand({ cluster: "dr", services: ["nobody"] }));
  expect(missing.failures).toMatchObject([{ reason: "MISSING" }]);
  await expect(ecs.send(new UpdateServiceCommand({ cluster: "dr", service: "nobody" }))).rejects.toMatchObject({
    name: "ServiceNotFoundException",
  });
  await expect(elb.send(new DescribeLoadBalancersCommand({ Names: ["nobody"] }))).rejects.toMatchObject({
    name: "LoadBalancerNotFoundException",
  });
});
