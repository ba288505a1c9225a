import { createHash, generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult, sign } from "node:crypto";
import { der } from "./der.ts";

export interface Certificate {
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** A certificate, issued when it is first needed, and the authority that issues it. The authority has an elliptic key, as some of Amazon's roots do. */
export interface CertificateChain {
  readonly ca: Certificate;
  readonly leaf: Certificate;
}

interface Subject {
  readonly commonName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

const OID = {
  sha256WithEcdsa: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
};
/** keyUsage bits: keyCertSign and cRLSign; digitalSignature. */
const CA_USAGE = der.bits(Buffer.from([0b0000_0110]), 1);
const LEAF_USAGE = der.bits(Buffer.from([0b1000_0000]), 7);

/** SNS signs with RSA: the leaf has such a key. */
export function issueChain(authority: string, commonName: string, validity: Validity): CertificateChain {
  const { ca, issue } = createAuthority(authority, validity, () => rsaKeyOf(authority));
  let made: Certificate | undefined;
  return {
    ca,
    get leaf() {
      made ??= issue(commonName);
      return made;
    },
  };
}

export interface CertificateAuthority {
  readonly ca: Certificate;
  /** One for that host name. */
  readonly issue: (commonName: string) => Certificate;
}

const ellipticKey = (): KeyPairKeyObjectResult => generateKeyPairSync("ec", { namedCurve: "P-256" });

export function createAuthority(authority: string, validity: Validity, leafKey = ellipticKey): CertificateAuthority {
  const ca: Subject = { commonName: authority, ...ellipticKey() };
  return {
    ca: { pem: certify(ca, ca, { validity, isAuthority: true }), privateKey: ca.privateKey },
    issue: (commonName) => {
      const leaf: Subject = { commonName, ...leafKey() };
      return { pem: certify(leaf, ca, { validity, isAuthority: false }), privateKey: leaf.privateKey };
    },
  };
}

/** One for each authority in a process: each takes half a second to make, and a process may start many worlds. */
const rsaKeys = new Map<string, KeyPairKeyObjectResult>();

function rsaKeyOf(authority: string): KeyPairKeyObjectResult {
  const key = rsaKeys.get(authority) ?? generateKeyPairSync("rsa", { modulusLength: 2048 });
  rsaKeys.set(authority, key);
  return key;
}

function certify(
  subject: Subject,
  issuer: Subject,
  { validity, isAuthority }: { readonly validity: Validity; readonly isAuthority: boolean },
): string {
  const algorithm = der.sequence(der.oid(OID.sha256WithEcdsa));
  const publicKey = subject.publicKey.export({ type: "spki", format: "der" });
  const serial = createHash("sha256").update(publicKey).digest().subarray(0, 16);
  const version3 = der.explicit(0, der.integer(Buffer.from([2])));
  const body = der.sequence(
    version3,
    // A leading one keeps the serial positive and in its shortest form.
    der.integer(Buffer.concat([Buffer.from([1]), serial])),
    algorithm,
    name(issuer.commonName),
    der.sequence(der.utcTime(validity.from), der.utcTime(validity.to)),
    name(subject.commonName),
    publicKey,
    der.explicit(3, extensions(isAuthority)),
  );
  const signature = sign("SHA256", body, issuer.privateKey);
  const certificate = der.sequence(body, algorithm, der.bits(signature)).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

function name(commonName: string): Buffer {
  return der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8(commonName))));
}

function extensions(isAuthority: boolean): Buffer {
  const critical = (oid: string, value: Buffer) => der.sequence(der.oid(oid), der.boolean(true), der.octets(value));
  return der.sequence(
    critical(OID.basicConstraints, isAuthority ? der.sequence(der.boolean(true)) : der.sequence()),
    critical(OID.keyUsage, isAuthority ? CA_USAGE : LEAF_USAGE),
  );
}
