import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeDBInstancesCommand, PromoteReadReplicaCommand, RDSClient } from "@aws-sdk/client-rds";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { type AwsWorld, HOME, ROLE, refusalOf, STANDBY, settingsFor, startAwsWorld, until } from "./aws-world.ts";

/** For a test of silence. */
const HASTY_MS = 600;

describe("the front of the simulated AWS", () => {
  let aws: AwsWorld;
  beforeEach(async () => {
    aws = await startAwsWorld();
  });
  afterEach(() => aws.stop());

  const look = (client: RDSClient = aws.clients.rds) => client.send(new DescribeDBInstancesCommand({}));
  const promote = (client: RDSClient = aws.clients.rds) =>
    client.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep" }));
  async function hasty<T>(region: string, call: (client: RDSClient) => Promise<T>): Promise<T> {
    const client = new RDSClient(settingsFor(aws.aws.port, region, { answerMs: HASTY_MS }));
    try {
      return await call(client);
    } finally {
      client.destroy();
    }
  }
  const retrying = () => new RDSClient(settingsFor(aws.aws.port, STANDBY, { maxAttempts: 3 }));

  test("a dark region accepts the connection and never answers, while others do", async () => {
    aws.world.regions.set(HOME, "dark");
    const startedMs = Date.now();
    expect(await refusalOf(hasty(HOME, look))).toMatchObject({ name: "TimeoutError" });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(590);
    await expect(look()).resolves.toBeDefined();
  });

  test("one control plane of a region is in trouble by itself, while the others answer", async () => {
    aws.world.regions.setPlane({ region: HOME, service: "rds" }, "dark");
    aws.world.regions.setPlane({ region: STANDBY, service: "ec2" }, "dark");

    expect(await refusalOf(hasty(HOME, look))).toMatchObject({ name: "TimeoutError" });
    await expect(look()).resolves.toBeDefined();
    aws.world.regions.setPlane({ region: HOME, service: "rds" }, "up");
    await expect(hasty(HOME, look)).resolves.toBeDefined();
  });

  test("and one that the region takes away is in trouble with it", async () => {
    aws.world.regions.setPlane({ region: STANDBY, service: "rds" }, "up");
    aws.world.regions.set(STANDBY, "refusing");

    await expect(look()).rejects.toThrow("socket hang up");
  });

  test("a refusing region cuts connections, and the call has no effect", async () => {
    aws.world.regions.set(STANDBY, "refusing");
    await expect(promote()).rejects.toThrow("socket hang up");
    expect(aws.world.log.read(0, "rds.")).toEqual([]);
    expect(aws.world.log.read(0, "aws.unanswered")).toHaveLength(1);
  });

  test("a control plane that is down answers 503, and data still flow", async () => {
    aws.world.regions.set(STANDBY, "control-plane-down");
    const error: unknown = await promote().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ Code: "ServiceUnavailable", $metadata: { httpStatusCode: 503 } });
    expect(aws.rds.engine.rows({ region: STANDBY, instance: "app-rep" }).size).toBe(0);
  });

  test("a slow region answers later", async () => {
    aws.world.regions.slowMs = 150;
    aws.world.regions.set(STANDBY, "slow");
    const startedMs = Date.now();
    await look();
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(150);
  });

  test("an answer that is lost after the effect leaves the caller without one, and the effect in the log", async () => {
    aws.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect: { kind: "hang-after" }, times: 1 });
    expect(await refusalOf(hasty(STANDBY, promote))).toMatchObject({ name: "TimeoutError" });
    const [mutation] = aws.world.log.read(0, "aws.mutation");
    expect(mutation?.facts).toMatchObject({ operation: "PromoteReadReplica", accepted: true, answerLost: true });
    expect(await refusalOf(promote())).toMatchObject({ code: "InvalidDBInstanceState" });
    expect(aws.world.log.read(0, "rds.promotion-accepted")).toHaveLength(1);
  });

  test("a connection that is cut before the effect is retried by the SDK and takes effect once", async () => {
    aws.world.faults.plan({
      vendor: "aws",
      operation: "PromoteReadReplica",
      effect: { kind: "drop-before" },
      times: 1,
    });
    const client = retrying();
    await promote(client);
    client.destroy();
    expect(aws.world.log.read(0, "aws.mutation").map(({ facts }) => facts["attempt"])).toEqual([2]);
  });

  test("an injected error reaches the client by its own code and status", async () => {
    const effect = { kind: "error", status: 403, code: "ExpiredToken", message: "Gone" } as const;
    aws.world.faults.plan({ vendor: "aws", operation: "*", region: STANDBY, effect, times: 1 });
    expect(await refusalOf(promote())).toEqual({ name: "ExpiredToken", code: "ExpiredToken", message: "Gone" });
  });

  test("throttled calls that the SDK repeats keep one invocation id and count their attempts", async () => {
    const effect = { kind: "error", status: 400, code: "Throttling" } as const;
    aws.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect, times: 2 });
    const client = retrying();
    await promote(client);
    client.destroy();
    const entries = aws.world.log.read(0, "aws.");
    expect(entries.map(({ kind }) => kind)).toEqual(["aws.refused", "aws.refused", "aws.mutation"]);
    expect(entries.map(({ facts }) => facts["attempt"])).toEqual([1, 2, 3]);
    expect(new Set(entries.map(({ facts }) => facts["invocationId"])).size).toBe(1);
    expect(entries[0]?.facts["invocationId"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("a throttled region gives CloudWatch's clients the code of the query error header", async () => {
    aws.world.regions.set(STANDBY, "throttled");
    const call = new GetMetricDataCommand({ MetricDataQueries: [], StartTime: new Date(0), EndTime: new Date(1) });
    expect(await refusalOf(aws.clients.cloudwatch.send(call))).toMatchObject({
      name: "Throttling",
      code: "Throttling",
    });
    expect(await refusalOf(look())).toMatchObject({ name: "Throttling" });
  });

  test("an unsigned request is refused, and so is one for a service that is not there", async () => {
    const url = `http://127.0.0.1:${aws.aws.port}/`;
    const unsigned = await fetch(url, { method: "POST", body: "Action=GetCallerIdentity" });
    expect(unsigned.status).toBe(403);
    expect(await unsigned.text()).toContain("<Code>MissingAuthenticationToken</Code>");
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIA/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`;
    const unknown = await fetch(url, { method: "POST", headers: { authorization } });
    expect(unknown.status).toBe(404);
  });

  test("a body beyond a megabyte is refused", async () => {
    const body = "x".repeat(1024 * 1024 + 1);
    const answer = await fetch(`http://127.0.0.1:${aws.aws.port}/`, { method: "POST", body });
    expect(answer.status).toBe(413);
  });

  test("reads are counted and not logged", async () => {
    await look();
    await look();
    const read = { service: "rds", operation: "DescribeDBInstances", region: STANDBY, count: 2 };
    expect(await aws.control("GET", "/aws/reads")).toEqual([read]);
    expect(aws.world.log.read(0, "aws.")).toEqual([]);
  });

  test("stopping ends calls that wait for an answer, and they have no effect afterwards", async () => {
    aws.world.clock.setSpeed(1);
    const waiting = Promise.allSettled([promote(), look()]);
    await until(async () =>
      z.array(z.unknown()).parse(await aws.control("GET", "/aws/reads")).length ? true : undefined,
    );
    await aws.aws.stop();
    expect((await waiting).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    // Longer than a call's latency: what was on its way would have arrived by now.
    await aws.world.clock.sleep(300);
    expect(aws.world.log.read(0, "rds.")).toEqual([]);
  });

  test("an assumed role is who its keys say it is, and no other role can be assumed", async () => {
    const assume = (RoleArn: string) =>
      aws.clients.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "run-1", DurationSeconds: 900 }));
    const { Credentials } = await assume(ROLE);
    expect(Credentials?.Expiration?.getTime()).toBeGreaterThan(Date.now());
    const assumed = new STSClient({
      ...settingsFor(aws.aws.port, STANDBY),
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? "",
        secretAccessKey: Credentials?.SecretAccessKey ?? "",
        sessionToken: Credentials?.SessionToken ?? "",
      },
    });
    const identity = await assumed.send(new GetCallerIdentityCommand({}));
    assumed.destroy();
    expect(identity.Arn).toBe("arn:aws:sts::111122223333:assumed-role/dr-execute/run-1");
    expect((await aws.clients.sts.send(new GetCallerIdentityCommand({}))).Arn).toContain(":user/");
    expect(await refusalOf(assume(`${ROLE}-other`))).toMatchObject({ name: "AccessDenied" });
  });
});
