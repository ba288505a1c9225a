import type { WorldClock } from "../world/clock.ts";
import type { Authority, DnsStep } from "./authority.ts";
import { canonicalName } from "./names.ts";
import type { Place } from "./places.ts";

export interface ResolvedRecord {
  readonly name: string;
  readonly type: string;
  /** What is left of the record's life, world seconds rounded up. */
  readonly ttlSeconds: number;
  readonly value: string;
}

export interface Resolution {
  readonly status: "found" | "no-data" | "no-such-name" | "failed";
  /** The CNAME chain in order, then the records asked for. */
  readonly records: readonly ResolvedRecord[];
  /** The name at the end of the chain. */
  readonly finalName: string;
  /** Zone of the last step, for the SOA of a negative answer. */
  readonly zone: string | undefined;
  readonly ttlSeconds: number;
}

export interface Resolver {
  resolve(name: string, type?: string): Resolution;
}

const MAX_CHAIN = 8;

/**
 * A resolver whose cache keeps every step for exactly its TTL in world time. Steps with TTL 0 are not kept. `place`: where it stands,
 * for name servers that answer by that; absent: the usual one.
 */
export function createResolver(clock: WorldClock, authority: Authority, place?: Place): Resolver {
  const cache = new Map<string, { step: DnsStep; expiresMs: number }>();

  const ask = (name: string, type: string): { step: DnsStep; ttlSeconds: number } => {
    const key = `${name} ${type}`;
    const now = clock.now();
    const held = cache.get(key);
    if (held && now < held.expiresMs) {
      return { step: held.step, ttlSeconds: Math.ceil((held.expiresMs - now) / 1_000) };
    }
    const step = authority.ask(name, type, place);
    const ttlSeconds = step.kind === "no-zone" ? 0 : step.ttlSeconds;
    if (ttlSeconds > 0) cache.set(key, { step, expiresMs: now + ttlSeconds * 1_000 });
    else cache.delete(key);
    return { step, ttlSeconds };
  };
  return { resolve: (name, type = "A") => follow(canonicalName(name), type, ask) };
}

/** A resolution without any cache; it stops at the border of the first zone, as a name server does. */
export function askAuthority(authority: Authority, rawName: string, type: string): Resolution {
  const name = canonicalName(rawName);
  const home = authority.ask(name, type);
  const zone = home.kind === "no-zone" ? undefined : home.zone;
  return follow(name, type, (next, wanted) => {
    const step = next === name ? home : authority.ask(next, wanted);
    const isForeign = step.kind !== "no-zone" && step.zone !== zone;
    return isForeign ? { step: { kind: "no-zone" }, ttlSeconds: 0 } : { step, ttlSeconds: lifeOf(step) };
  });
}

function lifeOf(step: DnsStep): number {
  return step.kind === "no-zone" ? 0 : step.ttlSeconds;
}

function follow(
  start: string,
  type: string,
  ask: (name: string, type: string) => { step: DnsStep; ttlSeconds: number },
): Resolution {
  const records: ResolvedRecord[] = [];
  let name = start;
  for (let hop = 0; hop < MAX_CHAIN; hop++) {
    const { step, ttlSeconds } = ask(name, type);
    switch (step.kind) {
      case "records": {
        records.push(...step.values.map((value) => ({ name, type, ttlSeconds, value })));
        return { status: "found", records, finalName: name, zone: step.zone, ttlSeconds };
      }
      case "cname":
        records.push({ name, type: "CNAME", ttlSeconds, value: step.target });
        if (type === "CNAME") return { status: "found", records, finalName: name, zone: step.zone, ttlSeconds };
        name = step.target;
        break;
      case "empty": {
        const status = step.nameExists ? "no-data" : "no-such-name";
        return { status, records, finalName: name, zone: step.zone, ttlSeconds };
      }
      case "no-zone":
        return { status: "failed", records, finalName: name, zone: undefined, ttlSeconds: 0 };
    }
  }
  return { status: "failed", records, finalName: name, zone: undefined, ttlSeconds: 0 };
}
