import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Client } from "pg";
import { Secret } from "../../../src/domain/secret.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import { databaseSessions } from "../../../src/integrations/databases/sessions.ts";
import type { DatabaseLogin, Engine, OwnSession } from "../../../src/ports/database-sessions.ts";
import { eventually } from "../../harness/eventually.ts";
import { HOST, type OwnDatabase, ownMariadb, ownPostgres } from "../../harness/own-database.ts";

const opened: { close(): Promise<void> }[] = [];
const leaveAll = () => Promise.all(opened.splice(0).map((each) => each.close()));
afterEach(leaveAll);

const PASSWORD = "a-password-of-the-tests";
const WITHIN_MS = 10_000;

interface Server {
  readonly engine: Engine;
  readonly database: string;
  readonly start: () => Promise<OwnDatabase>;
  /** What makes a client, TwoKey's account, and one that may sign in and nothing else. */
  readonly accounts: readonly string[];
  /** The privilege that the last of them lacks, in the words of a refusal. */
  readonly lacks: string;
}

const SERVERS: readonly Server[] = [
  {
    ...{ engine: "postgres", database: "postgres", start: ownPostgres, lacks: "pg_read_all_stats" },
    accounts: [
      ...["client", "twokey", "stranger"].map((name) => `create role ${name} login password '${PASSWORD}'`),
      "grant pg_read_all_stats, pg_signal_backend to twokey",
    ],
  },
  {
    ...{ engine: "mysql", database: "", start: ownMariadb, lacks: "PROCESS" },
    accounts: [
      ...["client", "twokey", "stranger"].map((name) => `create user ${name} identified by '${PASSWORD}'`),
      "grant process, connection admin on *.* to twokey",
    ],
  },
];

describe.each(SERVERS)("TwoKey's own session on $engine", ({ engine, database, start, accounts, lacks }) => {
  let server: OwnDatabase;
  beforeAll(async () => {
    server = await start();
    for (const sql of accounts) await server.ask(sql);
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
    await eventually("none is left", WITHIN_MS, async () => (await own.others()).length === 0 || undefined);
    // What has ended meanwhile is no failure.
    await own.end(seen);
    await leaveAll();
    expect(await (await entered()).others()).toEqual([]);
  });

  test("guard kept in: is in already at a further try, also when nobody new is let in; another process is not", async () => {
    const to = { host: "127.0.0.1", port: server.port };
    const connect = new Map([[HOST, to]]);
    const passwords = { DATABASE_STOCK: new Secret(PASSWORD) };
    const first = databaseSessions({ passwords, connect, now: () => 0, timeoutMs: 1_000 });
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

  test("guard another name: is refused where the certificate is for another name, however the server is reached", async () => {
    const own = await enter({ host: "other.example.com" });

    expect(own).toMatchObject({ known: false, cause: "unreachable" });
    expect(!own.known && own.why).toMatch(/altnames|does not match/i);
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

  test("shows nothing to an account that may not see all, for fewer sessions are no proof", async () => {
    const client = await server.session("client", PASSWORD);
    const own = await entered({ user: "stranger" });

    await expect(own.others()).rejects.toThrow(lacks);

    await client.close();
  });
});

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
