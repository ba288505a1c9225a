import type { HealthVerdict, WriteVerdict } from "../domain/service/health.ts";

/** Addresses of IPv4, or of IPv6. */
export const FAMILIES = ["A", "AAAA"] as const;
export type Family = (typeof FAMILIES)[number];

/** What a resolver or name server answers for a name. */
export interface DnsAnswer {
  readonly server: string;
  /** Addresses, or CNAME targets where the chain ends in one; empty when there is none. */
  readonly values: readonly string[];
  readonly ttlSeconds: number;
  readonly error?: string;
}

/** Measuring the way users and applications do: over HTTP and DNS, never through the cloud's API. */
export interface Probe {
  /** POSTs to a write check; anything but its two agreed answers is unknown. */
  writeCheck(url: string, signal?: AbortSignal): Promise<WriteVerdict>;
  /**
   * The same over the session that the check has kept open since an earlier call (`?session=kept`). Refused: that session is
   * lost, and no new one can be opened. Everything else but a write that succeeds is unknown.
   */
  writeOverKept(url: string, signal?: AbortSignal): Promise<WriteVerdict>;
  /** GETs a URL by public DNS, or straight at the load balancer `via` with the URL's own host as Host header and SNI. */
  health(url: string, options?: { via?: string; signal?: AbortSignal }): Promise<HealthVerdict>;
  /** Asks each resolver that users may have. Without a family: IPv4 where there is any, else IPv6. */
  resolve(name: string, signal?: AbortSignal, family?: Family): Promise<readonly DnsAnswer[]>;
  /** Asks the authoritative servers, around every cache. */
  resolveAuthoritative(name: string, signal?: AbortSignal, family?: Family): Promise<readonly DnsAnswer[]>;
  /** Asks them for the TXT set of a name: `values` are its texts, and no TTL is told (0). */
  texts(name: string, signal?: AbortSignal): Promise<readonly DnsAnswer[]>;
}
