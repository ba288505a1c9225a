import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { chainOf } from "../../domain/errors.ts";
import type { Logger } from "../../ports/logger.ts";
import { certificatesIn, faultOf, issuerUrlOf, LONGEST_CHAIN, type Refusal } from "./sns-signature.ts";

/** Machine time, bytes. */
const FETCH_TIMEOUT_MS = 3_000;
const LARGEST_BYTES = 16 * 1_024;
const MOST_REMEMBERED = 32;
/** Forged messages must not make us knock at Amazon's door without end. */
const MOST_FETCHES_AT_ONCE = 4;

/** PEM text at this URL. Throws where there is none to be had now. */
export type FetchCertificate = (url: string) => Promise<string>;

export interface CertificateOptions {
  /** Default: `fetchCertificate()`. */
  readonly fetchCertificate?: FetchCertificate;
  /** PEM texts of the authorities in place of Amazon's roots; for a rehearsal against a world with its own. */
  readonly authorities?: readonly string[];
  readonly logger: Logger;
}

/**
 * The default: 3 s, 16 KB, no redirect, 200 only; a DER answer becomes PEM. `origin` diverts every request to a world
 * of our own, path unchanged.
 */
export function certificateFetcher(origin?: string, send = fetch): FetchCertificate {
  return async (url) => {
    const address = origin === undefined ? url : new URL(new URL(url).pathname, origin).href;
    const response = await send(address, { redirect: "error", signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`The certificate's host answered ${response.status}`);
    }
    const body = await readAtMost(response, LARGEST_BYTES);
    const text = body.toString("latin1");
    return text.includes("-----BEGIN") ? text : new X509Certificate(body).toString();
  };
}

async function readAtMost(response: Response, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > most) throw new Error(`The certificate is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];
type CertificateRefusal = Extract<Refusal, `certificate-${string}`>;

/** Certificates by URL, the least recently used forgotten; whether they are trusted is asked anew each time, as dates pass. */
export class Certificates {
  readonly #fetch: FetchCertificate;
  readonly #authorities: readonly X509Certificate[];
  readonly #logger: Logger;
  readonly #known = new Map<string, Chain>();
  readonly #underWay = new Map<string, Promise<Chain | CertificateRefusal>>();

  constructor({ fetchCertificate = certificateFetcher(), authorities, logger }: CertificateOptions) {
    this.#fetch = fetchCertificate;
    this.#logger = logger;
    this.#authorities = authorities ? authorities.flatMap((pem) => certificatesIn(pem)) : amazonRoots();
  }

  /** The certificate at this URL if it may sign for SNS now, else why not. Never rejects. */
  async trusted(url: string, nowMs: number): Promise<X509Certificate | CertificateRefusal> {
    const chain = await this.#get(url);
    if (typeof chain === "string") return chain;
    const [leaf, ...intermediates] = chain;
    const trust = { authorities: this.#authorities, nowMs };
    const fault = faultOf(leaf, { ...trust, intermediates });
    const issuerUrl = fault === "certificate-untrusted" ? issuerUrlOf(intermediates.at(-1) ?? leaf) : undefined;
    if (issuerUrl === undefined) return fault ?? leaf;
    const issuers = await this.#get(issuerUrl);
    if (typeof issuers === "string") return issuers;
    return faultOf(leaf, { ...trust, intermediates: [...intermediates, ...issuers] }) ?? leaf;
  }

  async #get(url: string): Promise<Chain | CertificateRefusal> {
    const known = this.#known.get(url);
    if (known) {
      // Deleting first makes it the most recent in the map's order.
      this.#known.delete(url);
      this.#known.set(url, known);
      return known;
    }
    const shared = this.#underWay.get(url);
    if (shared !== undefined) return shared;
    if (this.#underWay.size >= MOST_FETCHES_AT_ONCE) return "certificate-unavailable";
    const loading = this.#load(url).finally(() => this.#underWay.delete(url));
    this.#underWay.set(url, loading);
    return loading;
  }

  async #load(url: string): Promise<Chain | CertificateRefusal> {
    let refusal: CertificateRefusal = "certificate-unavailable";
    try {
      const pem = await this.#fetch(url);
      refusal = "certificate-invalid";
      const chain = certificatesIn(pem, LONGEST_CHAIN);
      this.#known.set(url, chain);
      const [oldest] = this.#known.keys();
      if (this.#known.size > MOST_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
      return chain;
    } catch (error) {
      this.#logger.debug({ url, error: chainOf(error) }, "A signing certificate could not be had");
      return refusal;
    }
  }
}

/** Of the roots that come with Node, those that Amazon's certificates lead to. */
function amazonRoots(): X509Certificate[] {
  return rootCertificates
    .map((pem) => new X509Certificate(pem))
    .filter(({ subject }) =>
      /^CN=(?:Amazon Root CA|Starfield (?:Services )?Root Certificate Authority)/m.test(subject),
    );
}
