import { createHash } from "node:crypto";
import { z } from "zod";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { arnOf } from "./arn.ts";
import { type CertificateChain, issueChain } from "./certificates.ts";
import { AwsError } from "./service.ts";
import { SnsDelivery } from "./sns-delivery.ts";
import { type Envelope, type SignatureVersion, type Signer, signEnvelope } from "./sns-message.ts";
import { SnsSpec, type SnsSpecInput } from "./specs.ts";

export interface Publication {
  readonly topicArn: string;
  readonly message: string;
  readonly subject?: string | undefined;
  /** Absent: a new one. A repeated one is a duplicate, as at-least-once delivery makes them. */
  readonly messageId?: string | undefined;
  /** ISO-8601. Absent: now, in world time. */
  readonly timestamp?: string | undefined;
  readonly signatureVersion?: SignatureVersion | undefined;
  readonly tamper?: Tamper | undefined;
}

/**
 * How a message may be falsified. `message`: altered after signing. `signature`: garbled. `foreign-certificate`: well
 * signed, but by a certificate that another authority issued. `certificate-url`: the certificate is to be fetched from
 * a host that is not Amazon's. `raw`: delivered raw, without envelope and signature.
 */
export const Tamper = z.enum(["message", "signature", "foreign-certificate", "certificate-url", "raw"]);
export type Tamper = z.infer<typeof Tamper>;

export interface Subscription {
  readonly arn: string;
  endpoint: string;
  readonly token: string;
  isConfirmed: boolean;
}

export interface Topic {
  readonly arn: string;
  readonly region: string;
  signatureVersion: SignatureVersion;
  readonly subscriptions: Subscription[];
}

export function topicArn(region: string, name: string): string {
  return arnOf("sns", region, name);
}

const YEAR_MS = 365 * 86_400_000;

/** The topics of all regions and their subscriptions; signs what it sends. */
export class Topics {
  readonly chain: CertificateChain;
  readonly #world: World;
  readonly #random: Random;
  readonly #delivery: SnsDelivery;
  readonly #topics = new Map<string, Topic>();
  #foreign: CertificateChain | undefined;

