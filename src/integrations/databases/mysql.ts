import { connect as connectTo } from "node:net";
import { type Connection, createConnection } from "mysql2/promise";
import { z } from "zod";
import { TransientError } from "../../domain/errors.ts";
import type { DatabaseSession, Refused } from "../../ports/database-sessions.ts";
import type { Entered, SignIn } from "./sign-in.ts";
import { sayDatabase } from "./words.ts";

/** Threads of the engine and of RDS itself, and those that replicate. */
const OTHERS = `select id, user, host from information_schema.processlist
where id <> connection_id() and user not in ('rdsadmin', 'rdsrepladmin', 'event_scheduler', 'system user')
and command not in ('Binlog Dump', 'Binlog Dump GTID', 'Daemon', 'Slave_IO', 'Slave_SQL')`;
/** Answered only to who has the privilege PROCESS. Without it the list of threads is short, and says nothing of that. */
const SEES_ALL = "select count(*) from information_schema.innodb_trx";

const Rows = z.array(z.object({ id: z.coerce.number().int(), user: z.string(), host: z.string() }));

const NO_PRIVILEGE = "ER_SPECIFIC_ACCESS_DENIED_ERROR";
/** It has ended meanwhile. */
const GONE = "ER_NO_SUCH_THREAD";
/** Somebody else's, and this account may end its own only. */
const NOT_OURS: ReadonlySet<string> = new Set(["ER_KILL_DENIED_ERROR", "ER_SPECIFIC_ACCESS_DENIED_ERROR"]);
/** `KILL` needs one of these privileges; the procedure of RDS needs that it may be executed. MariaDB writes them without `_`. */
const MAY_END = [
  /\b(ALL PRIVILEGES|SUPER|CONNECTION[_ ]ADMIN)\b.* ON \*\.\*/i,
  /\bEXECUTE\b.* ON (\*\.\*|`mysql`\.\*|PROCEDURE `mysql`\.`rds_kill`)/i,
] as const;
/** Only RDS has the procedure, and an account may be given the privilege itself instead. */
const NO_PROCEDURE: ReadonlySet<string> = new Set([
  ...["ER_SP_DOES_NOT_EXIST", "ER_BAD_DB_ERROR", "ER_PROCACCESS_DENIED_ERROR"],
]);

/** Errors: those of the driver. */
export async function enterMysql({ login, password, ca, to, timeoutMs }: SignIn): Promise<Entered> {
  const { database, user, host, port } = login;
  const connection = await createConnection({
    ...{ host, port, database, user, password, connectTimeout: timeoutMs },
    // The driver checks the name in the certificate only when it is told to, and the name is `host`.
    stream: () => connectTo(to.port, to.host),
    ssl: { ca, rejectUnauthorized: true, verifyIdentity: true },
    ...{ enableKeepAlive: true, rowsAsArray: false },
  });
  const ended = new Promise<void>((resolve) => {
    connection.on("error", () => resolve());
    connection.on("end", () => resolve());
  });
  const asked = { connection, timeoutMs };
  const why = (error: unknown) => whyOf(error, login);
  return {
    ended,
    others: (signal) => othersOf(asked, signal).catch((error: unknown) => Promise.reject(why(error))),
    async end(sessions, signal) {
      const refused: Refused[] = [];
      for (const each of sessions) {
        refused.push(...(await endOne(asked, each, signal).catch((error: unknown) => Promise.reject(why(error)))));
      }
      return refused;
    },
    async ask(sql, signal) {
      const rows = await ask(asked, sql, signal).catch((error: unknown) => Promise.reject(why(error)));
      return Array.isArray(rows) ? rows : [];
    },
    lacksToEnd: (signal) => lacksToEnd(asked, signal).catch((error: unknown) => Promise.reject(why(error))),
    leave: () => connection.end().catch(() => undefined),
  };
}

interface Asked {
  readonly connection: Connection;
  readonly timeoutMs: number;
}

async function ask({ connection, timeoutMs }: Asked, sql: string, signal: AbortSignal | undefined): Promise<unknown> {
  signal?.throwIfAborted();
  const [rows] = await connection.query({ sql, timeout: timeoutMs });
  return rows;
}

async function othersOf(asked: Asked, signal: AbortSignal | undefined): Promise<DatabaseSession[]> {
  await ask(asked, SEES_ALL, signal);
  const rows = Rows.parse(await ask(asked, OTHERS, signal));
  return rows.map(({ id, user, host }) => ({ id, user, from: host.replace(/:\d+$/, "") }));
}

async function endOne(asked: Asked, session: DatabaseSession, signal: AbortSignal | undefined): Promise<Refused[]> {
  const { id } = session;
  try {
    await ask(asked, `call mysql.rds_kill(${id})`, signal).catch((error: unknown) => {
      if (!NO_PROCEDURE.has(codeOf(error))) throw error;
      return ask(asked, `kill ${id}`, signal);
    });
  } catch (error) {
    if (NOT_OURS.has(codeOf(error))) return [{ session, why: sayDatabase(error) }];
    if (codeOf(error) !== GONE) throw error;
  }
  return [];
}

/** The grants that are in force here, each in a line of its own. */
async function lacksToEnd(asked: Asked, signal: AbortSignal | undefined): Promise<string | undefined> {
  const rows = z.array(z.record(z.string(), z.string())).parse(await ask(asked, "show grants", signal));
  const grants = rows.flatMap((row) => Object.values(row));
  return grants.some((grant) => MAY_END.some((may) => may.test(grant)))
    ? undefined
    : "EXECUTE on mysql.rds_kill, or CONNECTION_ADMIN";
}

/** What the driver says, as a step hears it. */
function whyOf(error: unknown, { instance, user }: SignIn["login"]): unknown {
  const code = codeOf(error);
  if (code === NO_PRIVILEGE)
    return new TransientError("sessions-unseen", `${user} may not see every session: grant it PROCESS`);
  const says = `${instance} did not do it: ${sayDatabase(error)}`;
  return code === "" ? error : new TransientError("database-asked", says, { cause: error });
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");
