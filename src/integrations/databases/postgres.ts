import { Client } from "pg";
import { z } from "zod";
import { messageOf, TransientError } from "../../domain/errors.ts";
import type { Entered, SignIn } from "./sign-in.ts";

/** Of RDS itself: nobody else may end them, and none writes for a client. */
const OF_THE_VENDOR = "rdsadmin";

/** `kind` is null where the account may not see whose session it is: nobody may take a replication for a client then. */
const OTHERS = `select pid, usename as "user", coalesce(host(client_addr), '') as "from", backend_type as kind
from pg_stat_activity where pid <> pg_backend_pid() and usename is not null and usename <> '${OF_THE_VENDOR}'`;

const Rows = z.array(
  z.object({
    pid: z.coerce.number().int(),
    user: z.string(),
    from: z.string().nullable(),
    kind: z.string().nullable(),
  }),
);

/** Errors: those of the driver. */
export async function enterPostgres({ login, password, ca, to, timeoutMs }: SignIn): Promise<Entered> {
  const { database, user, host } = login;
  const client = new Client({
    ...{ host: to.host, port: to.port, database, user, password, application_name: "twokey" },
    ssl: { ca, servername: host, rejectUnauthorized: true },
    ...{ connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs, keepAlive: true },
  });
  // What nobody listens to would end the process; the next question says the same.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  const ask = async (text: string, signal: AbortSignal | undefined) => {
    signal?.throwIfAborted();
    try {
      return await client.query(text);
    } catch (error) {
      throw new TransientError("database-asked", `${login.instance} gave no answer: ${messageOf(error)}`);
    }
  };
  return {
    ended: new Promise((resolve) => client.once("end", () => resolve())),
    async others(signal) {
      const rows = Rows.parse((await ask(OTHERS, signal)).rows);
      if (rows.some(({ kind }) => kind === null))
        throw new TransientError("sessions-unseen", `${user} may not see every session: grant it pg_read_all_stats`);
      return rows.flatMap(({ pid: id, user: whose, from, kind }) =>
        kind === "client backend" ? [{ id, user: whose, from: from ?? "" }] : [],
      );
    },
    async end(sessions, signal) {
      for (const { id } of sessions) await ask(`select pg_terminate_backend(${id})`, signal);
    },
    leave: () => client.end().catch(() => undefined),
  };
}
