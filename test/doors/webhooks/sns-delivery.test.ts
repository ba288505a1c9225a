import { ConfirmSubscriptionCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Signal } from "../../../src/domain/incident/alert.ts";
import { createSnsDoor } from "../../../src/doors/webhooks/sns.ts";
import { certificateFetcher } from "../../../src/doors/webhooks/sns-certificates.ts";
import type { Tamper } from "../../../src/simulators/aws/sns-topics.ts";
import { memoryLogger } from "../../harness/fakes/index.ts";
import { type AwsWorld, STANDBY, startAwsWorld, TOPIC, until } from "../../simulators/aws/aws-world.ts";
import { type OpenWeb, openWeb } from "./web-door.ts";

describe("SNS delivers to the web door", () => {
  let aws: AwsWorld;
  let web: OpenWeb;
  let signals: Signal[];
  const { logger, lines } = memoryLogger();
  beforeEach(async () => {
    aws = await startAwsWorld({ speed: 1 });
    signals = [];
    const sns = createSnsDoor({
      policy: () => ({ topics: [TOPIC], allowsVersion1: false }),
      clock: aws.world.clock,
      enqueue: async (signal) => void signals.push(signal),
      confirm: async (TopicArn, Token) => {
        const wanted = { TopicArn, Token, AuthenticateOnUnsubscribe: "true" };
        await aws.clients.sns.send(new ConfirmSubscriptionCommand(wanted));
      },
      fetchCertificate: certificateFetcher(`http://127.0.0.1:${aws.aws.port}`),
      authorities: [aws.sns.caPem],
      logger,
    });
    web = await openWeb({ sns });
  });
  afterEach(async () => {
    await web.close();
    await aws.stop();
  });

  const endpoint = () => `http://127.0.0.1:${web.port}/webhooks/sns`;
  const statuses = () => aws.world.log.read(0, "sns.delivered").map(({ facts }) => facts["status"]);

  test("a subscription is confirmed, and then an alarm of the real shape arrives", async () => {
    await aws.clients.sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: "http", Endpoint: endpoint() }));
    await until(() => (statuses().length === 1 ? true : undefined));
    await aws.control("POST", "/cloudwatch/alarm", {
      region: STANDBY,
      name: "app-5xx",
      state: "ALARM",
      reason: "drill",
    });
    const signal = await until(() => signals[0]);
    await until(() => (statuses().length === 2 ? true : undefined));
    expect(statuses()).toEqual([200, 200]);
    expect(signal).toMatchObject({
      ...{ name: "app-5xx", region: STANDBY, state: "alarm", namespace: "App", metric: "Errors" },
      ...{ dimensions: { Service: "app" }, late: false },
    });
  });

  test.each<[Tamper, number]>([
    ["message", 403],
    ["signature", 403],
    ["foreign-certificate", 403],
    ["certificate-url", 403],
    ["raw", 400],
  ])("what is falsified (%s) is refused, and not sent again", async (tamper, status) => {
    aws.sns.subscribe(TOPIC, endpoint());
    aws.sns.publish({ topicArn: TOPIC, message: "{}", tamper });
    await until(() => (statuses().length > 0 ? true : undefined));
    expect(statuses()).toEqual([status]);
    expect(signals).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ level: "warn", sentence: "Refused an SNS message" });
  });
});
