import { verify, X509Certificate } from "node:crypto";
import { z } from "zod";

/** Why a message is not believed. Stable: they are in the log and in the table of answers. */
export type Refusal =
  | "raw-delivery"
  | "not-json"
  | "not-sns"
  | "topic-not-allowed"
  | "signature-version"
  | "certificate-url"
  | "stale"
  | "from-the-future"
  | "certificate-invalid"
  | "certificate-expired"
  | "certificate-subject"
  | "certificate-untrusted"
  | "signature-wrong"
  | "certificate-unavailable";

const Common = z.object({
  MessageId: z.string().min(1).max(128),
  TopicArn: z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/),
  Message: z.string(),
  Timestamp: z.iso.datetime(),
  SignatureVersion: z.string(),
  Signature: z.base64(),
  SigningCertURL: z.string(),
});
const Confirmation = { Token: z.string().min(1), SubscribeURL: z.string() };

export const SnsMessage = z.discriminatedUnion("Type", [
  Common.extend({ Type: z.literal("Notification"), Subject: z.string().nullish() }),
  Common.extend({ Type: z.literal("SubscriptionConfirmation"), ...Confirmation }),
  Common.extend({ Type: z.literal("UnsubscribeConfirmation"), ...Confirmation }),
]);
export type SnsMessage = z.infer<typeof SnsMessage>;

const CONFIRMATION_FIELDS = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const;
/** In this order, for the string that is signed (SNS developer guide, verifying signatures). */
const SIGNED_FIELDS: Readonly<Record<SnsMessage["Type"], readonly string[]>> = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: CONFIRMATION_FIELDS,
  UnsubscribeConfirmation: CONFIRMATION_FIELDS,
};

const ALGORITHMS: Readonly<Record<string, string>> = { "1": "RSA-SHA1", "2": "RSA-SHA256" };

/** `Name\nValue\n` for each signed field that is there. */
export function stringToSign(message: SnsMessage): string {
  const fields: Readonly<Record<string, unknown>> = message;
  return SIGNED_FIELDS[message.Type]
    .flatMap((name) => (typeof fields[name] === "string" ? [`${name}\n${fields[name]}\n`] : []))
    .join("");
}

export function isSigned(message: SnsMessage, certificate: X509Certificate): boolean {
  const algorithm = ALGORITHMS[message.SignatureVersion];
  if (algorithm === undefined || certificate.publicKey.asymmetricKeyType !== "rsa") return false;
  const signature = Buffer.from(message.Signature, "base64");
  return verify(algorithm, Buffer.from(stringToSign(message), "utf8"), certificate.publicKey, signature);
}

export function regionOf(topicArn: string): string {
  return topicArn.split(":")[3] ?? "";
}

/** Compared whole with what SNS of the topic's own region would send; nothing of the URL is left to interpretation. */
export function isSigningCertUrl(url: string, topicArn: string): boolean {
  const suffix = topicArn.startsWith("arn:aws-cn:") ? "amazonaws.com.cn" : "amazonaws.com";
  const start = `https://sns.${regionOf(topicArn)}.${suffix}/SimpleNotificationService-`;
  return url.startsWith(start) && /^[0-9a-f]{32}\.pem$/.test(url.slice(start.length));
}

/** The names that SNS's certificates carry, by region and partition (CertificateUrl hosts of aws-sdk-java-v2). */
const SUBJECT = /^sns(?:-signing)?(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/;
export const LONGEST_CHAIN = 5;
const INTERMEDIATE_URL = /^http:\/\/crt\.([a-z0-9-]+)\.amazontrust\.com\/([a-z0-9-]+)\.cer$/;

/** Certificates in a PEM text, in its order. Throws where there is none, too many, or one that cannot be read. */
export function certificatesIn(
  pem: string,
  most = Number.POSITIVE_INFINITY,
): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const [first, ...others] = blocks.map((block) => new X509Certificate(block));
  if (blocks.length > most) throw new TypeError(`There are more than ${most} certificates in it`);
  if (!first) throw new TypeError("There is no certificate in it");
  return [first, ...others];
}

/**
 * Why this certificate may not sign for SNS, or undefined. A chain has to lead to one of `authorities` by way of
 * `intermediates`, each valid at `nowMs`.
 */
export function faultOf(
  leaf: X509Certificate,
  trust: {
    readonly intermediates: readonly X509Certificate[];
    readonly authorities: readonly X509Certificate[];
    readonly nowMs: number;
  },
): Extract<Refusal, `certificate-${string}`> | undefined {
  if (!SUBJECT.test(/^CN=(.+)$/m.exec(leaf.subject)?.[1] ?? "")) return "certificate-subject";
  if (!isValidAt(leaf, trust.nowMs)) return "certificate-expired";
  let current = leaf;
  for (let depth = 0; depth < LONGEST_CHAIN; depth += 1) {
    if (trust.authorities.some((authority) => isIssuedBy(current, authority, trust.nowMs))) return undefined;
    const next = trust.intermediates.find((candidate) => isIssuedBy(current, candidate, trust.nowMs));
    if (!next) return "certificate-untrusted";
    current = next;
  }
  return "certificate-untrusted";
}

/**
 * Where the missing issuer can be had (Authority Information Access): SNS serves its certificate without the
 * intermediate that signed it. Only Amazon's own publishing hosts; plain HTTP is as good as any, since what comes is
 * believed only if an authority signed it.
 */
export function issuerUrlOf(certificate: X509Certificate): string | undefined {
  const urls = (certificate.infoAccess ?? "").matchAll(/^CA Issuers - URI:(\S+)$/gm);
  for (const [, url = ""] of urls) {
    const [, host, file] = INTERMEDIATE_URL.exec(url) ?? [];
    if (host !== undefined && host === file) return url;
  }
  return undefined;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate, nowMs: number): boolean {
  return issuer.ca && isValidAt(issuer, nowMs) && hasSigned(issuer, certificate);
}

/** Which certificates each one has signed: it never changes, and a storm asks it of one pair thousands of times. */
const SIGNED = new WeakMap<X509Certificate, WeakMap<X509Certificate, boolean>>();

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  const known = SIGNED.get(issuer) ?? new WeakMap<X509Certificate, boolean>();
  SIGNED.set(issuer, known);
  const isSignedBy =
    known.get(certificate) ?? (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  known.set(certificate, isSignedBy);
  return isSignedBy;
}

function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return Date.parse(certificate.validFrom) <= nowMs && nowMs <= Date.parse(certificate.validTo);
}
