import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  ListTasksCommand,
} from "@aws-sdk/client-ecs";
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { DescribeGlobalClustersCommand, RDSClient } from "@aws-sdk/client-rds";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { WholeWorld } from "../../../src/simulators/whole-world.ts";
import { openExample } from "../../sandbox/derived-world.ts";
import { refusalOf, settingsFor } from "./aws-world.ts";

const HOME = "eu-west-1";

let whole: WholeWorld;
const clients: { destroy(): void }[] = [];
beforeAll(async () => {
  whole = await openExample("inventory");
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await whole.stop();
});

function opened<T extends { destroy(): void }>(Client: new (settings: ReturnType<typeof settingsFor>) => T): T {
  const client = new Client(settingsFor(whole.ports.aws, HOME));
  clients.push(client);
  return client;
}

describe("somebody who looks around in a region", () => {
  test("is told its clusters and services, and what a task is made of", async () => {
    const ecs = opened(ECSClient);
    const { clusterArns = [] } = await ecs.send(new ListClustersCommand({}));
    const [cluster = ""] = clusterArns;
    const { serviceArns = [] } = await ecs.send(new ListServicesCommand({ cluster }));
    const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster }));

    expect(cluster).toMatch(/^arn:aws:ecs:eu-west-1:111122223333:cluster\/.+/);
    expect(serviceArns[0]).toMatch(/^arn:aws:ecs:eu-west-1:111122223333:service\/.+\/.+/);
    expect(taskArns.length).toBeGreaterThan(0);
    expect((await ecs.send(new ListServicesCommand({ cluster, launchType: "EC2" }))).serviceArns).toEqual([]);
    const family = whole.spec.traffic.ecs.taskDefinitions[0]?.family ?? "";
    const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    expect(taskDefinition).toMatchObject({ family, status: "ACTIVE", containerDefinitions: [{ name: family }] });
    const unknown = ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: "nobody" }));
    expect(await refusalOf(unknown)).toMatchObject({ name: "ClientException" });
  });

  test("is told the listeners of a load balancer, the topics, and that there is no global cluster", async () => {
    const elb = opened(ElasticLoadBalancingV2Client);
    const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({}));
    const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
    const { Listeners } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
    expect(Listeners).toMatchObject([
      { LoadBalancerArn, Port: 80, DefaultActions: [{ Type: "forward", TargetGroupArn: expect.any(String) }] },
    ]);
    const { Topics = [] } = await opened(SNSClient).send(new ListTopicsCommand({}));
    expect(Topics[0]?.TopicArn).toMatch(/^arn:aws:sns:eu-west-1:/);
    const rds = opened(RDSClient);
    expect((await rds.send(new DescribeGlobalClustersCommand({}))).GlobalClusters).toEqual([]);
    const unknown = rds.send(new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: "g" }));
    expect(await refusalOf(unknown)).toMatchObject({ name: "GlobalClusterNotFoundFault" });
  });

  test("may set an alarm to try it out", async () => {
    const cloudwatch = opened(CloudWatchClient);
    const alarms = async () => (await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms ?? [];
    const AlarmName = (await alarms())[0]?.AlarmName;
    const set = (name = AlarmName) =>
      cloudwatch.send(new SetAlarmStateCommand({ AlarmName: name, StateValue: "ALARM", StateReason: "a trial" }));
    await set();
    expect((await alarms()).find((alarm) => alarm.AlarmName === AlarmName)).toMatchObject({
      ...{ StateValue: "ALARM", StateReason: "a trial" },
    });
    expect(await refusalOf(set("nobody"))).toMatchObject({ name: "ResourceNotFound" });
  });
});
