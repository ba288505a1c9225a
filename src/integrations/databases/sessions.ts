import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { isOurs, messageOf, TransientError } from "../../domain/errors.ts";
import { askWith, type Reception, type Secret } from "../../domain/secret.ts";
import type { Known } from "../../domain/service/observed.ts";
import { sayUnreadFile } from "../../domain/unread-file.ts";
import type { DatabaseLogin, DatabaseSessions, Engine, OwnSession, Refused } from "../../ports/database-sessions.ts";
import type { Guard } from "../../ports/guard.ts";
import { isThere, needCommitOrder, tryReading, tryWriting, write } from "./marker.ts";
import { enterMysql } from "./mysql.ts";
import { enterPostgres } from "./postgres.ts";
import type { Entered, HostAndPort, SignIn } from "./sign-in.ts";
import { sayDatabase } from "./words.ts";

export interface SessionsOptions {
  /** Passwords by the variable that holds them. */
  readonly passwords: Readonly<Record<string, Secret>>;
  /** Where a host name is really reached, for rehearsals: no other one is reached at all then. */
  readonly connect?: ReadonlyMap<string, HostAndPort> | undefined;
  readonly now: () => number;
  /** Machine time; absent: 5 s. */
  readonly timeoutMs?: number | undefined;
  /** Machine time for which one that was entered stays; absent: 15 min. */
  readonly keptMs?: number | undefined;
}

const TIMEOUT_MS = 5_000;

const DRIVERS: Readonly<Record<Engine, (signIn: SignIn) => Promise<Entered>>> = {
  postgres: enterPostgres,
  mysql: enterMysql,
};

/** Errors by which a server says that it knows this client and lets it in no further. */
const DENIED: ReadonlySet<string> = new Set([
  // PostgreSQL: invalid authorization, invalid password, insufficient privilege, no such database.
  ...["28000", "28P01", "42501", "3D000"],
  ...["ER_ACCESS_DENIED_ERROR", "ER_DBACCESS_DENIED_ERROR", "ER_BAD_DB_ERROR", "ER_HOST_NOT_PRIVILEGED"],
]);

/** Machine time: a fence that is tried again has taken that long, and nobody comes back after it. */
const KEPT_MS = 15 * 60_000;

/** Signs in to PostgreSQL and MySQL over TLS, with the certificate of the server checked. */
export function databaseSessions(options: SessionsOptions): DatabaseSessions & { close(): Promise<void> } {
  const kept = new Map<string, Entered>();
  const leave = async (key: string) => {
    const own = kept.get(key);
    kept.delete(key);
    await own?.leave();
  };
  return {
    async enter(login, signal) {
      const key = keyOf(login);
      const before = kept.get(key);
      if (before) return { known: true, value: ownOf(before), atMs: options.now() };
      const own = await entered(login, options, signal);
      if (!own.known) return own;
      kept.set(key, own.value);
      // One that the server has ended is of no use to a further try.
      void own.value.ended.then(() => kept.get(key) === own.value && kept.delete(key));
      const tooLate = setTimeout(() => void leave(key), options.keptMs ?? KEPT_MS).unref();
      void own.value.ended.then(() => clearTimeout(tooLate));
      return { ...own, value: ownOf(own.value) };
    },
    ...looksIn(options),
    leave: (login) => leave(keyOf(login)),
    close: async () => {
      for (const key of [...kept.keys()]) await leave(key);
    },
  };
}

const ownOf = (own: Entered): OwnSession => ({
  others: own.others,
  end: own.end,
  mark: (table, marker, signal) => write(own, { table, marker }, signal),
});

interface Asking<T> {
  readonly login: DatabaseLogin;
  ask(own: Entered): Promise<T>;
  readonly signal: AbortSignal | undefined;
}

/** Signs in, asks, and leaves. */
async function briefly<T>(options: SessionsOptions, { login, ask, signal }: Asking<T>): Promise<Known<T>> {
  const own = await entered(login, options, signal);
  if (!own.known) return own;
  try {
    return { ...own, value: await ask(own.value) };
  } catch (error) {
    signal?.throwIfAborted();
    return { known: false, cause: "failed", why: `${login.instance}: ${wordsOf(error)}`, atMs: options.now() };
  } finally {
    await own.value.leave();
  }
}

