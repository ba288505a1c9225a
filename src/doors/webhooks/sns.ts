import { chainOf } from "../../domain/errors.ts";
import type { Signal } from "../../domain/incident/alert.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import { messageSignal, signalFrom } from "./cloudwatch-alarm.ts";
import { type CertificateOptions, Certificates } from "./sns-certificates.ts";
import { isSigned, isSigningCertUrl, type Refusal, SnsMessage } from "./sns-signature.ts";

/** World time. One hour is SNS's own retry window: older is late, and much older or not yet due is not believed. */
const LATE_AFTER_MS = 3_600_000;
const STALE_AFTER_MS = 24 * 3_600_000;
const EARLY_BY_MS = 5 * 60_000;

/**
 * What SNS is answered. It tries again after 5xx and 429 and takes any other 4xx as final, so only what may be better
 * next time is a 5xx. An authentic message that is no alarm is an alert of its own: whoever published it meant people to see it.
 */
const STATUS_OF: Readonly<Record<Refusal, 400 | 403 | 503>> = {
  "raw-delivery": 400,
  "not-json": 400,
  "not-sns": 400,
  "topic-not-allowed": 403,
  "signature-version": 403,
  "certificate-url": 403,
  stale: 403,
  "from-the-future": 403,
  "certificate-invalid": 403,
  "certificate-expired": 403,
  "certificate-subject": 403,
  "certificate-untrusted": 403,
  "signature-wrong": 403,
  "certificate-unavailable": 503,
};

export interface SnsOptions extends CertificateOptions {
  /** Asked for each message, as configuration may be loaded anew. */
  readonly policy: () => { readonly topics: readonly string[]; readonly allowsVersion1: boolean };
  readonly clock: Pick<Clock, "now">;
  /** Durable when it resolves; takes the same `id` twice without effect (72 h at least). */
  readonly enqueue: (signal: Signal) => Promise<void>;
  /** ConfirmSubscription with AuthenticateOnUnsubscribe. The SubscribeURL is never fetched. */
  readonly confirm: (topicArn: string, token: string) => Promise<void>;
  readonly logger: Logger;
}

export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export type SnsDoor = (request: WebhookRequest) => Promise<{ readonly status: 200 | 400 | 403 | 503 }>;

/** POST /webhooks/sns: verified, stored, answered. Each refusal is one log line, which never has the body in it. */
export function createSnsDoor(options: SnsOptions): SnsDoor {
  const certificates = new Certificates(options);
  return async (request) => {
    const verified = await verify(options, certificates, request);
    if ("refusal" in verified) {
      const { refusal, ...facts } = verified;
      options.logger.warn({ reason: refusal, ...facts }, "Refused an SNS message");
      return { status: STATUS_OF[refusal] };
    }
    const { message, nowMs } = verified;
    try {
      await accept(options, message, nowMs);
      return { status: 200 };
    } catch (error) {
      const facts = { messageId: message.MessageId, topic: message.TopicArn, error: chainOf(error) };
      options.logger.error(facts, "Could not keep an SNS message");
      return { status: 503 };
    }
  };
}

type Verified =
  | { readonly message: SnsMessage; readonly nowMs: number }
  | { readonly refusal: Refusal; readonly messageId?: string; readonly topic?: string };

async function verify(
  { policy, clock }: SnsOptions,
  certificates: Certificates,
  { headers, body }: WebhookRequest,
): Promise<Verified> {
  if (headers["x-amz-sns-rawdelivery"] === "true") return { refusal: "raw-delivery" };
  const json = jsonIn(body);
  if (json === undefined) return { refusal: "not-json" };
  const parsed = SnsMessage.safeParse(json);
  if (!parsed.success) return { refusal: "not-sns" };
  const message = parsed.data;
  const about = { messageId: message.MessageId, topic: message.TopicArn };
  const nowMs = clock.now();
  const refusal = claimsFault(message, policy(), nowMs);
  if (refusal) return { refusal, ...about };
  const certificate = await certificates.trusted(message.SigningCertURL, nowMs);
  if (typeof certificate === "string") return { refusal: certificate, ...about };
  return isSigned(message, certificate) ? { message, nowMs } : { refusal: "signature-wrong", ...about };
}

/** What can be refused without asking anybody: the cheap looks come first. */
function claimsFault(
  message: SnsMessage,
  policy: ReturnType<SnsOptions["policy"]>,
  nowMs: number,
): Refusal | undefined {
  const { SignatureVersion: version, TopicArn: topic } = message;
  if (!policy.topics.includes(topic)) return "topic-not-allowed";
  if (version !== "2" && !(version === "1" && policy.allowsVersion1)) return "signature-version";
  if (!isSigningCertUrl(message.SigningCertURL, topic)) return "certificate-url";
  const ageMs = nowMs - Date.parse(message.Timestamp);
  if (ageMs > STALE_AFTER_MS) return "stale";
  return ageMs < -EARLY_BY_MS ? "from-the-future" : undefined;
}

async function accept(options: SnsOptions, message: SnsMessage, nowMs: number): Promise<void> {
  const { enqueue, confirm, logger } = options;
  const { MessageId: messageId, TopicArn: topic } = message;
  const publishedAtMs = Date.parse(message.Timestamp);
  const late = nowMs - publishedAtMs > LATE_AFTER_MS;
  const arrival = { messageId, publishedAtMs, receivedAtMs: nowMs, late };
  const tell = (subject: string) => enqueue(messageSignal({ topic, subject, text: message.Message }, arrival));
  switch (message.Type) {
    case "SubscriptionConfirmation":
      await confirm(topic, message.Token);
      logger.info({ messageId, topic }, "Confirmed an SNS subscription");
      return;
    case "UnsubscribeConfirmation":
      logger.warn({ messageId, topic }, "SNS says that a subscription of ours was ended");
      // No alarm of this topic arrives any more: that is for people, not for the log.
      await tell("SNS has ended our subscription: alarms of this topic arrive no more");
      return;
    case "Notification": {
      const signal = signalFrom(message.Message, arrival);
      if (signal) await enqueue(signal);
      else await tell(message.Subject ?? "");
    }
  }
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
