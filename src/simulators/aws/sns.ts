import { z } from "zod";
import type { World } from "../world/world.ts";
import { page } from "./paging.ts";
import { type AwsCall, AwsError, type AwsService, XmlList } from "./service.ts";
import { type Publication, Tamper, Topics } from "./sns-topics.ts";
import { ACCOUNT_ID, type SnsSpecInput } from "./specs.ts";

export interface Sns {
  readonly service: AwsService;
  /** Certificate of the authority that issued the signing certificate. */
  readonly caPem: string;
  /** The certificate behind a path of SigningCertURL (also of the foreign one); undefined for any other path. */
  readonly certificateAt: (path: string) => string | undefined;
  /** Returns the MessageId. Throws AwsError NotFound. */
  readonly publish: (publication: Publication) => string;
  /** Adds a subscription that needs no confirmation. Throws AwsError NotFound. */
  readonly subscribe: (topicArn: string, endpoint: string) => void;
  readonly stop: () => void;
}

/** Simulated topics whose HTTP and HTTPS subscribers get signed messages. Timestamps are world time. */
export function createSns(world: World, input: SnsSpecInput): Sns {
  const topics = new Topics(world, input);
  world.control.on("GET /sns/ca", () => ({ pem: topics.chain.ca.pem }));
  world.control.on("GET /sns/certificate", (_body, query) => {
    const path = query.get("path") ?? topics.certificatePath;
    return { path, pem: topics.certificateAt(path) ?? null };
  });
  world.control.on("POST /sns/send", (body) => ({ messageId: topics.publish(Send.parse(body)) }));
  world.control.on("POST /sns/subscribe", (body) => {
    const wanted = z.strictObject({ topicArn: z.string(), endpoint: Endpoint }).parse(body);
    topics.subscribe(wanted.topicArn, wanted.endpoint);
  });
  world.control.on("POST /sns/unsubscribe", (body) => {
    topics.unsubscribe(z.strictObject({ topicArn: z.string() }).parse(body).topicArn);
  });
  world.control.on("POST /sns/origin", (body) => {
    topics.moveEndpoints(z.strictObject({ origin: Endpoint }).parse(body).origin);
  });
  return {
    service: {
      name: "sns",
      protocol: "query",
      namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
      operations: {
        Subscribe: { mutates: true, handle: (call) => subscribe(topics, call) },
        ConfirmSubscription: { mutates: true, handle: (call) => confirm(topics, call) },
        Publish: { mutates: true, handle: (call) => publish(topics, call) },
        ListTopics: { mutates: false, handle: (call) => listTopics(topics, call) },
        ListSubscriptionsByTopic: { mutates: false, handle: (call) => listSubscriptions(topics, call) },
        GetTopicAttributes: { mutates: false, handle: (call) => attributes(topics, call) },
        SetTopicAttributes: { mutates: true, handle: (call) => setAttributes(topics, call) },
      },
    },
    caPem: topics.chain.ca.pem,
    certificateAt: (path) => topics.certificateAt(path),
    publish: (publication) => topics.publish(publication),
    subscribe: (arn, endpoint) => topics.subscribe(arn, endpoint),
    stop: () => topics.stop(),
  };
}

const Endpoint = z.url({ protocol: /^https?$/ });

const Send = z.strictObject({
  topicArn: z.string(),
  message: z.string(),
  subject: z.string().optional(),
  messageId: z.string().optional(),
  timestamp: z.iso.datetime().optional(),
  signatureVersion: z.enum(["1", "2"]).optional(),
  tamper: Tamper.optional(),
});

const Subscribe = z.strictObject({
  TopicArn: z.string(),
  Protocol: z.enum(["http", "https"]),
  Endpoint,
  ReturnSubscriptionArn: z.enum(["true", "false"]).default("false"),
});
const Confirm = z.strictObject({
  TopicArn: z.string(),
  Token: z.string(),
  AuthenticateOnUnsubscribe: z.enum(["true", "false"]).optional(),
});
const Publish = z.strictObject({ TopicArn: z.string(), Message: z.string().min(1), Subject: z.string().optional() });
const ListSubscriptions = z.strictObject({ TopicArn: z.string(), NextToken: z.string().optional() });
const GetAttributes = z.strictObject({ TopicArn: z.string() });
const SetAttributes = z.strictObject({
  TopicArn: z.string(),
  AttributeName: z.literal("SignatureVersion"),
  AttributeValue: z.enum(["1", "2"]),
});

