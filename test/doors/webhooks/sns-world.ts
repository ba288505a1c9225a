import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Signal } from "../../../src/domain/incident/alert.ts";
import { createSnsDoor, type SnsDoor, type SnsOptions } from "../../../src/doors/webhooks/sns.ts";
import { der } from "../../../src/simulators/aws/der.ts";
import { type Line, memoryLogger } from "../../harness/fakes/index.ts";

export const NOW_MS = Date.parse("2026-11-21T09:30:00.000Z");
export const REGION = "us-west-2";
export const TOPIC = `arn:aws:sns:${REGION}:111122223333:alarms`;
export const CERT_FILE = `SimpleNotificationService-${"0123456789abcdef".repeat(2)}.pem`;
export const CERT_URL = `https://sns.${REGION}.amazonaws.com/${CERT_FILE}`;
export const ISSUER_URL = "http://crt.r2m01.amazontrust.com/r2m01.cer";

const OID = {
  ...{ sha256WithRsa: "1.2.840.113549.1.1.11", commonName: "2.5.4.3", basicConstraints: "2.5.29.19" },
  ...{ authorityInfoAccess: "1.3.6.1.5.5.7.1.1", caIssuers: "1.3.6.1.5.5.7.48.2" },
};

export interface Issued {
  readonly name: string;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

export interface Wanted {
  readonly name: string;
  /** Absent: it signs itself. */
  readonly issuer?: Issued;
  readonly isAuthority?: boolean;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Where it says that its issuer can be had. */
  readonly issuerUrl?: string;
}

let serial = 0x1000;

/** A certificate made for one test. */
export function issue({ name, issuer, isAuthority = false, fromMs, toMs, issuerUrl }: Wanted): Issued {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  serial += 1;
  const algorithm = der.sequence(der.oid(OID.sha256WithRsa), der.null());
  const extensions = [
    extension(OID.basicConstraints, der.sequence(...(isAuthority ? [der.boolean(true)] : []))),
    ...(issuerUrl === undefined ? [] : [extension(OID.authorityInfoAccess, issuersAt(issuerUrl))]),
  ];
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(Buffer.from([serial >> 8, serial & 0xff])),
    algorithm,
    nameOf(issuer?.name ?? name),
    der.sequence(
      der.utcTime(new Date(fromMs ?? NOW_MS - 86_400_000)),
      der.utcTime(new Date(toMs ?? NOW_MS + 86_400_000)),
    ),
    nameOf(name),
    publicKey.export({ type: "spki", format: "der" }),
    der.explicit(3, der.sequence(...extensions)),
  );
  const signature = sign("RSA-SHA256", body, issuer?.privateKey ?? privateKey);
  const text = der.sequence(body, algorithm, der.bits(signature)).toString("base64");
  const pem = `-----BEGIN CERTIFICATE-----\n${text.replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
  return { name, pem, privateKey };
}

const nameOf = (commonName: string) =>
  der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8(commonName))));
const extension = (oid: string, value: Buffer) => der.sequence(der.oid(oid), der.octets(value));

/** One access description; the URL is a general name of kind 6, shorter than 128 characters. */
function issuersAt(url: string): Buffer {
  const address = Buffer.concat([Buffer.from([0x86, url.length]), Buffer.from(url, "latin1")]);
  return der.sequence(der.sequence(der.oid(OID.caIssuers), address));
}

export const METRIC_ALARM = {
  ...{ AlarmName: "inventory-5xx", AlarmDescription: "Too many errors", AWSAccountId: "111122223333" },
  ...{ NewStateValue: "ALARM", NewStateReason: "Threshold Crossed: 3 > 1", OldStateValue: "OK" },
  StateChangeTime: "2026-11-21T09:29:58.472+0000",
  Region: "US West (Oregon)",
  AlarmArn: `arn:aws:cloudwatch:${REGION}:111122223333:alarm:inventory-5xx`,
  Trigger: {
    ...{ MetricName: "HTTPCode_Target_5XX_Count", Namespace: "AWS/ApplicationELB", Statistic: "SUM", Threshold: 1 },
    Dimensions: [{ value: "app/inventory/1", name: "LoadBalancer" }],
  },
};

export type Fields = Readonly<Record<string, string>>;

export function notification(more: Fields = {}): Fields {
  return {
    ...{ Type: "Notification", MessageId: "m-1", TopicArn: TOPIC, Subject: "ALARM", SignatureVersion: "2" },
    Message: JSON.stringify(METRIC_ALARM),
    Timestamp: "2026-11-21T09:29:59.000Z",
    SigningCertURL: CERT_URL,
    UnsubscribeURL: `https://sns.${REGION}.amazonaws.com/?Action=Unsubscribe`,
    ...more,
  };
}

export function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

export function confirmation(more: Fields = {}): Fields {
  const rest = without(notification(), "Subject", "UnsubscribeURL");
  const subscribe = `https://sns.${REGION}.amazonaws.com/?Action=ConfirmSubscription&Token=t-1`;
  return { ...rest, Type: "SubscriptionConfirmation", Token: "t-1", SubscribeURL: subscribe, ...more };
}

/** Written down apart from the code under test, from the SNS developer guide. */
const SIGNED = {
  notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  confirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
};

export function signed(fields: Fields, { privateKey }: Issued): Fields {
  const names = fields["Type"] === "Notification" ? SIGNED.notification : SIGNED.confirmation;
  const text = names.map((name) => (fields[name] === undefined ? "" : `${name}\n${fields[name]}\n`)).join("");
  const algorithm = fields["SignatureVersion"] === "1" ? "RSA-SHA1" : "RSA-SHA256";
  return { ...fields, Signature: sign(algorithm, Buffer.from(text), privateKey).toString("base64") };
}

export interface SnsDesk {
  readonly door: SnsDoor;
  readonly signals: Signal[];
  readonly confirmed: string[];
  readonly fetched: string[];
  readonly lines: readonly Line[];
  /** Posts these fields and returns the status. */
  post(fields: object | string, headers?: Record<string, string>): Promise<number>;
}

/** The door with a certificate host that serves `served` by URL. */
export function openSns(served: Readonly<Record<string, string>>, more: Partial<SnsOptions> = {}): SnsDesk {
  const { logger, lines } = memoryLogger();
  const signals: Signal[] = [];
  const confirmed: string[] = [];
  const fetched: string[] = [];
  const door = createSnsDoor({
    policy: () => ({ topics: [TOPIC], allowsVersion1: false }),
    clock: { now: () => NOW_MS },
    enqueue: async (signal) => void signals.push(signal),
    confirm: async (topicArn, token) => void confirmed.push(`${topicArn} ${token}`),
    fetchCertificate: async (url) => {
      fetched.push(url);
      const pem = served[url];
      if (pem === undefined) throw new Error("no such certificate");
      return pem;
    },
    logger,
    ...more,
  });
  return {
    ...{ door, signals, confirmed, fetched, lines },
    post: async (fields, headers = {}) => {
      const text = typeof fields === "string" ? fields : JSON.stringify(fields);
      return (await door({ headers, body: Buffer.from(text) })).status;
    },
  };
}
