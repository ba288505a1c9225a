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

/** A connection of TwoKey's own. A rule that is revoked meanwhile does not end it. Errors: TransientError. */
export interface OwnSession {
  /** Every session of a client but this one. Throws where the account may not see them all: fewer are no proof. */
  others(signal?: AbortSignal): Promise<readonly DatabaseSession[]>;
  /** Ends those of them that are open still. Resolves when the engine was told, which is before they are gone. */
  end(sessions: readonly DatabaseSession[], signal?: AbortSignal): Promise<void>;
}

/** A database as its own clients reach it, beside the API of the cloud. Unreachable, and denied, are facts. */
export interface DatabaseSessions {
  /** Signs in, counts the sessions of other clients, and leaves. */
  count(login: DatabaseLogin, signal?: AbortSignal): Promise<Known<number>>;
  /**
   * Signs in, and stays for some minutes: asked again meanwhile, this process is in already, also where nobody new is let in. Another
   * process is not.
   */
  enter(login: DatabaseLogin, signal?: AbortSignal): Promise<Known<OwnSession>>;
  leave(login: DatabaseLogin): Promise<void>;
}
