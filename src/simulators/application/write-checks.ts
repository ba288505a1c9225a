import type { Peer } from "../aws/security-rules.ts";
import type { DatabaseEngine, DatabaseRef, DatabaseSession } from "../aws/service.ts";
import { type AppReply, reply } from "./application.ts";
import type { Sessions } from "./sessions.ts";

export interface WriteTry {
  /** One of the application's further databases; absent: its own. */
  readonly store?: string | undefined;
  /** `kept`: over the session that an earlier call left open, where there is one. */
  readonly session?: "kept" | undefined;
}

interface Asked extends WriteTry {
  readonly application: string;
  readonly region: string;
  readonly databaseHost: string;
  readonly instance: string | undefined;
  /** Where the function runs. */
  readonly from: Peer;
}

export interface WriteChecksDeps {
  readonly sessions: Sessions;
  readonly databases: DatabaseEngine;
  readonly nextId: () => string;
}

/**
 * The small functions that try one write on a region's own instance. Each keeps one session open beside: what it says
 * of that (`kept`, `lost`, `new`, `none`) tells whether a session of before still writes.
 */
export class WriteChecks {
  readonly #deps: WriteChecksDeps;
  readonly #kept = new Map<string, DatabaseSession>();

  constructor(deps: WriteChecksDeps) {
    this.#deps = deps;
  }

  answer(asked: Asked): AppReply {
    const { region, instance, databaseHost, session } = asked;
    const ref = instance === undefined ? this.#deps.sessions.locate(region, databaseHost) : { region, instance };
    if (!ref) return reply(503, { written: false, reason: "no-such-host", region });
    return session === "kept" ? this.#overKept(asked, ref) : this.#overNew(asked, ref);
  }

  #overNew({ from }: Asked, ref: DatabaseRef): AppReply {
    const row = this.#row();
    const outcome = this.#deps.databases.write(ref, row, from);
    return outcome.ok
      ? reply(200, { written: true, id: row.id, ...ref })
      : reply(503, { written: false, reason: outcome.reason, ...ref });
  }

  #overKept({ application, region, store = "", from }: Asked, ref: DatabaseRef): AppReply {
    const key = [application, region, store, ref.instance].join(" ");
    const kept = this.#kept.get(key);
    const row = this.#row();
    const outcome = kept && this.#deps.databases.writeOver(kept, row);
    if (outcome?.ok) return reply(200, { written: true, session: "kept", id: row.id, ...ref });
    if (outcome && outcome.reason !== "session-lost")
      return reply(503, { written: false, session: "kept", reason: outcome.reason, ...ref });
    const connected = this.#deps.databases.connect(ref, from, { user: "write-check" });
    if (!connected.ok)
      return reply(503, { written: false, session: kept ? "lost" : "none", reason: connected.reason, ...ref });
    this.#kept.set(key, connected.session);
    const first = this.#deps.databases.writeOver(connected.session, row);
    return first.ok
      ? reply(200, { written: true, session: "new", id: row.id, ...ref })
      : reply(503, { written: false, session: "new", reason: first.reason, ...ref });
  }

  #row() {
    const id = `write-check-${this.#deps.nextId()}`;
    return { id, writer: "write-check" };
  }
}
