import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Peer } from "../aws/security-rules.ts";
import type { DatabaseEngine, DatabaseRef, DatabaseSession } from "../aws/service.ts";
import type { World } from "../world/world.ts";
import { type ClientMessage, ClientMessages, SERVER, type Table } from "./wire.ts";

export interface SessionDeps {
  readonly engine: DatabaseEngine;
  readonly ref: DatabaseRef;
  readonly mayEnter: (password: string) => boolean;
  readonly mayEnd: () => boolean;
  /** The same connection, behind TLS. */
  readonly upgrade: () => Duplex;
}

/** Where these clients stand in the network: a group that lets its own network in lets them in too. */
const CLIENT: Peer = { address: "10.0.0.10", groups: [] };
const MARKER =
  /^(insert into \w+|select count\(\*\) as found from \w+ where) \(run_id, epoch, number\) (?:values|=) \((.+)\)$/;
const ORDER = /^insert into orders \(id\) values \('([\w-]+)'\)$/;
const ENDS = /pg_terminate_backend\((\d+)\)/;
const SESSIONS = ["pid", "user", "from", "kind"];

/**
 * One client of a simulated instance. What the network does not let through is silent, as a connection is that no rule lets in; a
 * session that was ended is closed.
 */
export class PostgresSession {
  readonly #world: World;
  readonly #deps: SessionDeps;
  readonly #messages = new ClientMessages();
  #out: Duplex | undefined;
  #user = "";
  #session: DatabaseSession | undefined;

  constructor(world: World, deps: SessionDeps) {
    this.#world = world;
    this.#deps = deps;
  }

  serve(socket: Socket): void {
    this.#out = socket;
    socket.on("data", (chunk: Buffer) => this.#heard(chunk));
    socket.on("close", () => {
      if (this.#session) this.#deps.engine.end(this.#session);
    });
  }

  #heard(chunk: Buffer): void {
    if (this.#world.regions.isUnreachable(this.#deps.ref.region) || (!this.#session && !this.#isLetIn())) return;
    try {
      for (const message of this.#messages.push(chunk)) this.#answer(message);
    } catch {
      this.#out?.destroy();
    }
  }

  #isLetIn(): boolean {
    const { engine, ref } = this.#deps;
    const tried = engine.connect(ref, CLIENT, { user: "nobody yet" });
    if (tried.ok) engine.end(tried.session);
    return tried.ok || tried.reason === "restarting";
  }

  #answer(message: ClientMessage): void {
    switch (message.kind) {
      case "ssl-request":
        this.#secure();
        break;
      case "startup":
        this.#user = message.user;
        this.#out?.write(SERVER.wantsPassword());
        break;
      case "password":
        this.#signIn(message.text);
        break;
      case "query":
        this.#query(message.text);
        break;
      case "terminate":
        this.#out?.end();
    }
  }

  #secure(): void {
    const plain = this.#out;
    plain?.removeAllListeners("data");
    plain?.write(SERVER.speaksTls());
    const secured = this.#deps.upgrade();
    secured.on("data", (chunk: Buffer) => this.#heard(chunk));
    this.#out = secured;
  }

  #signIn(password: string): void {
    const { engine, ref } = this.#deps;
    if (!this.#deps.mayEnter(password)) {
      const message = `password authentication failed for user "${this.#user}"`;
      this.#out?.end(SERVER.ends({ code: "28P01", message }));
      return;
    }
    const connected = engine.connect(ref, CLIENT, { user: this.#user, onEnded: () => this.#ended() });
    if (connected.ok) {
      this.#session = connected.session;
      this.#out?.write(SERVER.signedIn(connected.session.id));
    } else if (connected.reason === "restarting") {
      this.#out?.end(SERVER.ends({ code: "57P03", message: "the database system is starting up" }));
    }
  }

  #ended(): void {
    const message = "terminating connection due to administrator command";
    if (this.#out?.writable) this.#out.end(SERVER.ends({ code: "57P01", message }));
  }

  #query(asked: string): void {
    const { engine, ref } = this.#deps;
    const own = this.#session;
    if (!own || !engine.openOn(ref).some(({ id }) => id === own.id)) {
      this.#ended();
      return;
    }
    if (ENDS.test(asked) && !this.#deps.mayEnd()) {
      this.#out?.write(SERVER.refuses({ code: "42501", message: "permission denied to terminate process" }));
      return;
    }
    const answer = this.#table(asked, own) ?? this.#marker(asked, own) ?? this.#order(asked, own);
    if (answer === "read-only") {
      this.#out?.write(SERVER.refuses({ code: "25006", message: "cannot execute INSERT in a read-only transaction" }));
      return;
    }
    const message = "the simulated PostgreSQL knows its sessions, orders and marker rows, and no other table";
    this.#out?.write(answer ? SERVER.table(answer) : SERVER.refuses({ code: "42P01", message }));
  }

  /** Rows of a table of the client's own: they follow to replicas like every other one. */
  #marker(asked: string, own: DatabaseSession): Table | "read-only" | undefined {
    const { engine, ref } = this.#deps;
    if (/^(explain insert into \w+ |commit$)/.test(asked)) return { columns: [], rows: [] };
    const [, verb, row] = MARKER.exec(asked) ?? [];
    if (row === undefined) return undefined;
    const id = `marker ${row}`;
    if (verb?.startsWith("select")) return { columns: ["found"], rows: [[engine.rows(ref).has(id) ? "1" : "0"]] };
    const written = engine.writeOver(own, { id, writer: this.#user });
    this.#world.log.append("rds.marker", { region: ref.region, instance: ref.instance, row, ...written });
    return written.ok ? { columns: [], rows: [] } : "read-only";
  }

  /** What a program beside the application writes: nobody stops it, and nobody sees it but by its session. */
  #order(asked: string, own: DatabaseSession): Table | "read-only" | undefined {
    const id = ORDER.exec(asked)?.[1];
    if (id === undefined) return undefined;
    const written = this.#deps.engine.writeOver(own, { id, writer: this.#user });
    return written.ok ? { columns: [], rows: [] } : "read-only";
  }

  #table(asked: string, own: DatabaseSession): Table | undefined {
    const { engine, ref } = this.#deps;
    const ended = ENDS.exec(asked)?.[1];
    if (ended !== undefined) {
      engine.end({ ref, id: Number(ended) });
      this.#world.log.append("rds.session-ended", { region: ref.region, instance: ref.instance, pid: Number(ended) });
      return { columns: ["pg_terminate_backend"], rows: [["t"]] };
    }
    if (asked.includes("'pg_signal_backend'")) return { columns: ["may"], rows: [[this.#deps.mayEnd() ? "t" : "f"]] };
    if (!asked.includes("pg_stat_activity")) return undefined;
    const others = engine.openOn(ref).filter(({ id }) => id !== own.id);
    return { columns: SESSIONS, rows: others.map(({ id, user, from }) => [String(id), user, from, "client backend"]) };
  }
}
