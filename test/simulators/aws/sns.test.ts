import { createHash, verify, X509Certificate } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import {
  ConfirmSubscriptionCommand,
  GetTopicAttributesCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { type AwsWorld, HOME, refusalOf, STANDBY, startAwsWorld, TOPIC, until } from "./aws-world.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const Envelope = z.record(z.string(), z.string());

/** An endpoint that keeps what it gets and answers the given statuses in turn, then 200. */
async function startEndpoint(...statuses: number[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      received.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    url: `http://127.0.0.1:${port}/alerts/sns`,
    next: (index: number) => until(() => received[index]),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The verification that AWS documents, over the bytes that arrived; true where signature and issuer are right. */
async function isGenuine(aws: AwsWorld, { body }: Received): Promise<boolean> {
  const message = Envelope.parse(JSON.parse(body));
  const fields =
    message["Type"] === "Notification"
      ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  const signed = fields.filter((name) => name in message).map((name) => `${name}\n${message[name]}\n`);
  const url = new URL(message["SigningCertURL"] ?? "");
  if (url.hostname !== `sns.${STANDBY}.amazonaws.com`) return false;
  const fetched = await fetch(`http://127.0.0.1:${aws.aws.port}${url.pathname}`);
  const certificate = new X509Certificate(await fetched.text());
  const authority = new X509Certificate(aws.sns.caPem);
  const algorithm = message["SignatureVersion"] === "1" ? "RSA-SHA1" : "RSA-SHA256";
  const signature = Buffer.from(message["Signature"] ?? "", "base64");
  return (
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey) &&
    verify(algorithm, Buffer.from(signed.join("")), certificate.publicKey, signature)
  );
}

describe("simulated SNS", () => {
  let aws: AwsWorld;
  let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
  beforeEach(async () => {
    aws = await startAwsWorld();
    // Makes the signing key, which would take longer than a hasty client waits on a busy machine.
    aws.sns.certificateAt("");
    endpoint = await startEndpoint();
  });
  afterEach(async () => {
    await aws.stop();
    await endpoint.close();
  });

  const send = (body: object) => aws.control("POST", "/sns/send", { topicArn: TOPIC, message: "hé & co", ...body });

  test("a subscription is confirmed by its signed token, and only then gets notifications", async () => {
    const { sns } = aws.clients;
    const subscribed = await sns.send(
      new SubscribeCommand({ TopicArn: TOPIC, Protocol: "http", Endpoint: endpoint.url }),
    );
    expect(subscribed.SubscriptionArn).toBe("pending confirmation");
    const confirmation = await endpoint.next(0);
    expect(confirmation.headers).toMatchObject({
      "content-type": "text/plain; charset=UTF-8",
      "x-amz-sns-message-type": "SubscriptionConfirmation",
      "x-amz-sns-topic-arn": TOPIC,
    });
    expect(await isGenuine(aws, confirmation)).toBe(true);
    await sns.send(new PublishCommand({ TopicArn: TOPIC, Message: "too early" }));
    const { Token = "" } = Envelope.parse(JSON.parse(confirmation.body));
    const wrong = sns.send(new ConfirmSubscriptionCommand({ TopicArn: TOPIC, Token: "wrong" }));
    expect(await refusalOf(wrong)).toMatchObject({ code: "InvalidParameter" });
    const confirmed = await sns.send(
      new ConfirmSubscriptionCommand({ TopicArn: TOPIC, Token, AuthenticateOnUnsubscribe: "true" }),
    );
    const published = await sns.send(new PublishCommand({ TopicArn: TOPIC, Message: "now", Subject: "s" }));
    const notification = await endpoint.next(1);
    expect(notification.headers).toMatchObject({
      "x-amz-sns-message-type": "Notification",
      "x-amz-sns-message-id": published.MessageId,
      "x-amz-sns-subscription-arn": confirmed.SubscriptionArn,
    });
    expect(Envelope.parse(JSON.parse(notification.body))).toMatchObject({ Message: "now", Subject: "s" });
    expect(await isGenuine(aws, notification)).toBe(true);
  });

  test.each(["1", "2"])("signature version %s verifies over the delivered bytes", async (version) => {
    aws.sns.subscribe(TOPIC, endpoint.url);
    const { sns } = aws.clients;
    const set = { TopicArn: TOPIC, AttributeName: "SignatureVersion", AttributeValue: version };
    await sns.send(new SetTopicAttributesCommand(set));
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: TOPIC }));
    expect(Attributes).toMatchObject({ SignatureVersion: version, SubscriptionsConfirmed: "1" });
    await sns.send(new PublishCommand({ TopicArn: TOPIC, Message: 'line 1\nline "2" ✓' }));
    const notification = await endpoint.next(0);
    expect(Envelope.parse(JSON.parse(notification.body))["SignatureVersion"]).toBe(version);
    expect(await isGenuine(aws, notification)).toBe(true);
  });

  test.each(["message", "signature", "foreign-certificate", "certificate-url"])(
    "a message with a falsified %s does not verify",
    async (tamper) => {
      aws.sns.subscribe(TOPIC, endpoint.url);
      await send({});
      await send({ tamper });
      const both = [await endpoint.next(0), await endpoint.next(1)];
      const verdicts = await Promise.all(both.map((one) => isGenuine(aws, one)));
      expect(verdicts.filter((genuine) => genuine)).toHaveLength(1);
    },
  );

  test("raw delivery has no envelope and says so in a header", async () => {
    aws.sns.subscribe(TOPIC, endpoint.url);
    await send({ tamper: "raw" });
    const raw = await endpoint.next(0);
    expect(raw.body).toBe("hé & co");
    expect(raw.headers["x-amz-sns-rawdelivery"]).toBe("true");
  });

  test("duplicates and late messages can be sent on purpose", async () => {
    aws.sns.subscribe(TOPIC, endpoint.url);
    const late = { messageId: "11111111-2222-4333-8444-555555555555", timestamp: "2026-11-20T09:00:00.000Z" };
    await send(late);
    await send(late);
    for (const index of [0, 1]) {
      const one = await endpoint.next(index);
      expect(one.headers["x-amz-sns-message-id"]).toBe(late.messageId);
      expect(Envelope.parse(JSON.parse(one.body))["Timestamp"]).toBe(late.timestamp);
      expect(await isGenuine(aws, one)).toBe(true);
    }
  });

  test("a message that is not accepted comes again with the same id, and each attempt is in the log", async () => {
    const picky = await startEndpoint(503, 500);
    aws.sns.subscribe(TOPIC, picky.url);
    await send({});
    await picky.next(2);
    const ids = picky.received.map(({ headers }) => headers["x-amz-sns-message-id"]);
    expect(new Set(ids).size).toBe(1);
    const statuses = await until(() => {
      const attempts = aws.world.log.read(0, "sns.delivered").map(({ facts }) => facts["status"]);
      return attempts.length === 3 ? attempts : undefined;
    });
    expect(statuses).toEqual([503, 500, 200]);
    await picky.close();
  });

  test("nothing leaves an unreachable region until it is back", async () => {
    aws.sns.subscribe(TOPIC, endpoint.url);
    aws.world.regions.set(STANDBY, "dark");
    await send({});
    await until(() => aws.world.log.read(0, "sns.delivered")[0]);
    expect(endpoint.received).toEqual([]);
    aws.world.regions.set(STANDBY, "up");
    await endpoint.next(0);
  });

  test("an alarm that changes state is published in CloudWatch's own words", async () => {
    aws.sns.subscribe(TOPIC, endpoint.url);
    const alarm = { region: STANDBY, name: "app-5xx", state: "ALARM", reason: "Threshold Crossed" };
    await aws.control("POST", "/cloudwatch/alarm", alarm);
    const envelope = Envelope.parse(JSON.parse((await endpoint.next(0)).body));
    expect(envelope["Subject"]).toBe('ALARM: "app-5xx" in US West (Oregon)');
    const message: unknown = JSON.parse(envelope["Message"] ?? "");
    expect(message).toMatchObject({
      AlarmName: "app-5xx",
      NewStateValue: "ALARM",
      OldStateValue: "OK",
      Region: "US West (Oregon)",
      AlarmArn: "arn:aws:cloudwatch:us-west-2:111122223333:alarm:app-5xx",
      StateChangeTime: expect.stringMatching(/^2026-11-21T\d\d:\d\d:\d\d\.\d{3}\+0000$/),
      Trigger: { Statistic: "AVERAGE", Dimensions: [{ name: "Service", value: "app" }] },
    });
    await aws.control("POST", "/cloudwatch/alarm", alarm);
    await aws.control("POST", "/cloudwatch/alarm", { ...alarm, name: "app-down" });
    const composite: unknown = JSON.parse(Envelope.parse(JSON.parse((await endpoint.next(1)).body))["Message"] ?? "");
    expect(composite).toMatchObject({
      AlarmRule: 'ALARM("app-5xx") OR ALARM("app-canary")',
      TriggeringChildren: [{ Arn: expect.stringContaining("app-5xx"), State: { Value: "ALARM" } }],
    });
    expect(composite).not.toHaveProperty("Trigger");
  });

  test("alarms of metric maths and of anomaly detection are published with the metrics that they are made of", async () => {
    await aws.stop();
    const metric = { kind: "metric" as const, region: STANDBY, namespace: "App", alarmActions: [TOPIC] };
    const dimensions = { Service: "app" };
    const others = [{ namespace: "App", metricName: "Requests", dimensions }];
    aws = await startAwsWorld({
      moreAlarms: [
        {
          ...{ ...metric, name: "app-rate", metricName: "Errors", dimensions, statistic: "Sum", threshold: 0.1 },
          maths: { expression: "m1/m2", label: "error rate", others },
        },
        { ...metric, name: "app-odd", metricName: "Latency", dimensions, anomalyBand: 2 },
      ],
    });
    aws.sns.subscribe(TOPIC, endpoint.url);
    const published = async (index: number): Promise<unknown> =>
      Object(JSON.parse(Envelope.parse(JSON.parse((await endpoint.next(index)).body))["Message"] ?? "")).Trigger;
    const alarm = { region: STANDBY, state: "ALARM" };

    await aws.control("POST", "/cloudwatch/alarm", { ...alarm, name: "app-rate" });
    const maths = await published(0);
    await aws.control("POST", "/cloudwatch/alarm", { ...alarm, name: "app-odd" });
    const anomaly = await published(1);

    const measured = (MetricName: string, Stat: string) => ({
      Metric: { MetricName, Namespace: "App", Dimensions: [{ name: "Service", value: "app" }] },
      ...{ Period: 60, Stat },
    });
    expect(maths).toMatchObject({
      Threshold: 0.1,
      Metrics: [
        { Id: "e1", Expression: "m1/m2", Label: "error rate", ReturnData: true },
        { Id: "m1", MetricStat: measured("Errors", "Sum"), ReturnData: false },
        { Id: "m2", MetricStat: measured("Requests", "Sum"), ReturnData: false },
      ],
    });
    expect(anomaly).toMatchObject({
      ...{ ComparisonOperator: "LessThanLowerOrGreaterThanUpperThreshold", ThresholdMetricId: "ad1" },
      Metrics: [
        { Id: "m1", MetricStat: measured("Latency", "Average"), ReturnData: true },
        { Id: "ad1", Expression: "ANOMALY_DETECTION_BAND(m1, 2)", ReturnData: true },
      ],
    });
    for (const trigger of [maths, anomaly]) expect(trigger).not.toHaveProperty("MetricName");
    expect(anomaly).not.toHaveProperty("Threshold");
    const { MetricAlarms = [] } = await aws.clients.cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: ["app-odd"] }),
    );
    expect(MetricAlarms).toMatchObject([{ ThresholdMetricId: "ad1", Metrics: [{ Id: "m1" }, { Id: "ad1" }] }]);
  });

  test("a topic exists in its own region only", async () => {
    const publish = (TopicArn: string) => aws.clients.sns.send(new PublishCommand({ TopicArn, Message: "m" }));
    expect(await refusalOf(publish(TOPIC.replace(STANDBY, HOME)))).toMatchObject({ code: "NotFound" });
  });

  test("the control hands out the authority and the signing certificate, which carries its own hash as name", async () => {
    const { pem } = z.object({ pem: z.string() }).parse(await aws.control("GET", "/sns/ca"));
    expect(new X509Certificate(pem).ca).toBe(true);
    const leaf = z.object({ path: z.string(), pem: z.string() }).parse(await aws.control("GET", "/sns/certificate"));
    expect(leaf.path).toBe(`/SimpleNotificationService-${createHash("md5").update(leaf.pem).digest("hex")}.pem`);
    const certificate = new X509Certificate(leaf.pem);
    expect(certificate.ca).toBe(false);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
  });
});