function subscribe(topics: Topics, { input, region }: AwsCall) {
  const wanted = Subscribe.parse(input);
  if (!wanted.Endpoint.startsWith(`${wanted.Protocol}:`)) {
    throw new AwsError("InvalidParameter", "Invalid parameter: Endpoint must match the specified protocol");
  }
  const topic = topics.require(wanted.TopicArn, region);
  const known = topic.subscriptions.find(({ endpoint }) => endpoint === wanted.Endpoint);
  const subscription = known ?? topics.addSubscription(topic, wanted.Endpoint);
  if (subscription.isConfirmed) return { SubscriptionArn: subscription.arn };
  topics.sendConfirmation(topic, subscription);
  return { SubscriptionArn: wanted.ReturnSubscriptionArn === "true" ? subscription.arn : "pending confirmation" };
}

function confirm(topics: Topics, { input, region }: AwsCall) {
  const { TopicArn, Token } = Confirm.parse(input);
  const subscription = topics.require(TopicArn, region).subscriptions.find(({ token }) => token === Token);
  if (!subscription) throw new AwsError("InvalidParameter", "Invalid parameter: Token");
  subscription.isConfirmed = true;
  return { SubscriptionArn: subscription.arn };
}

function publish(topics: Topics, { input, region }: AwsCall) {
  const wanted = Publish.parse(input);
  topics.require(wanted.TopicArn, region);
  return { MessageId: topics.publish({ topicArn: wanted.TopicArn, message: wanted.Message, subject: wanted.Subject }) };
}

const MOST_TOPICS = 100;

function listTopics(topics: Topics, { input, region }: AwsCall) {
  const { NextToken: marker } = z.strictObject({ NextToken: z.string().optional() }).parse(input);
  const { entries, marker: NextToken } = page(topics.in(region), ({ arn }) => arn, { size: MOST_TOPICS, marker });
  return {
    Topics: new XmlList(
      "member",
      entries.map(({ arn: TopicArn }) => ({ TopicArn })),
    ),
    NextToken,
  };
}

/** One that waits for its confirmation has words where its ARN will be. */
function listSubscriptions(topics: Topics, { input, region }: AwsCall) {
  const { TopicArn, NextToken: marker } = ListSubscriptions.parse(input);
  const { subscriptions } = topics.require(TopicArn, region);
  const { entries, marker: NextToken } = page(subscriptions, ({ arn }) => arn, { size: MOST_TOPICS, marker });
  const rows = entries.map(({ arn, endpoint, isConfirmed }) => {
    const SubscriptionArn = isConfirmed ? arn : "PendingConfirmation";
    return {
      SubscriptionArn,
      Owner: ACCOUNT_ID,
      Protocol: new URL(endpoint).protocol.slice(0, -1),
      Endpoint: endpoint,
      TopicArn,
    };
  });
  return { Subscriptions: new XmlList("member", rows), NextToken };
}

function attributes(topics: Topics, { input, region }: AwsCall) {
  const topic = topics.require(GetAttributes.parse(input).TopicArn, region);
  const confirmed = topic.subscriptions.filter(({ isConfirmed }) => isConfirmed).length;
  const values = {
    TopicArn: topic.arn,
    Owner: ACCOUNT_ID,
    SignatureVersion: topic.signatureVersion,
    SubscriptionsConfirmed: String(confirmed),
    SubscriptionsPending: String(topic.subscriptions.length - confirmed),
  };
  const entries = Object.entries(values).map(([key, value]) => ({ key, value }));
  return { Attributes: new XmlList("entry", entries) };
}

function setAttributes(topics: Topics, { input, region }: AwsCall) {
  const wanted = SetAttributes.parse(input);
  topics.require(wanted.TopicArn, region).signatureVersion = wanted.AttributeValue;
  return {};
}
