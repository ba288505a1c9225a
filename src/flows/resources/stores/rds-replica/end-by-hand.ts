import { type ByHandBlock, quoted } from "../../../../domain/plan-run/by-hand.ts";
import type { DatabaseLogin, Engine } from "../../../../ports/database-sessions.ts";

/**
 * Nobody gets in once a database is closed, people neither. So a client signs in before and stays, and reads what it is told
 * from a named pipe, which the shell holds open on that file descriptor. It has its password from the same variable as TwoKey.
 */
export function signInByHand(login: DatabaseLogin, descriptor = 3): ByHandBlock {
  const { region, instance, user, password, caFile } = login;
  return {
    before: `Sign in to ${instance} as ${user} while it is still open, from where its port can be reached. Set ${password} to the password of ${user} first; ${caFile} holds the certificates of AWS. Paste all blocks of this step into the same shell. Does signing in never succeed? Close ${instance} all the same, skip its blocks that end sessions and sign out, and end every session by a reboot then: aws rds reboot-db-instance --region ${region} --db-instance-identifier ${instance}.`,
    commands: [
      `rm -f ${instance}.sql ${instance}.seen && mkfifo ${instance}.sql && touch ${instance}.seen`,
      `${CLIENTS[login.engine].signsIn(login)} < ${instance}.sql | tee -a ${instance}.seen &`,
      `exec ${descriptor}> ${instance}.sql`,
      // In brackets, since a client that is gone would take the shell of the person with it.
      `(echo "select 'signed in';" >&${descriptor})`,
    ],
    goOn: "when that says: signed in; the client of MySQL or MariaDB also warns of one unknown variable. It stays signed in until the block that signs out.",
  };
}

/** Three rounds: a session that was signing in while the database was closed shows in a later one. */
export function endByHand({ instance, engine }: DatabaseLogin, descriptor = 3): ByHandBlock[] {
  const { ends, before, goOn } = CLIENTS[engine];
  const round = [...ends(instance, descriptor), "sleep 2"].join(" && ");
  const commands = [`(for round in 1 2 3; do ${round} || exit 1; done)`];
  return [
    { before, commands, goOn },
    { before: "This signs out.", commands: [`exec ${descriptor}>&-`], goOn: "without waiting." },
  ];
}

interface Client {
  signsIn(login: DatabaseLogin): string;
  /** One round: every other session of a client is ended. */
  ends(instance: string, descriptor: number): readonly string[];
  readonly before: string;
  readonly goOn: string;
}

const CLIENTS: Readonly<Record<Engine, Client>> = {
  postgres: {
    signsIn: ({ host, port, database, user, password, caFile }) =>
      `PGPASSWORD="$${password}" psql -AtX ${quoted(`host=${host} port=${port} dbname=${database} user=${user} sslmode=verify-full sslrootcert=${caFile}`)}`,
    ends: (_, descriptor) => [
      `echo "select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend' and usename <> 'rdsadmin';" >&${descriptor}`,
    ],
    before:
      "Each round ends as many sessions as it says. The account needs pg_read_all_stats and pg_signal_backend: without the first, it sees too few.",
    goOn: "when the last round says 0.",
  },
  mysql: {
    // `loose`: the clients of MySQL and of MariaDB each pass over the option that only the other one has.
    signsIn: ({ host, port, database, user, password, caFile }) =>
      `MYSQL_PWD="$${password}" mysql --no-defaults --protocol=tcp --host=${quoted(host)} --port=${port} --user=${quoted(user)} --ssl-ca=${quoted(caFile)} --loose-ssl-mode=VERIFY_IDENTITY --loose-ssl-verify-server-cert --force --unbuffered --skip-column-names${database === "" ? "" : ` ${quoted(database)}`}`,
    ends: (instance, descriptor) => [
      `echo "select concat('call mysql.rds_kill(', id, ');') from information_schema.processlist where id <> connection_id() and user not in ('rdsadmin', 'rdsrepladmin', 'event_scheduler', 'system user') and command not in ('Binlog Dump', 'Binlog Dump GTID', 'Daemon', 'Slave_IO', 'Slave_SQL'); select 'looked';" >&${descriptor}`,
      "sleep 2",
      `{ grep 'call mysql.rds_kill' ${instance}.seen >&${descriptor} || true; }`,
      `echo 'the next round' > ${instance}.seen`,
    ],
    before:
      "Each line with call mysql.rds_kill is a session that was ended; error 1094 says that one had ended by itself. The account needs PROCESS: without it, it sees its own sessions only.",
    goOn: "when nothing stands before the last: looked.",
  },
};