/** What needs a session for a moment. */
const looksIn = (options: SessionsOptions): Omit<DatabaseSessions, "enter" | "leave"> => ({
  count: (login, signal) =>
    briefly(options, {
      ...{ login, signal },
      async ask(own) {
        const { length } = await own.others(signal);
        const lacks = await own.lacksToEnd(signal);
        if (lacks === undefined) return length;
        throw new TransientError(
          "sessions-kept",
          `${login.user} may not end the sessions of others: grant it ${lacks}`,
        );
      },
    }),
  canMark: ({ login, table }, use, signal) =>
    briefly(options, {
      ...{ login, signal },
      async ask(own) {
        if (use === "write") return tryWriting(own, table, signal);
        if (login.engine === "mysql") await needCommitOrder(own, signal);
        return tryReading(own, table, signal);
      },
    }),
  isMarked: ({ login, table }, marker, signal) =>
    briefly(options, { login, signal, ask: (own) => isThere(own, { table, marker }, signal) }),
});

const keyOf = ({ region, instance, user }: DatabaseLogin): string => `${region}/${instance} ${user}`;

/** The same behind a hold: what ends a session, or writes, leaves only on its proof. */
export const guardedSessions = (sessions: DatabaseSessions, guard: Guard): DatabaseSessions => ({
  ...sessions,
  async enter(login, signal) {
    const own = await sessions.enter(login, signal);
    return own.known ? { ...own, value: guardedSession(own.value, guard) } : own;
  },
});

const guardedSession = (own: OwnSession, guard: Guard): OwnSession => ({
  others: (signal) => own.others(signal),
  async end(others, signal) {
    const refused: Refused[] = [];
    for (const other of others) {
      const proof = await guard.prove();
      if (!proof.holds()) throw new TransientError("proof-ran-out", "The proof ran out before a session was ended");
      refused.push(...(await own.end([other], signal)));
    }
    return refused;
  },
  async mark(table, marker, signal) {
    const proof = await guard.prove();
    if (!proof.holds())
      throw new TransientError("proof-ran-out", "The proof ran out before the marker row was written");
    await own.mark(table, marker, signal);
  },
});

async function entered(
  login: DatabaseLogin,
  options: SessionsOptions,
  signal: AbortSignal | undefined,
): Promise<Known<Entered>> {
  signal?.throwIfAborted();
  const own = await signedIn(login, options);
  if (!signal?.aborted) return own;
  if (own.known) await own.value.leave();
  throw signal.reason;
}

async function signedIn(login: DatabaseLogin, options: SessionsOptions): Promise<Known<Entered>> {
  const { passwords, connect, now, timeoutMs = TIMEOUT_MS } = options;
  const unknown = (cause: "denied" | "unreachable", why: string) =>
    ({ known: false, cause, why: `${login.instance}: ${why}`, atMs: now() }) as const;
  const password = passwords[login.password];
  if (!password) return unknown("denied", `the variable ${login.password} is not set`);
  let ca: string;
  try {
    ca = await readFile(login.caFile, "utf8");
  } catch (error) {
    return unknown("denied", `the certificates in ${login.caFile} cannot be read: ${sayUnreadFile(error)}`);
  }
  try {
    const to = connect ? connect.get(login.host) : { host: await addressOf(login.host), port: login.port };
    if (!to) return unknown("unreachable", `nothing serves ${login.host} here`);
    const enter = (value: string) =>
      DRIVERS[login.engine]({ login, password: value, ca, to, timeoutMs }).then(
        (own) => ({ own }),
        (error: unknown) => ({ error }),
      );
    const came = await askWith(password, enter, (answer) => ("own" in answer ? "taken" : receptionOf(answer.error)));
    if ("own" in came) return { known: true, value: came.own, atMs: now() };
    throw came.error;
  } catch (error) {
    return unknown(isDenied(error) ? "denied" : "unreachable", wordsOf(error));
  }
}

const wordsOf = (error: unknown): string => (isOurs(error) ? messageOf(error) : sayDatabase(error));

/** By an address each driver checks the certificate for the name that it is told, and for no other. */
const addressOf = async (host: string): Promise<string> => (isIP(host) ? host : (await lookup(host)).address);

/** Not every "denied" is said of the password: another one does not help against a missing right, and a failed sign-in may lock. */
const PASSWORD_REFUSED: ReadonlySet<string> = new Set(["28P01", "28000", "ER_ACCESS_DENIED_ERROR"]);

const receptionOf = (error: unknown): Reception =>
  error instanceof Error && "code" in error && PASSWORD_REFUSED.has(String(error.code)) ? "refused" : "unknown";

const isDenied = (error: unknown): boolean =>
  error instanceof Error && "code" in error && DENIED.has(String(error.code));
