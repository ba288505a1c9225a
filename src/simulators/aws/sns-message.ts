import { type KeyObject, sign } from "node:crypto";

export type SignatureVersion = "1" | "2";

/** The JSON body of an SNS HTTP message, in the order in which SNS writes its fields. */
export interface Envelope {
  readonly Type: "Notification" | "SubscriptionConfirmation";
  readonly MessageId: string;
  readonly Token?: string;
  readonly TopicArn: string;
  readonly Subject?: string;
  readonly Message: string;
  readonly SubscribeURL?: string;
  readonly Timestamp: string;
  readonly SignatureVersion: SignatureVersion;
  readonly Signature: string;
  readonly SigningCertURL: string;
  readonly UnsubscribeURL?: string;
}

export interface Signer {
  readonly key: KeyObject;
  readonly certificateUrl: string;
}

const SIGNED_FIELDS = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const satisfies Record<Envelope["Type"], readonly (keyof Envelope)[]>;

export function signEnvelope(unsigned: Omit<Envelope, "Signature" | "SigningCertURL">, signer: Signer): Envelope {
  const { UnsubscribeURL, ...fields } = unsigned;
  const algorithm = unsigned.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256";
  const signature = sign(algorithm, Buffer.from(stringToSign(unsigned), "utf8"), signer.key).toString("base64");
  return {
    ...fields,
    Signature: signature,
    SigningCertURL: signer.certificateUrl,
    ...(UnsubscribeURL === undefined ? {} : { UnsubscribeURL }),
  };
}

/** `Name\nValue\n` for each signed field that is present. */
function stringToSign(fields: Omit<Envelope, "Signature" | "SigningCertURL">): string {
  return SIGNED_FIELDS[fields.Type]
    .flatMap((name) => (fields[name] === undefined ? [] : [`${name}\n${fields[name]}\n`]))
    .join("");
}
