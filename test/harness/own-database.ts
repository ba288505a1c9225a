import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, constants, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import { Client } from "pg";
import { issueChain } from "../../src/simulators/aws/certificates.ts";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);

/** A real server of one engine on this machine, whose certificate is one for `HOST`. */
export interface OwnDatabase {
  readonly port: number;
  readonly caFile: string;
  /** Asks as the one who may do everything. */
  ask(sql: string): Promise<unknown>;
  /** A client's session; `ended` resolves when the server ends it. */
  session(user: string, password: string): Promise<ClientSession>;
  stop(): Promise<void>;
}

export interface ClientSession {
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

export const HOST = "stock.example.com";
const LOOPBACK = "127.0.0.1";
/** A free port may be taken between the moment it was found and the moment the server binds it. */
const PORT_TRIES = 5;
const ADMIN = { user: "administrator", password: "of-the-tests" };

interface Home {
  readonly directory: string;
  readonly data: string;
  readonly certificate: { readonly ca: string; readonly pem: string; readonly key: string };
  /** No server of a database runs as root. */
  readonly as: { readonly uid?: number; readonly gid?: number };
}

interface Engine {
  readonly programs: readonly string[];
  readonly help: string;
  /** Whom a server runs as where the tests run as root. */
  readonly account: string;
  prepare(home: Home): Promise<void>;
  command(home: Home, port: number): readonly [string, ...string[]];
  ask(port: number, home: Home, sql: string): Promise<unknown>;
  session(port: number, as: { readonly user: string; readonly password: string }): Promise<ClientSession>;
}

export const ownPostgres = (): Promise<OwnDatabase> => startOwn(POSTGRES);
export const ownMariadb = (): Promise<OwnDatabase> => startOwn(MARIADB);

const POSTGRES: Engine = {
  programs: ["postgres", "initdb"],
  help: "sudo apt-get install -y postgresql",
  account: "postgres",
  async prepare({ data, directory, as }) {
    const password = join(directory, "password");
    await writeFile(password, ADMIN.password);
    if (as.uid !== undefined) await chown(password, as.uid, as.gid ?? as.uid);
    const auth = ["-U", ADMIN.user, `--pwfile=${password}`, "--auth=scram-sha-256", "--no-sync"];
    await run(await programNamed("initdb"), ["-D", data, ...auth], { ...as, cwd: directory });
  },
  command: ({ data, directory, certificate }, port) => [
    ...(["postgres", "-D", data, "-p", String(port), "-c", `listen_addresses=${LOOPBACK}`, "-c", "fsync=off"] as const),
    ...["-c", `unix_socket_directories=${directory}`, "-c", "ssl=on"],
    ...["-c", `ssl_cert_file=${certificate.pem}`, "-c", `ssl_key_file=${certificate.key}`],
  ],
  async ask(port, _home, sql) {
    const client = new Client({ host: LOOPBACK, port, database: "postgres", ...ADMIN });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  },
  async session(port, as) {
    const client = new Client({ host: LOOPBACK, port, database: "postgres", ...as });
    client.on("error", () => undefined);
    await client.connect();
    const ended = new Promise<void>((resolve) => client.on("end", () => resolve()));
    return { ended, close: () => client.end() };
  },
};

const MARIADB: Engine = {
  programs: ["mariadbd", "mariadb-install-db"],
  help: "sudo apt-get install -y mariadb-server",
  account: "mysql",
  async prepare({ data, directory, as }) {
    const how = [`--datadir=${data}`, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"];
    const user = as.uid === undefined ? [] : ["--user=mysql"];
    await run(await programNamed("mariadb-install-db"), [...how, ...user], { cwd: directory });
  },
  command: ({ data, directory, certificate, as }, port) => [
    ...(["mariadbd", "--no-defaults", `--datadir=${data}`, `--port=${port}`, `--bind-address=${LOOPBACK}`] as const),
    ...[`--socket=${join(directory, "socket")}`, `--ssl-cert=${certificate.pem}`, `--ssl-key=${certificate.key}`],
    ...[`--ssl-ca=${certificate.ca}`, "--skip-name-resolve", `--pid-file=${join(directory, "pid")}`],
    ...(as.uid === undefined ? [] : ["--user=mysql"]),
  ],
  async ask(_port, { directory }, sql) {
    const connection = await createConnection({ socketPath: join(directory, "socket"), user: "root" });
    try {
      return (await connection.query(sql))[0];
    } finally {
      await connection.end();
    }
  },
  async session(port, as) {
    const connection = await createConnection({ host: LOOPBACK, port, ...as });
    const ended = new Promise((resolve) => {
      connection.on("error", resolve);
      connection.on("end", resolve);
    });
    return { ended, close: () => connection.end().catch(() => undefined) };
  },
};

async function startOwn(engine: Engine): Promise<OwnDatabase> {
  const directory = await mkdtemp(join(tmpdir(), "twokey-database-"));
  const home = await homeIn(directory, engine);
  await engine.prepare(home);
  for (let tries = 1; ; tries += 1) {
    const port = await findFreePort();
    const [name, ...args] = engine.command(home, port);
    const server = spawn(await programNamed(name), args, {
      ...home.as,
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = everythingOf(server);
    const isUp = await eventually(`${name} answers`, async () => {
      if (server.exitCode !== null) return "ended" as const;
      return engine.ask(port, home, "select 1").then(
        () => "up" as const,
        () => undefined,
      );
    });
    if (isUp === "up") return { ...ownDatabase(engine, home, port), stop: () => stopOwn(server, directory) };
    if (tries === PORT_TRIES) throw new Error(`${name} did not start: ${said().slice(-500)}`);
  }
}

function ownDatabase(engine: Engine, home: Home, port: number): Omit<OwnDatabase, "stop"> {
  return {
    ...{ port, caFile: home.certificate.ca },
    ask: (sql) => engine.ask(port, home, sql),
    session: (user, password) => engine.session(port, { user, password }),
  };
}

function everythingOf({ stdout, stderr }: ChildProcess): () => string {
  let text = "";
  for (const stream of [stdout, stderr])
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
    });
  return () => text;
}

async function stopOwn(server: ChildProcess, directory: string): Promise<void> {
  const ended = once(server, "exit");
  server.kill("SIGQUIT");
  server.kill("SIGTERM");
  await ended;
  await rm(directory, { recursive: true, force: true });
}

async function homeIn(directory: string, { account }: Engine): Promise<Home> {
  const day = 86_400_000;
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) };
  const { ca, leaf } = issueChain("An authority of the tests", HOST, validity);
  const certificate = {
    ca: join(directory, "ca.pem"),
    pem: join(directory, "server.pem"),
    key: join(directory, "server.key"),
  };
  await writeFile(certificate.ca, ca.pem);
  await writeFile(certificate.pem, leaf.pem);
  await writeFile(certificate.key, leaf.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const data = join(directory, "data");
  if (process.getuid?.() !== 0) return { directory, data, certificate, as: {} };
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (which) => Number((await run("id", [which, account])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error(`there is no account ${account}`);
  for (const path of [directory, ...Object.values(certificate)]) await chown(path, uid, gid);
  return { directory, data, certificate, as: { uid, gid } };
}

/** Debian keeps PostgreSQL's programs beside PATH. */
async function programNamed(name: string): Promise<string> {
  const versions = await readdir("/usr/lib/postgresql").catch(() => []);
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...["/usr/sbin", ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`)],
  ];
  for (const folder of folders) {
    const file = join(folder, name);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  const engine = [POSTGRES, MARIADB].find(({ programs }) => programs.includes(name));
  throw new Error(`There is no ${name} here. Install it: ${engine?.help ?? ""}`);
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, LOOPBACK);
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port was found");
  return address.port;
}
