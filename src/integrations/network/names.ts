import { getServers, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { brokenWay } from "../../domain/broken-way.ts";
import { messageOf } from "../../domain/errors.ts";
import type { DnsAnswer, Family } from "../../ports/probe.ts";
import { codeOf } from "./exchange.ts";

/** Resolvers of the public that users are behind. */
const PUBLIC_RESOLVERS = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
/** Tries of one server within the time-out. */
const TRIES = 1;

export interface NamesOptions {
  /** `address` or `address:port`; absent: public resolvers and this machine's own. */
  readonly dnsServers?: readonly string[] | undefined;
  /** As above; absent: the name servers of the zone, as the resolvers know them. */
  readonly authoritativeServers?: readonly string[] | undefined;
  /** Machine time. */
  readonly timeoutMs: number;
}

interface Question {
  readonly name: string;
  /** Undefined: IPv4 where there is any, else IPv6. */
  readonly family?: Family | undefined;
}

/** Questions to DNS servers, each asked by itself; a server's failure is part of its answer. */
export class Names {
  readonly #options: NamesOptions;

  constructor(options: NamesOptions) {
    this.#options = options;
  }

  /** The answer of every resolver that users may have. */
  async resolve(question: Question, signal?: AbortSignal): Promise<DnsAnswer[]> {
    return await Promise.all(this.#resolvers().map((server) => this.#ask(server, question, signal)));
  }

  /** The answers of the servers that hold the zone; one answer with an error where they cannot be found. */
  resolveAuthoritative(question: Question, signal?: AbortSignal): Promise<DnsAnswer[]> {
    return this.#ofZone(question.name, signal, (server) => this.#ask(server, question, signal));
  }

  /** The same of the texts of a name. */
  texts(name: string, signal?: AbortSignal): Promise<DnsAnswer[]> {
    return this.#ofZone(name, signal, (server) => this.#askTexts(server, name, signal));
  }

  async #ofZone(name: string, signal: AbortSignal | undefined, ask: (server: string) => Promise<DnsAnswer>) {
    const servers = this.#options.authoritativeServers ?? (await this.#nameServersOf(name, signal));
    if (servers.length > 0) return await Promise.all(servers.map(ask));
    return [{ server: "authoritative", values: [], ttlSeconds: 0, error: `No name servers found for ${name}` }];
  }

  /** An address of the host, by whichever resolver knows one first. Throws Error with what the resolvers said. */
  async addressOf(host: string, signal?: AbortSignal): Promise<string> {
    if (isIP(host) !== 0) return host;
    const asked = this.#resolvers().map(async (server) => {
      const { values, error } = await this.#ask(server, { name: host }, signal);
      const address = values.find((value) => isIP(value) !== 0);
      if (address === undefined) throw new Error(`${server}: ${brokenWay(error) ?? "no address"}`);
      return address;
    });
    try {
      return await Promise.any(asked);
    } catch (error) {
      signal?.throwIfAborted();
      const reasons = error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : messageOf(error);
      throw new Error(`${host} has no address (${reasons})`, { cause: error });
    }
  }

  #resolvers(): readonly string[] {
    return this.#options.dnsServers ?? [...new Set([...PUBLIC_RESOLVERS, ...getServers()])];
  }

  /**
   * Addresses at the end of the CNAME chain with the chain's shortest TTL; else, unless only IPv6 was asked for, the CNAME
   * itself, of which this resolver tells no TTL: 0.
   */
  async #ask(server: string, { name, family }: Question, signal?: AbortSignal): Promise<DnsAnswer> {
    try {
      const addresses = await this.#with(server, signal, async (resolver) => {
        const v4 = family === "AAAA" ? [] : await unlessEmpty(resolver.resolve4(name, { ttl: true }));
        if (v4.length > 0 || family === "A") return v4;
        return await unlessEmpty(resolver.resolve6(name, { ttl: true }));
      });
      if (addresses.length > 0) {
        const values = addresses.map(({ address }) => address).toSorted();
        return { server, values, ttlSeconds: Math.min(...addresses.map(({ ttl }) => ttl)) };
      }
      if (family === "AAAA") return { server, values: [], ttlSeconds: 0 };
      const targets = await this.#with(server, signal, (resolver) => unlessEmpty(resolver.resolveCname(name)));
      return { server, values: targets.map((target) => target.replace(/\.$/, "").toLowerCase()), ttlSeconds: 0 };
    } catch (error) {
      signal?.throwIfAborted();
      return { server, values: [], ttlSeconds: 0, error: codeOf(error) ?? messageOf(error) };
    }
  }

  async #askTexts(server: string, name: string, signal?: AbortSignal): Promise<DnsAnswer> {
    try {
      const texts = await this.#with(server, signal, (resolver) => unlessEmpty(resolver.resolveTxt(name)));
      return { server, values: texts.map((parts) => parts.join("")), ttlSeconds: 0 };
    } catch (error) {
      signal?.throwIfAborted();
      return { server, values: [], ttlSeconds: 0, error: codeOf(error) ?? messageOf(error) };
    }
  }

  async #nameServersOf(name: string, signal?: AbortSignal): Promise<string[]> {
    for (let zone = name; zone.includes("."); zone = zone.slice(zone.indexOf(".") + 1)) {
      const found = await this.#anyResolver(signal, (resolver) => resolver.resolveNs(zone));
      if (!found) continue;
      const addresses = await Promise.all(found.map((host) => this.addressOf(host, signal).catch(() => [])));
      signal?.throwIfAborted();
      return addresses.flat();
    }
    return [];
  }

  async #anyResolver<T>(signal: AbortSignal | undefined, ask: (resolver: Resolver) => Promise<T>) {
    const asked = this.#resolvers().map((server) => this.#with(server, signal, ask));
    return await Promise.any(asked).catch(() => {
      signal?.throwIfAborted();
      return undefined;
    });
  }

  async #with<T>(server: string, signal: AbortSignal | undefined, ask: (resolver: Resolver) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const resolver = new Resolver({ timeout: this.#options.timeoutMs, tries: TRIES });
    resolver.setServers([server]);
    const cancel = () => resolver.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await ask(resolver);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }
}

/** A name without records of one type may have others; c-ares reports the first as an error. */
async function unlessEmpty<T>(asked: Promise<T[]>): Promise<T[]> {
  try {
    return await asked;
  } catch (error) {
    if (codeOf(error) === "ENODATA") return [];
    throw error;
  }
}
