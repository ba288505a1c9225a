import type { DatabaseLogin, Engine } from "../../../../ports/database-sessions.ts";
import { quoted, told } from "../../../steps/by-hand.ts";

/**
 * Nobody gets in once a database is closed, people neither. So a client signs in before and stays, and reads what it is told
 * from a named pipe. It has its password from the same variable as TwoKey.
 */
export function signInByHand(login: DatabaseLogin): string[] {
  const { instance, user, password, caFile } = login;
  return [
    told(
      `Sign in to ${instance} as ${user} while it is still open, from where its port can be reached. Set ${password} to the password of ${user} first; ${caFile} holds the certificates of AWS.`,
    ),
    `rm -f ${instance}.sql ${instance}.seen && mkfifo ${instance}.sql && touch ${instance}.seen`,
    `${CLIENTS[login.engine].signsIn(login)} < ${instance}.sql | tee -a ${instance}.seen &`,
    `exec 3> ${instance}.sql`,
    `echo "select 'signed in';" >&3`,
    told(
      "Go on when that says: signed in; the client of MySQL or MariaDB also warns of one unknown variable. It stays signed in until the last line of this step.",
    ),
  ];
}

/** Three rounds: a session that was signing in while the database was closed shows in a later one. */
export function endByHand({ instance, engine }: DatabaseLogin): string[] {
  const { ends, says } = CLIENTS[engine];
  return [
    "for round in 1 2 3",
    "do",
    ...ends(instance).map((line) => `  ${line}`),
    "  sleep 2",
    "done",
    told(says),
    "exec 3>&-",
  ];
}

interface Client {
  signsIn(login: DatabaseLogin): string;
  /** One round: every other session of a client is ended. */
  ends(instance: string): readonly string[];
  readonly says: string;
}

const CLIENTS: Readonly<Record<Engine, Client>> = {
  postgres: {
    signsIn: ({ host, port, database, user, password, caFile }) =>
      `PGPASSWORD="$${password}" psql -AtX ${quoted(`host=${host} port=${port} dbname=${database} user=${user} sslmode=verify-full sslrootcert=${caFile}`)}`,
    ends: () => [
      `echo "select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend' and usename <> 'rdsadmin';" >&3`,
    ],
    says: "Each round ended as many sessions as it says. Go on when the last one says 0; paste the three rounds again until then, before the next line. The account needs pg_read_all_stats and pg_signal_backend: without the first, it sees too few.",
  },
  mysql: {
    // `loose`: the clients of MySQL and of MariaDB each pass over the option that only the other one has.
    signsIn: ({ host, port, database, user, password, caFile }) =>
      `MYSQL_PWD="$${password}" mysql --no-defaults --protocol=tcp --host=${quoted(host)} --port=${port} --user=${quoted(user)} --ssl-ca=${quoted(caFile)} --loose-ssl-mode=VERIFY_IDENTITY --loose-ssl-verify-server-cert --force --unbuffered --skip-column-names${database === "" ? "" : ` ${quoted(database)}`}`,
    ends: (instance) => [
      `echo "select concat('call mysql.rds_kill(', id, ');') from information_schema.processlist where id <> connection_id() and user not in ('rdsadmin', 'rdsrepladmin', 'event_scheduler', 'system user') and command not in ('Binlog Dump', 'Binlog Dump GTID', 'Daemon', 'Slave_IO', 'Slave_SQL'); select 'looked';" >&3`,
      "sleep 2",
      `grep 'call mysql.rds_kill' ${instance}.seen >&3 || true`,
      `echo 'the next round' > ${instance}.seen`,
    ],
    says: "Each line with call mysql.rds_kill is a session that was ended; error 1094 says that one had ended by itself. Go on when nothing stands before the last: looked; paste the three rounds again until then, before the next line. The account needs PROCESS: without it, it sees its own sessions only.",
  },
};
