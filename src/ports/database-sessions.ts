import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";

export const ENGINES = ["postgres", "mysql"] as const;
export type Engine = (typeof ENGINES)[number];

/** Where TwoKey's own connection to a database leads, and as whom. */
export interface DatabaseLogin {
  readonly region: Region;
  readonly instance: string;
  readonly engine: Engine;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Variable of the environment that holds the password. */
  readonly password: string;
  /** File with the certificates (PEM) that the server's own is checked against; it has to be one for `host`. */
  readonly caFile: string;
}

/** A session of a client: what only the engine itself keeps open, and what replicates, is none. */
export interface DatabaseSession {
  /** Number by which the engine knows it. */
  readonly id: number;
  readonly user: string;
  /** Address that it comes from; empty where the engine does not say. */
  readonly from: string;
}

/** Table of TwoKey's own in a database that it signs in to. */
export interface MarkerTable {
  readonly login: DatabaseLogin;
  /** With its schema where it needs one: letters, digits and underscores. */
  readonly table: string;
}

/** A row that shows in a replica only when all that was committed before it is there. No other row is the same. */
export interface Marker {
  readonly run: string;
  /** Number of the hold that wrote it: one that was superseded writes another row. */
  readonly epoch: number;
  /** Grows with each row of a hold: the world time at which it was written. */
  readonly number: number;
}

/** A session that the engine does not let TwoKey end. */
export interface Refused {
  readonly session: DatabaseSession;
  readonly why: string;
}

/** A connection of TwoKey's own. A rule that is revoked meanwhile does not end it. Errors: TransientError. */
export interface OwnSession {
  /** Every session of a client but this one. Throws where the account may not see them all: fewer are no proof. */
  others(signal?: AbortSignal): Promise<readonly DatabaseSession[]>;
  /**
   * Ends those of them that are open still, each whatever becomes of another one. Resolves when the engine was told, which is before
   * they are gone, to those that it refused to end.
   */
  end(sessions: readonly DatabaseSession[], signal?: AbortSignal): Promise<readonly Refused[]>;
  /** Commits the row to a table of TwoKey's own: letters, digits and underscores, with its schema where it needs one. */
  mark(table: string, marker: Marker, signal?: AbortSignal): Promise<void>;
}

/** A database as its own clients reach it, beside the API of the cloud. Unreachable, and denied, are facts. */
export interface DatabaseSessions {
  /** Signs in, counts the sessions of other clients, and leaves. Denied as well where the account may not end those. */
  count(login: DatabaseLogin, signal?: AbortSignal): Promise<Known<number>>;
  /**
   * Signs in, and stays for some minutes: asked again meanwhile, this process is in already, also where nobody new is let in. Another
   * process is not.
   */
  enter(login: DatabaseLogin, signal?: AbortSignal): Promise<Known<OwnSession>>;
  leave(login: DatabaseLogin): Promise<void>;
  /**
   * Whether the table is there, and this account may write to it, or read it. Nothing is written. Where the rows of a replica may
   * show in another order than they were committed in, reading it proves nothing, and fails.
   */
  canMark(table: MarkerTable, use: "write" | "read", signal?: AbortSignal): Promise<Known<true>>;
  /** Whether exactly this row is there. */
  isMarked(table: MarkerTable, marker: Marker, signal?: AbortSignal): Promise<Known<boolean>>;
}
