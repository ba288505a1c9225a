import type { DatabaseLogin, OwnSession } from "../../ports/database-sessions.ts";

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** What a driver needs to sign in. The certificate is checked for `login.host`, wherever that is really reached. */
export interface SignIn {
  readonly login: DatabaseLogin;
  readonly password: string;
  readonly ca: string;
  readonly to: HostAndPort;
  /** Machine time for the way in, and for each question. */
  readonly timeoutMs: number;
}

/** A session as its driver has it. */
export interface Entered extends Omit<OwnSession, "mark"> {
  /** Resolves when it is over, whoever ended it. */
  readonly ended: Promise<void>;
  /** What this account lacks to end the sessions of others; undefined: nothing. Errors: TransientError. */
  lacksToEnd(signal?: AbortSignal): Promise<string | undefined>;
  leave(): Promise<void>;
  /** Rows by the names of their columns; none for what gives none. Errors: TransientError. */
  ask(sql: string, signal?: AbortSignal): Promise<readonly unknown[]>;
}
