import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Client } from "pg";
import { Secret } from "../../../src/domain/secret.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { endByHand, signInByHand } from "../../../src/flows/resources/stores/rds-replica/end-by-hand.ts";
import { databaseSessions } from "../../../src/integrations/databases/sessions.ts";
import type { DatabaseLogin, Engine, OwnSession } from "../../../src/ports/database-sessions.ts";
import { eventually } from "../../harness/eventually.ts";
import { HOST, type OwnDatabase, ownMariadb, ownPostgres } from "../../harness/own-database.ts";
import { linesOfBlock } from "../../harness/pasted.ts";
import { secretInFile } from "../../harness/secret-file.ts";

const opened: { close(): Promise<void> }[] = [];
const leaveAll = () => Promise.all(opened.splice(0).map((each) => each.close()));
afterEach(leaveAll);

const PASSWORD = "a-password-of-the-tests";

const run = promisify(execFile);
/** Nothing of the person's own start files. */
const SHELLS = [
  { shell: "bash", options: ["--norc", "-c"] },
  { shell: "zsh", options: ["-fc"] },
].filter(({ shell }) => spawnSync(shell, ["-c", "exit 0"]).status === 0);
/** This machine has no name of AWS's for the server, so nobody checks that of MariaDB; rounds need not last seconds here. */
const HERE = [
  `mysql() { command mysql "$@" --host=127.0.0.1 --skip-ssl-verify-server-cert; }`,
  "sleep() { command sleep 0.4; }",
].join("\n");
/** The procedure that RDS has, and MariaDB by itself has not. */
const OF_RDS = [
  "create or replace procedure mysql.rds_kill(in thread bigint) execute immediate concat('kill ', thread)",
  "grant execute on procedure mysql.rds_kill to twokey",
];
const LOOKED = "looked";
/** What each program says to its own error stream, beside what went wrong. */
const BESIDE = [
  /^Warning: mysql: unknown variable 'loose-ssl-mode=.*\n/,
  // On a busy machine a session that was ended may still be listed in the next round.
  /-+\ncall mysql\.rds_kill\(\d+\)\n-+\s+ERROR 1094 \(HY000\) at line \d+: Unknown thread id: \d+\n/g,
];

/** How many sessions each round of MySQL ends. */
function endedIn(seen: readonly string[]): readonly string[] {
  const ends = seen.join("\n").split(LOOKED).slice(0, -1);
  return ends.map((round) => String(round.split("rds_kill").length - 1));
}

interface Server {
  readonly engine: Engine;
  readonly database: string;
  readonly start: () => Promise<OwnDatabase>;
  /** What makes a client, TwoKey's account, and one that may sign in and nothing else. */
  readonly accounts: readonly string[];
  /** Its marker table, and what makes it. */
  readonly table: string;
  readonly marked: readonly string[];
  /** The privilege that the last of them lacks, in the words of a refusal. */
  readonly lacks: string;
  /** What another one lacks to end sessions, and how it gets that in another way than TwoKey's. */
  readonly ends: string;
  readonly grants: readonly string[];
}

const SERVERS: readonly Server[] = [
  {
    ...{ engine: "postgres", database: "postgres", start: ownPostgres, lacks: "pg_read_all_stats" },
    ends: "pg_signal_backend",
    // As `rds_superuser` has it: by another role.
    grants: [
      "create role administrators",
      "grant pg_signal_backend to administrators",
      "grant administrators to looker",
    ],
    accounts: [
      ...["client", "twokey", "stranger", "looker"].map((name) => `create role ${name} login password '${PASSWORD}'`),
      "grant pg_read_all_stats, pg_signal_backend to twokey",
      "grant pg_read_all_stats to looker",
    ],
    table: "twokey_marker",
    marked: [
      "create table twokey_marker (run_id varchar(64), epoch bigint, number bigint, primary key (run_id, epoch, number))",
      "grant select, insert on twokey_marker to twokey",
      "grant select on twokey_marker to client",
    ],
  },
  {
    ...{ engine: "mysql", database: "", start: ownMariadb, lacks: "PROCESS" },
    ends: "EXECUTE on mysql.rds_kill, or CONNECTION_ADMIN",
    grants: [...OF_RDS, "grant execute on procedure mysql.rds_kill to looker"],
    accounts: [
      ...["client", "twokey", "stranger", "looker"].map((name) => `create user ${name} identified by '${PASSWORD}'`),
      "grant process, connection admin on *.* to twokey",
      "grant process on *.* to looker",
    ],
    table: "marks.twokey_marker",
    marked: [
      "create database marks",
      "create table marks.twokey_marker (run_id varchar(64), epoch bigint, number bigint, primary key (run_id, epoch, number))",
      "grant select, insert on marks.twokey_marker to twokey",
      "grant select on marks.twokey_marker to client",
    ],
  },
];

