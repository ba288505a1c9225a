import type { Peer } from "../aws/security-rules.ts";
import type { DatabaseEngine, DatabaseRef, DatabaseSession, Row, WriteOutcome } from "../aws/service.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { World } from "../world/world.ts";

export interface Client {
  /** A task, or a machine. */
  readonly id: string;
  readonly region: string;
  /** Its place in the network. */
  readonly from: Peer;
}

export interface SessionsDeps {
  readonly databases: DatabaseEngine;
  /** The resolver inside a region's network. */
  readonly resolverOf: (region: string) => Resolver;
}

export interface Write {
  /** Host name through which the client finds the database. */
  readonly host: string;
  readonly row: Row;
  /** World milliseconds after which a session is closed, and the name is looked up again. */
  readonly keptMs: number;
}

export interface Written {
  readonly ref: DatabaseRef | undefined;
  readonly outcome: WriteOutcome;
}

/** Sessions of clients that nobody asks any more are forgotten once there are so many. */
const MOST_SESSIONS = 1_000;

/**
 * The connection pools of the applications. A session is kept for its time, wherever the name leads meanwhile, and whatever
 * rule is revoked: that is how a side that looks closed goes on writing.
 */
export class Sessions {
  readonly #world: World;
  readonly #deps: SessionsDeps;
  readonly #open = new Map<string, DatabaseSession & { readonly untilMs: number }>();

  constructor(world: World, deps: SessionsDeps) {
    this.#world = world;
    this.#deps = deps;
  }

  write(client: Client, { host, row, keptMs }: Write): Written {
    const key = `${client.id} ${host}`;
    const kept = this.#open.get(key);
    if (kept && this.#world.clock.now() < kept.untilMs) {
      const outcome = this.#over(client, kept, row);
      // A pool hands out what still answers; a session that was cut is replaced by a new one.
      if (outcome.ok || outcome.reason === "read-only") return { ref: kept.ref, outcome };
    }
    this.#open.delete(key);
    if (kept) this.#deps.databases.end(kept);
    const ref = this.locate(client.region, host);
    if (!ref) return { ref, outcome: { ok: false, reason: "no-such-host" } };
    const untilMs = this.#world.clock.now() + keptMs;
    const connected = this.#connect(client, ref, untilMs);
    if (!connected.ok) return { ref, outcome: connected };
    this.#keep(key, { ...connected.session, untilMs });
    return { ref, outcome: this.#over(client, connected.session, row) };
  }

  /** The instance behind the host name, through the region's resolver and its cache. */
  locate(region: string, host: string): DatabaseRef | undefined {
    const { status, finalName } = this.#deps.resolverOf(region).resolve(host);
    return status === "found" ? this.#deps.databases.locate(finalName.replace(/\.$/, "")) : undefined;
  }

  #connect(client: Client, ref: DatabaseRef, untilMs: number) {
    return this.#cut(client, ref) ?? this.#deps.databases.connect(ref, client.from, { user: "application", untilMs });
  }

  #over(client: Client, session: DatabaseSession, row: Row): WriteOutcome {
    return this.#cut(client, session.ref) ?? this.#deps.databases.writeOver(session, row);
  }

  /** A database in another region is out of reach while either region is. */
  #cut({ region }: Client, ref: DatabaseRef) {
    const { regions } = this.#world;
    const isCut = region !== ref.region && (regions.isUnreachable(region) || regions.isUnreachable(ref.region));
    return isCut ? ({ ok: false, reason: "unreachable" } as const) : undefined;
  }

  #keep(key: string, session: DatabaseSession & { readonly untilMs: number }): void {
    if (this.#open.size >= MOST_SESSIONS) {
      const nowMs = this.#world.clock.now();
      for (const [old, { untilMs }] of this.#open) if (untilMs <= nowMs) this.#open.delete(old);
    }
    this.#open.set(key, session);
  }
}