  constructor(world: World, input: SnsSpecInput) {
    this.#world = world;
    this.#random = world.random.fork("sns");
    this.#delivery = new SnsDelivery(world);
    this.chain = issueChain("Simulated Amazon CA", "sns.amazonaws.com", this.#validity());
    for (const { name, region, signatureVersion, subscriptions } of SnsSpec.parse(input).topics) {
      const arn = topicArn(region, name);
      this.#topics.set(arn, { arn, region, signatureVersion, subscriptions: [] });
      for (const { endpoint } of subscriptions) this.subscribe(arn, endpoint);
    }
  }

  get certificatePath(): string {
    return pathOf(this.chain);
  }

  certificateAt(path: string): string | undefined {
    // Every GET of this port asks, and a certificate is issued only for who wants one: its key takes half a second to make.
    if (!path.startsWith(CERTIFICATE)) return undefined;
    return [this.chain, this.#foreign].find((chain) => chain && pathOf(chain) === path)?.leaf.pem;
  }

  subscribe(arn: string, endpoint: string): void {
    this.addSubscription(this.require(arn), endpoint).isConfirmed = true;
  }

  stop(): void {
    this.#delivery.stop();
  }

  publish(publication: Publication): string {
    const topic = this.require(publication.topicArn);
    const messageId = publication.messageId ?? this.#uuid();
    const { tamper } = publication;
    const signer = tamper === "foreign-certificate" ? this.#foreignSigner(topic) : this.#signer(topic);
    for (const subscription of topic.subscriptions.filter(({ isConfirmed }) => isConfirmed)) {
      const signed = signEnvelope(
        {
          ...{ Type: "Notification", MessageId: messageId, TopicArn: topic.arn },
          ...(publication.subject === undefined ? {} : { Subject: publication.subject }),
          Message: publication.message,
          Timestamp: publication.timestamp ?? this.#timestamp(),
          SignatureVersion: publication.signatureVersion ?? topic.signatureVersion,
          UnsubscribeURL: `https://sns.${topic.region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
        },
        signer,
      );
      const body = tamper === "raw" ? publication.message : JSON.stringify(falsify(signed, tamper), undefined, 2);
      this.#send(topic, subscription, { signed, body, isRaw: tamper === "raw" });
    }
    return messageId;
  }

  sendConfirmation(topic: Topic, subscription: Subscription): void {
    const { arn, region } = topic;
    const signed = signEnvelope(
      {
        ...{ Type: "SubscriptionConfirmation", MessageId: this.#uuid(), Token: subscription.token, TopicArn: arn },
        Message:
          `You have chosen to subscribe to the topic ${arn}.\n` +
          "To confirm the subscription, visit the SubscribeURL included in this message.",
        SubscribeURL: `https://sns.${region}.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${arn}&Token=${subscription.token}`,
        Timestamp: this.#timestamp(),
        SignatureVersion: topic.signatureVersion,
      },
      this.#signer(topic),
    );
    this.#send(topic, subscription, { signed, body: JSON.stringify(signed, undefined, 2), isRaw: false });
  }

  /** Somebody ends every subscription of the topic. Throws AwsError NotFound. */
  unsubscribe(arn: string): void {
    this.require(arn).subscriptions.length = 0;
  }

  /** The paths stay. What is still to be delivered goes to the new origin as well. */
  moveEndpoints(origin: string): void {
    for (const { subscriptions } of this.#topics.values())
      for (const each of subscriptions) each.endpoint = new URL(new URL(each.endpoint).pathname, origin).href;
  }

  #send(
    topic: Topic,
    subscription: Subscription,
    { signed, body, isRaw }: { readonly signed: Envelope; readonly body: string; readonly isRaw: boolean },
  ) {
    const { arn, isConfirmed } = subscription;
    this.#delivery.start({
      endpoint: () => subscription.endpoint,
      topicArn: topic.arn,
      messageId: signed.MessageId,
      headers: {
        "x-amz-sns-message-type": signed.Type,
        "x-amz-sns-message-id": signed.MessageId,
        "x-amz-sns-topic-arn": topic.arn,
        ...(isConfirmed ? { "x-amz-sns-subscription-arn": arn } : {}),
        ...(isRaw ? { "x-amz-sns-rawdelivery": "true" } : {}),
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
      },
      body,
    });
  }

  addSubscription(topic: Topic, endpoint: string): Subscription {
    const added = { arn: `${topic.arn}:${this.#uuid()}`, endpoint, token: this.#random.hex(128), isConfirmed: false };
    topic.subscriptions.push(added);
    return added;
  }

  in(region: string): Topic[] {
    return [...this.#topics.values()].filter((topic) => topic.region === region);
  }

  /** A topic only exists in the region of its ARN, which must be the region that is spoken to. */
  require(arn: string, region?: string): Topic {
    const topic = this.#topics.get(arn);
    if (!topic || (region !== undefined && topic.region !== region)) {
      throw new AwsError("NotFound", "Topic does not exist", 404);
    }
    return topic;
  }

  #signer({ region }: Topic, chain = this.chain): Signer {
    return { key: chain.leaf.privateKey, certificateUrl: `https://sns.${region}.amazonaws.com${pathOf(chain)}` };
  }

  #foreignSigner(topic: Topic): Signer {
    this.#foreign ??= issueChain("Some Other CA", "sns.amazonaws.com", this.#validity());
    return this.#signer(topic, this.#foreign);
  }

  /** Covers world and machine time, whichever of them a receiver checks by. */
  #validity() {
    const times = [this.#world.clock.now(), Date.now()];
    return { from: new Date(Math.min(...times) - YEAR_MS), to: new Date(Math.max(...times) + 5 * YEAR_MS) };
  }

  #timestamp(): string {
    return new Date(this.#world.clock.now()).toISOString();
  }

  #uuid(): string {
    const hex = this.#random.hex(32);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
}

const CERTIFICATE = "/SimpleNotificationService-";

function pathOf({ leaf }: CertificateChain): string {
  return `${CERTIFICATE}${createHash("md5").update(leaf.pem).digest("hex")}.pem`;
}

function falsify(signed: Envelope, tamper: Tamper | undefined): Envelope {
  switch (tamper) {
    case "message":
      return { ...signed, Message: `${signed.Message} ` };
    case "signature":
      return { ...signed, Signature: Buffer.alloc(256, 7).toString("base64") };
    case "certificate-url": {
      const { pathname } = new URL(signed.SigningCertURL);
      return { ...signed, SigningCertURL: `https://sns.us-east-1.amazonaws.com.attacker.example${pathname}` };
    }
    case "foreign-certificate":
    case "raw":
    case undefined:
      return signed;
  }
}