describe.each(SERVERS)(
  "TwoKey's own session on $engine",
  ({ engine, database, start, accounts, lacks, table, marked, ends, grants }) => {
    let server: OwnDatabase;
    beforeAll(async () => {
      server = await start();
      for (const sql of [...accounts, ...marked]) await server.ask(sql);
    }, 60_000);
    afterAll(() => server.stop());

    const login = (change: Partial<DatabaseLogin> = {}): DatabaseLogin => ({
      ...{ region: "eu-west-1", instance: "stock", engine, host: HOST, port: 1, database },
      ...{ user: "twokey", password: "DATABASE_STOCK", caFile: server.caFile, ...change },
    });
    const enter = (change: Partial<DatabaseLogin> = {}): Promise<Known<OwnSession>> => {
      const to = { host: "127.0.0.1", port: server.port };
      const passwords = { DATABASE_STOCK: new Secret(PASSWORD), DATABASE_OTHER: new Secret("something else") };
      const connect = new Map([HOST, "other.example.com"].map((host) => [host, to]));
      const sessions = databaseSessions({ passwords, connect, now: () => 0, timeoutMs: 4_000 });
      opened.push(sessions);
      return sessions.enter(login(change));
    };
    const entered = async (change: Partial<DatabaseLogin> = {}): Promise<OwnSession> => {
      const own = await enter(change);
      if (!own.known) throw new Error(own.why);
      return own.value;
    };

    test("sees every session of a client but itself, ends them, and a later look shows none", async () => {
      const clients = await Promise.all([server.session("client", PASSWORD), server.session("client", PASSWORD)]);
      const own = await entered();

      const seen = await own.others();
      expect(seen.map(({ user, from }) => [user, from])).toEqual(clients.map(() => ["client", "127.0.0.1"]));
      await own.end(seen);

      await Promise.all(clients.map(({ ended }) => ended));
      await eventually("none is left", async () => (await own.others()).length === 0 || undefined);
      // What has ended meanwhile is no failure.
      await own.end(seen);
      await leaveAll();
      expect(await (await entered()).others()).toEqual([]);
    });

    test.each(SHELLS)("the lines by hand end every other session, pasted into $shell", async ({ shell, options }) => {
      if (engine === "mysql") for (const sql of OF_RDS) await server.ask(sql);
      const client = await server.session("client", PASSWORD);
      const own = login({ port: server.port });
      const cwd = await mkdtemp(join(tmpdir(), "twokey-by-hand-"));

      const { stdout, stderr } = await run(
        shell,
        [
          ...options,
          ["set -eu", HERE, ...[signInByHand(own), ...endByHand(own)].flatMap(linesOfBlock), "wait"].join("\n"),
        ],
        { cwd, timeout: 30_000, env: { ...process.env, PGHOSTADDR: "127.0.0.1", DATABASE_STOCK: PASSWORD } },
      );

      await rm(cwd, { recursive: true });
      await client.ended;
      expect(BESIDE.reduce((left, said) => left.replace(said, ""), stderr)).toBe("");
      expect(stdout).toContain("signed in\n");
      const seen = stdout.split("\n").filter((line) => /^(\d+|looked|call mysql\.rds_kill\(\d+\);)$/.test(line));
      const rounds = engine === "postgres" ? seen : endedIn(seen);
      expect([rounds.length, rounds[0], rounds.at(-1)]).toEqual([3, "1", "0"]);
    });

    test("takes a password that changed at the next sign-in, and one that the server had changed before the file", async () => {
      const kept = secretInFile("DATABASE_STOCK", PASSWORD);
      const connect = new Map([[HOST, { host: "127.0.0.1", port: server.port }]]);
      const sessions = databaseSessions({
        passwords: { DATABASE_STOCK: kept.secret },
        ...{ connect, now: () => 0, timeoutMs: 4_000 },
      });
      opened.push(sessions);
      const setPassword = (value: string) =>
        server.ask(
          engine === "postgres"
            ? `alter role twokey password '${value}'`
            : `alter user twokey identified by '${value}'`,
        );
      try {
        await setPassword("of-after-the-change");
        expect(await sessions.count(login())).toMatchObject({ known: false, cause: "denied" });
        kept.changeTo("of-after-the-change");
        expect(await sessions.count(login())).toMatchObject({ known: true });
        kept.changeTo("of-later");
        kept.secrets.look();
        expect(await sessions.count(login())).toMatchObject({ known: true });
      } finally {
        await setPassword(PASSWORD);
        kept.remove();
      }
    });

    test("guard kept in: is in already at a further try, also when nobody new is let in; another process is not", async () => {
      const to = { host: "127.0.0.1", port: server.port };
      const connect = new Map([[HOST, to]]);
      const passwords = { DATABASE_STOCK: new Secret(PASSWORD) };
      const first = databaseSessions({ passwords, connect, now: () => 0, timeoutMs: 4_000 });
      opened.push(first);
      expect(await first.enter(login())).toMatchObject({ known: true });
      connect.delete(HOST);

      const again = await first.enter(login());
      expect(again.known && (await again.value.others())).toEqual([]);
      const other = databaseSessions({ passwords, connect, now: () => 0, timeoutMs: 1_000 });
      expect(await other.enter(login())).toMatchObject({ known: false, cause: "unreachable" });

      await first.leave(login());
      expect(await first.enter(login())).toMatchObject({ known: false, cause: "unreachable" });
    });

    test("guard old timer: stays in for its own time, whatever became of one before it", async () => {
      const to = { host: "127.0.0.1", port: server.port };
      const passwords = { DATABASE_STOCK: new Secret(PASSWORD) };
      const options = { passwords, connect: new Map([[HOST, to]]), now: () => 0, keptMs: 500 };
      const sessions = databaseSessions(options);
      opened.push(sessions);
      const inAs = async (user: string) => {
        const own = await sessions.enter(login({ user }));
        if (!own.known) throw new Error(own.why);
        return own.value;
      };
      const admin = await entered();
      const usersNow = async () => (await admin.others()).map(({ user }) => user);
      await inAs("twokey");
      await admin.end((await admin.others()).filter(({ user }) => user === "twokey"));
      await eventually("it is gone", async () => !(await usersNow()).includes("twokey") || undefined);
      await inAs("stranger");
      options.keptMs = 60_000;

      const second = await inAs("twokey");

      // Its time began after that of the first one.
      await eventually("the stranger was left", async () => !(await usersNow()).includes("stranger") || undefined);
      expect(await second.others()).toHaveLength(1);
    });

    test("guard another name: is refused where the certificate is for another name, however the server is reached", async () => {
      const own = await enter({ host: "other.example.com" });

      expect(own).toMatchObject({ known: false, cause: "unreachable" });
      expect(!own.known && own.why).toBe("stock: its certificate is of another name");
    });

    test("is denied with a wrong password, and never let in without one", async () => {
      expect(await enter({ password: "DATABASE_OTHER" })).toMatchObject({ known: false, cause: "denied" });
      expect(await enter({ password: "DATABASE_UNSET" })).toMatchObject({
        ...{ known: false, cause: "denied", why: "stock: the variable DATABASE_UNSET is not set" },
      });
    });

    test("says which file it cannot read", async () => {
      expect(await enter({ caFile: "/nowhere/ca.pem" })).toMatchObject({
        ...{ known: false, why: expect.stringContaining("/nowhere/ca.pem") },
      });
    });

    const marks = (change: Partial<DatabaseLogin> = {}) => {
      const to = { host: "127.0.0.1", port: server.port };
      const passwords = { DATABASE_STOCK: new Secret(PASSWORD) };
      const sessions = databaseSessions({ passwords, connect: new Map([[HOST, to]]), now: () => 0, timeoutMs: 4_000 });
      opened.push(sessions);
      return { sessions, at: { login: login(change), table } };
    };
    const MARKER = { run: "F-1", epoch: 7, number: 1_795_801_211_114 };

    test("guard exact marker: shows the row that was written, and takes no row of another run, hold or number for it", async () => {
      const { sessions, at } = marks();
      expect(await sessions.isMarked(at, MARKER)).toMatchObject({ known: true, value: false });

      await (await entered()).mark(table, MARKER);

      expect(await sessions.isMarked(at, MARKER)).toMatchObject({ known: true, value: true });
      for (const other of [{ run: "F-2" }, { epoch: 8 }, { number: 1_795_801_211_115 }])
        expect(await sessions.isMarked(at, { ...MARKER, ...other })).toMatchObject({ known: true, value: false });
    });

    test("says beforehand whether a marker row could be written and read, and writes nothing for that", async () => {
      const own = marks();
      const rows = () => server.ask(`select * from ${table} where epoch = 0`);
      expect(await own.sessions.canMark(own.at, "write")).toMatchObject({ known: true });
      expect(await own.sessions.canMark(own.at, "read")).toMatchObject({ known: true });

      const reader = marks({ user: "client" });
      expect(await reader.sessions.canMark(reader.at, "read")).toMatchObject({ known: true });
      expect(await reader.sessions.canMark(reader.at, "write")).toMatchObject({ known: false });
      const stranger = marks({ user: "stranger" });
      expect(await stranger.sessions.canMark(stranger.at, "read")).toMatchObject({ known: false });
      const elsewhere = { ...own.at, table: `${table}_of_nobody` };
      expect(await own.sessions.canMark(elsewhere, "write")).toMatchObject({ known: false });
      expect(await rows()).toEqual([]);
    });

    test("guard every one: ends each session that it may, also after one that it may not, and says which is left", async () => {
      const client = await server.session("client", PASSWORD);
      const looker = await server.session("looker", PASSWORD);
      const own = await entered({ user: "looker" });

      // The one that it may not end comes first.
      const seen = (await own.others()).toSorted((one, other) => one.user.localeCompare(other.user));
      expect(seen.map(({ user }) => user)).toEqual(["client", "looker"]);
      const refused = await own.end(seen);

      await looker.ended;
      expect(refused.map(({ session, why }) => [session.user, why])).toEqual([["client", expect.any(String)]]);
      const left = async () => (await own.others()).map(({ user }) => user);
      await eventually("only that one is left", async () => (await left()).join() === "client" || undefined);
      await client.close();
    });

    test("guard may end: counts for an account that may end sessions, and is denied to one that sees all and may end none", async () => {
      const to = { host: "127.0.0.1", port: server.port };
      const passwords = { DATABASE_STOCK: new Secret(PASSWORD) };
      const sessions = databaseSessions({ passwords, connect: new Map([[HOST, to]]), now: () => 0 });
      const client = await server.session("client", PASSWORD);

      expect(await sessions.count(login())).toMatchObject({ known: true, value: 1 });
      expect(await sessions.count(login({ user: "looker" }))).toMatchObject({
        ...{
          known: false,
          cause: "failed",
          why: expect.stringContaining(`may not end the sessions of others: grant it ${ends}`),
        },
      });
      for (const sql of grants) await server.ask(sql);
      expect(await sessions.count(login({ user: "looker" }))).toMatchObject({ known: true });

      await client.close();
    });

    test("shows nothing to an account that may not see all, for fewer sessions are no proof", async () => {
      const client = await server.session("client", PASSWORD);
      const own = await entered({ user: "stranger" });

      await expect(own.others()).rejects.toThrow(lacks);

      await client.close();
    });
  },
);

describe("what replicates from PostgreSQL", () => {
  test("is no client: its session is neither seen nor ended", async () => {
    const server = await ownPostgres();
    try {
      const replica = new Client({
        ...{
          host: "127.0.0.1",
          port: server.port,
          user: "administrator",
          password: "of-the-tests",
          database: "postgres",
        },
        ...{ replication: "true" },
      });
      await replica.connect();
      const connect = new Map([[HOST, { host: "127.0.0.1", port: server.port }]]);
      const passwords = { DATABASE_STOCK: new Secret("of-the-tests") };
      const sessions = databaseSessions({ passwords, connect, now: () => 0 });
      opened.push(sessions);
      const own = await sessions.enter({
        ...{ region: "eu-west-1", instance: "stock", engine: "postgres", host: HOST, port: 1, database: "postgres" },
        ...{ user: "administrator", password: "DATABASE_STOCK", caFile: server.caFile },
      });
      if (!own.known) throw new Error(own.why);

      expect(
        await server.ask("select backend_type from pg_stat_activity where backend_type = 'walsender'"),
      ).toHaveLength(1);
      expect(await own.value.others()).toEqual([]);

      await replica.end();
    } finally {
      await server.stop();
    }
  }, 60_000);
});
