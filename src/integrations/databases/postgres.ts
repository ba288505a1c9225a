import { Client, DatabaseError } from "pg";
import { z } from "zod";
import { TransientError } from "../../domain/errors.ts";
import type { DatabaseSession, Refused } from "../../ports/database-sessions.ts";
import type { Entered, SignIn } from "./sign-in.ts";
import { sayDatabase } from "./words.ts";

/** Of RDS itself: nobody else may end them, and none writes for a client. */
const OF_THE_VENDOR = "rdsadmin";

/** `kind` is null where the account may not see whose session it is: nobody may take a replication for a client then. */
const OTHERS = `select pid, usename as "user", coalesce(host(client_addr), '') as "from", backend_type as kind
from pg_stat_activity where pid <> pg_backend_pid() and usename is not null and usename <> '${OF_THE_VENDOR}'`;

/** As `pg_terminate_backend` asks it: also a member of a member, such as of `rds_superuser`, may. */
const MAY_END = "select pg_has_role(current_user, 'pg_signal_backend', 'usage')::text as may";
const May = z.array(z.object({ may: z.string() }));

const Rows = z.array(
  z.object({
    pid: z.coerce.number().int(),
    user: z.string(),
    from: z.string().nullable(),
    kind: z.string().nullable(),
  }),
);

/** Errors: those of the driver. */
export async function enterPostgres(signIn: SignIn): Promise<Entered> {
  const { login } = signIn;
  const client = await signedIn(signIn);
  const ask = async (text: string, signal: AbortSignal | undefined) => {
    signal?.throwIfAborted();
    try {
      return (await client.query(text)).rows;
    } catch (error) {
      const says = `${login.instance} did not do it: ${sayDatabase(error)}`;
      throw new TransientError("database-asked", says, { cause: error });
    }
  };
  return {
    ended: new Promise((resolve) => client.once("end", () => resolve())),
    others: async (signal) => clientsIn(Rows.parse(await ask(OTHERS, signal)), login.user),
    async end(sessions, signal) {
      const refused: Refused[] = [];
      for (const session of sessions) {
        const why = await ask(`select pg_terminate_backend(${session.id})`, signal).then(() => undefined, whyRefused);
        if (why !== undefined) refused.push({ session, why });
      }
      return refused;
    },
    ask,
    async lacksToEnd(signal) {
      const [may] = May.parse(await ask(MAY_END, signal));
      return may?.may.startsWith("t") ? undefined : "pg_signal_backend";
    },
    leave: () => client.end().catch(() => undefined),
  };
}

async function signedIn({ login, password, ca, to, timeoutMs }: SignIn): Promise<Client> {
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
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

function clientsIn(rows: z.infer<typeof Rows>, user: string): DatabaseSession[] {
  if (rows.some(({ kind }) => kind === null))
    throw new TransientError("sessions-unseen", `${user} may not see every session: grant it pg_read_all_stats`);
  return rows.flatMap(({ pid: id, user: whose, from, kind }) =>
    kind === "client backend" ? [{ id, user: whose, from: from ?? "" }] : [],
  );
}

/** What the server says against ending one session; throws where it said nothing at all. */
function whyRefused(error: unknown): string {
  const said = error instanceof TransientError ? error.cause : undefined;
  if (!(said instanceof DatabaseError)) throw error;
  return sayDatabase(said);
}
