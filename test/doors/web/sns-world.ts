import { createSign, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Signal } from "../../../src/domain/alert.ts";
import { createSnsDoor, type SnsDoor, type SnsOptions } from "../../../src/doors/web/sns.ts";
import { type Line, memoryLogger } from "../../contracts/slack/memory-logger.ts";

export const NOW_MS = Date.parse("2026-11-21T09:30:00.000Z");
export const TOPIC = "arn:aws:sns:us-west-2:111122223333:alarms";
export const CERT_URL = `https://sns.us-west-2.amazonaws.com/SimpleNotificationService-${"0123456789abcdef".repeat(2)}.pem`;
const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2_048 };

export interface Issued {
  readonly pem: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

export interface Wanted {
  readonly name: string;
  readonly issuer?: Issued;
  readonly isAuthority?: boolean;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly issuerUrl?: string;
}

let serial = 1;

/** A certificate made for one test; without an issuer it signs itself. */
export async function issue(wanted: Wanted): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { issuer, isAuthority = false } = wanted;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: String(++serial).padStart(4, "0"),
    subject: `CN=${wanted.name}`,
    issuer: issuer ? issuer.certificate.subject : `CN=${wanted.name}`,
    notBefore: new Date(wanted.fromMs ?? NOW_MS - 86_400_000),
    notAfter: new Date(wanted.toMs ?? NOW_MS + 86_400_000),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: (issuer ?? { keys }).keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      ...(wanted.issuerUrl === undefined
        ? []
        : [new x509.AuthorityInfoAccessExtension({ caIssuers: [new x509.GeneralName("url", wanted.issuerUrl)] })]),
    ],
  });
  return { pem: certificate.toString("pem"), certificate, keys };
}
