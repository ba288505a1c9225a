import {
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  type GetMetricStatisticsCommandInput,
  PutMetricAlarmCommand,
} from "@aws-sdk/client-cloudwatch";
import { DescribeDBInstancesCommand, PromoteReadReplicaCommand, RebootDBInstanceCommand } from "@aws-sdk/client-rds";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AwsWorld, HOME, PRIMARY, REPLICA, refusalOf, STANDBY, START_MS, startAwsWorld } from "./aws-world.ts";

describe("simulated CloudWatch", () => {
  let aws: AwsWorld;
  beforeEach(async () => {
    aws = await startAwsWorld();
  });
  afterEach(() => aws.stop());

  /** The last quarter of an hour in the given region, newest first. */
  const metric = async (
    region: string,
    Metric: { Namespace: string; MetricName: string; Dimensions: { Name: string; Value: string }[] },
    Period = 60,
  ) => {
    const client = region === HOME ? aws.clients.cloudwatchHome : aws.clients.cloudwatch;
    const nowMs = aws.world.clock.now();
    const { MetricDataResults } = await client.send(
      new GetMetricDataCommand({
        MetricDataQueries: [{ Id: "m1", MetricStat: { Metric, Period, Stat: "Maximum" } }],
        StartTime: new Date(nowMs - 900_000),
        EndTime: new Date(nowMs),
      }),
    );
    const [result] = MetricDataResults ?? [];
    expect(result?.StatusCode).toBe("Complete");
    return { times: result?.Timestamps?.map((at) => at.getTime()) ?? [], values: result?.Values ?? [] };
  };
  const lag = (region = STANDBY, Value = "app-rep", Period = 60) => {
    const Dimensions = [{ Name: "DBInstanceIdentifier", Value }];
    return metric(region, { Namespace: "AWS/RDS", MetricName: "ReplicaLag", Dimensions }, Period);
  };

  test("lag is a sample a minute, newest first, in the replica's region only", async () => {
    const { times, values } = await lag();
    expect(values).toHaveLength(15);
    expect(new Set(values)).toEqual(new Set([2]));
    expect(times[0]).toBeGreaterThan(START_MS - 60_000);
    expect(times[0]).toBeGreaterThan(times[1] ?? 0);
    expect((times[0] ?? 1) % 60_000).toBe(0);
    expect((await lag(HOME)).values).toEqual([]);
    expect((await lag(STANDBY, "app")).values).toEqual([]);
    expect((await lag(STANDBY, "app-rep", 300)).values.length).toBeLessThanOrEqual(4);
  });

  test("lag follows the replication: it grows, reads -1 when broken, and ends with the promotion", async () => {
    await aws.control("POST", "/rds/lag", { ...REPLICA, seconds: 45 });
    aws.world.clock.jump(180_000);
    expect((await lag()).values[0]).toBeCloseTo(45, 0);
    aws.world.regions.set(HOME, "refusing");
    aws.world.clock.jump(120_000);
    const broken = (await lag()).values;
    expect(broken[0]).toBe(-1);
    expect(broken.at(-1)).toBe(2);
    await aws.clients.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep" }));
    aws.world.clock.jump(1_000_000);
    expect((await lag()).values).toEqual([]);
  });

  test("a metric that is frozen fails no call: its newest sample gets older, and all of it appears later", async () => {
    const freeze = (isFrozen: boolean) =>
      aws.control("POST", "/cloudwatch/metric", {
        ...{ region: STANDBY, namespace: "AWS/RDS", metric: "ReplicaLag", of: "app-rep", isFrozen },
      });
    await freeze(true);
    const frozenMs = aws.world.clock.now();
    aws.world.clock.jump(600_000);
    const { times, values } = await lag();
    expect(values.length).toBeGreaterThanOrEqual(4);
    expect(times[0]).toBeLessThanOrEqual(frozenMs);
    await freeze(false);
    expect((await lag()).values.length).toBeGreaterThanOrEqual(14);
  });

  test("a MySQL replica says 0 and replicating over a dead link, until it notices", async () => {
    const mysql = await startAwsWorld({ isStill: true, engine: "mysql" });
    const seen = async () => {
      const { DBInstances } = await mysql.clients.rds.send(
        new DescribeDBInstancesCommand({ DBInstanceIdentifier: "app-rep" }),
      );
      const lagNow = mysql.rds.replicaLagAt(REPLICA, mysql.world.clock.now());
      return [lagNow, DBInstances?.[0]?.StatusInfos?.[0]?.Status];
    };
    mysql.rds.engine.write(PRIMARY, { id: "before", writer: "test" });
    mysql.world.regions.set(HOME, "dark");
    mysql.world.clock.jump(30_000);
    expect(await seen()).toEqual([0, "replicating"]);
    mysql.world.clock.jump(30_000);
    expect(await seen()).toEqual([-1, "error"]);
    await mysql.stop();
  });

  test("there are no samples while the instance reboots", async () => {
    const { rds } = aws.clients;
    await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: "app-rep" }));
    aws.world.clock.jump(300_000);
    expect((await lag()).values.length).toBeGreaterThanOrEqual(12);
    expect((await lag()).values.length).toBeLessThan(15);
  });

  test("an idle PostgreSQL source reads as lag of up to 300 s where the world says so", async () => {
    const idle = await startAwsWorld({ rds: { idleSourceReadsAsLag: true } });
    idle.rds.engine.write(PRIMARY, { id: "only", writer: "test" });
    idle.world.clock.jump(200_000);
    const at = Math.floor(idle.world.clock.now() / 60_000) * 60_000;
    const early = idle.rds.replicaLagAt(REPLICA, at) ?? 0;
    expect(early).toBeGreaterThan(100);
    expect(early).toBeLessThan(300);
    idle.world.clock.jump(600_000);
    expect(idle.rds.replicaLagAt(REPLICA, idle.world.clock.now())).toBe(300);
    await idle.stop();
  });

  test("health check status is published in us-east-1 and nowhere else", async () => {
    const query = (Value: string) => ({
      ...{ Namespace: "AWS/Route53", MetricName: "HealthCheckStatus" },
      Dimensions: [{ Name: "HealthCheckId", Value }],
    });
    expect((await metric(HOME, query("hc"))).values[0]).toBe(0);
    expect((await metric(HOME, query("other"))).values).toEqual([]);
    expect((await metric(STANDBY, query("hc"))).values).toEqual([]);
  });

  test("an unreasonable time range is refused", async () => {
    const bad = new GetMetricDataCommand({
      MetricDataQueries: [
        { Id: "m1", MetricStat: { Metric: { Namespace: "A", MetricName: "B" }, Period: 60, Stat: "Sum" } },
      ],
      StartTime: new Date(2_000_000),
      EndTime: new Date(1_000_000),
    });
    expect(await refusalOf(aws.clients.cloudwatch.send(bad))).toMatchObject({ code: "ValidationError" });
  });

  /** As the commands by hand ask: the last quarter of an hour. */
  const statistics = (other: Partial<GetMetricStatisticsCommandInput> = {}) => {
    const nowMs = aws.world.clock.now();
    return aws.clients.cloudwatch.send(
      new GetMetricStatisticsCommand({
        ...{ Namespace: "AWS/RDS", MetricName: "ReplicaLag", Period: 60, Statistics: ["Maximum"] },
        Dimensions: [{ Name: "DBInstanceIdentifier", Value: "app-rep" }],
        ...{ StartTime: new Date(nowMs - 900_000), EndTime: new Date(nowMs), ...other },
      }),
    );
  };

  test("statistics of one metric have those that were asked for, with their unit", async () => {
    const { Label, Datapoints = [] } = await statistics({ Statistics: ["Maximum", "SampleCount"], Period: 300 });
    expect(Label).toBe("ReplicaLag");
    expect(Datapoints.length).toBeGreaterThanOrEqual(3);
    expect(Datapoints[1]).toEqual({ Timestamp: expect.any(Date), Maximum: 2, SampleCount: 5, Unit: "Seconds" });
    expect((await statistics()).Datapoints).toHaveLength(15);
    expect((await statistics({ Unit: "Bytes" })).Datapoints).toEqual([]);
    expect((await statistics({ MetricName: "Unheard" })).Datapoints).toEqual([]);
  });

  test("statistics without any, of no time, or of too many datapoints are refused", async () => {
    const refused = [{ Statistics: [] }, { StartTime: new Date(START_MS * 2) }, { StartTime: new Date(0) }];
    for (const other of refused) {
      expect(await refusalOf(statistics(other))).toMatchObject({ code: "InvalidParameterCombination" });
    }
  });

  test("alarms are listed by type and state; composite ones only when asked for", async () => {
    const { cloudwatch } = aws.clients;
    const plain = await cloudwatch.send(new DescribeAlarmsCommand({}));
    expect(plain.MetricAlarms?.map(({ AlarmName }) => AlarmName)).toEqual(["app-5xx"]);
    expect(plain.MetricAlarms?.[0]).toMatchObject({ StateValue: "OK", Threshold: 1 });
    expect(plain.MetricAlarms?.[0]?.StateUpdatedTimestamp).toBeInstanceOf(Date);
    expect(plain.CompositeAlarms).toEqual([]);
    const types = { AlarmTypes: ["MetricAlarm" as const, "CompositeAlarm" as const] };
    const both = await cloudwatch.send(new DescribeAlarmsCommand(types));
    expect(both.CompositeAlarms?.map(({ AlarmName }) => AlarmName)).toEqual(["app-down"]);
    const none = await cloudwatch.send(new DescribeAlarmsCommand({ ...types, StateValue: "ALARM" }));
    expect(none.MetricAlarms).toEqual([]);
  });

  test("a new alarm has no data yet, and putting it again keeps its state", async () => {
    const { cloudwatch } = aws.clients;
    const put = (Threshold: number) =>
      cloudwatch.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName: "lag", Namespace: "AWS/RDS", MetricName: "ReplicaLag", Statistic: "Maximum", Threshold },
          Dimensions: [{ Name: "DBInstanceIdentifier", Value: "app-rep" }],
          ...{ Period: 60, EvaluationPeriods: 3, ComparisonOperator: "GreaterThanThreshold" },
        }),
      );
    const find = async () =>
      (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ["lag"] }))).MetricAlarms?.[0];
    await put(30);
    expect(await find()).toMatchObject({ StateValue: "INSUFFICIENT_DATA", Threshold: 30 });
    await aws.control("POST", "/cloudwatch/alarm", { region: STANDBY, name: "lag", state: "ALARM" });
    await put(60);
    expect(await find()).toMatchObject({ StateValue: "ALARM", Threshold: 60 });
  });

  test("the Query protocol of older clients gets the same alarms as XML", async () => {
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIA/20261121/${STANDBY}/monitoring/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`;
    const answer = await fetch(`http://127.0.0.1:${aws.aws.port}/`, {
      method: "POST",
      headers: { authorization, "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=app-5xx",
    });
    const text = await answer.text();
    expect(text).toContain("<DescribeAlarmsResult><MetricAlarms><member><AlarmName>app-5xx</AlarmName>");
    expect(text).toContain("<StateUpdatedTimestamp>2026-11-21T");
  });
});
