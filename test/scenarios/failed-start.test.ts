import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import { KEYS } from "../../src/store/keys.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { quotationsOf } from "../harness/quoted.ts";
import { freshRedisUrl } from "../harness/redis.ts";

const BOT = fileURLToPath(new URL("../../dist/bot/main.js", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/inventory.yaml", import.meta.url));
/** Machine time. A start that failed closes what it opened within five seconds; the rest is a busy machine. */
const ENDS_WITHIN_MS = 60_000;
/** Supervisors wait ten seconds before they kill. */
const STOPS_WITHIN_MS = 10_000;

type Env = Record<string, string>;
interface Case {
  readonly what: string;
  /** What is wrong, where a bot would start otherwise. */
  readonly breaks: (env: Env) => Promise<Env> | Env;
  readonly code: 1 | 2;
  readonly says: RegExp;
  /** The row of docs/when-something-fails.md, of which all is said. */
  readonly row?: string;
}

let directory: string;
let redisUrl: string;
const children: ChildProcess[] = [];
const servers: Server[] = [];
const open: ReadonlySet<Socket>[] = [];
const breakable: BreakableRedis[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "twokey-start-"));
  redisUrl = await freshRedisUrl();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
  for (const sockets of open.splice(0)) for (const socket of sockets) socket.destroy();
  for (const redis of breakable.splice(0)) await redis.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Nothing of the world is asked at a start: addresses where nobody answers are good enough. */
function working(): Env {
  return {
    PATH: process.env["PATH"] ?? "",
    REDIS_URL: redisUrl,
    SLACK_BOT_TOKEN: "xoxb-none",
    SLACK_APP_TOKEN: "xapp-none",
    PAGERDUTY_ROUTING_KEY: "n".repeat(32),
    PAGERDUTY_API_TOKEN: "none-of-it",
    TWOKEY_CONFIG: EXAMPLE,
    TWOKEY_LEDGER_DIR: join(directory, "ledger"),
    TWOKEY_LEDGER_KEY: "k".repeat(40),
    TWOKEY_HTTP_PORT: "0",
    TWOKEY_SANDBOX: "1",
    SLACK_API_URL: "http://127.0.0.1:9/api/",
    PAGERDUTY_HOST: "127.0.0.1:9",
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    TWOKEY_DNS_SERVERS: "127.0.0.1:9",
  };
}

/** Slack, PagerDuty and AWS behind one port. */
const allAt = (port: number): Env => ({
  SLACK_API_URL: `http://127.0.0.1:${port}/api/`,
  PAGERDUTY_HOST: `127.0.0.1:${port}`,
  AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
});

async function vendor(meets: (socket: Socket) => void): Promise<{ readonly port: number; asked(): number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    meets(socket);
  }).listen(0, "127.0.0.1");
  servers.push(server);
  open.push(sockets);
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, asked: () => connections };
}

/** Takes connections and says nothing: no program that a bot could talk to. */
const listening = async (): Promise<number> => (await vendor((socket) => void socket.destroy())).port;

async function written(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const CASES: readonly Case[] = [
  {
    what: "a variable is missing",
    breaks: ({ REDIS_URL: _gone, ...env }) => env,
    code: 2,
    says: /REDIS_URL/,
  },
  {
    what: "twokey.yaml is not there",
    breaks: (env) => ({ ...env, TWOKEY_CONFIG: join(directory, "none.yaml") }),
    code: 2,
    says: /none\.yaml cannot be read: .*TWOKEY_CONFIG names the file/,
    row: "twokey.yaml is not there",
  },
  {
    what: "twokey.yaml is wrong",
    breaks: async (env) => ({
      ...env,
      TWOKEY_CONFIG: await written("bad.yaml", (await readFile(EXAMPLE, "utf8")).replace(/^services:/m, "servces:")),
    }),
    code: 2,
    says: /servces/,
  },
  {
    what: "Redis does not answer",
    breaks: async (env) => ({ ...env, REDIS_URL: `redis://127.0.0.1:${await listening()}` }),
    code: 1,
    says: /^TwoKey could not start: Redis does not answer\. Check REDIS_URL/,
    row: "redis-unreachable",
  },
  {
    what: "Redis refuses the password",
    breaks: (env) => ({ ...env, REDIS_URL: Object.assign(new URL(redisUrl), { password: "wrong" }).href }),
    code: 1,
    says: /^TwoKey could not start: Redis refuses the user or the password\. Put the right ones into REDIS_URL, and start again\. ← WRONGPASS/,
  },
  {
    what: "Redis is full before anything of TwoKey stands in it",
    breaks: async (env) => {
      const full = await BreakableRedis.start();
      breakable.push(full);
      await full.fill();
      return { ...env, REDIS_URL: full.url };
    },
    code: 1,
    says: /^TwoKey could not start: Redis is full and takes no writes\. Give it more memory: see .*\. ← .*OOM/,
  },
  {
    what: "the key that says whose Redis it is was changed",
    breaks: async (env) => {
      const redis = new Redis(redisUrl);
      await redis.set(KEYS.installation, '{"environment":"production"}');
      redis.disconnect();
      return env;
    },
    code: 1,
    says: /^TwoKey could not start: The key \{twokey\}:installation in Redis does not say whose store it is\. .*\.$/m,
    row: "redis-installation-unreadable",
  },
  {
    what: "the port is taken",
    breaks: async (env) => ({ ...env, TWOKEY_HTTP_PORT: String(await listening()) }),
    code: 1,
    says: /^TwoKey could not start: Port \d+ on 127\.0\.0\.1 is taken by another program\. .*TWOKEY_HTTP_PORT\.$/m,
    row: "port-taken",
  },
  {
    what: "the address is not this machine's",
    breaks: (env) => ({ ...env, TWOKEY_HTTP_HOST: "192.0.2.1" }),
    code: 1,
    says: /^TwoKey could not start: TwoKey cannot listen on 192\.0\.2\.1, port 0\./,
    row: "port-refused",
  },
  {
    what: "the ledger has a damaged line",
    breaks: async (env) => {
      await mkdir(join(directory, "ledger"));
      await written("ledger/twokey.jsonl", "not a line\n");
      return env;
    },
    code: 1,
    says: /^TwoKey could not start: .*twokey\.jsonl has a damaged line 1\./,
    row: "ledger-damaged",
  },
  {
    what: "the ledger's directory is a file",
    breaks: async (env) => ({ ...env, TWOKEY_LEDGER_DIR: await written("ledger", "") }),
    code: 1,
    says: /^TwoKey could not start: The ledger .* cannot be opened\. Check TWOKEY_LEDGER_DIR/,
    row: "ledger-unusable",
  },
  {
    what: "a certificate file is missing",
    breaks: (env) => ({ ...env, TWOKEY_SNS_CA: join(directory, "none.pem") }),
    code: 1,
    says: /^TwoKey could not start: The certificates in .*none\.pem cannot be read: there is no such file\. Mend TWOKEY_SNS_CA\.$/m,
    row: "a certificate file that is missing",
  },
];

test.each(CASES)(
  "$what: the start says so in one sentence and leaves nothing behind",
  async ({ breaks, code, says, row }) => {
    const { port, asked } = await vendor((socket) => void socket.destroy());
    const child = spawn(process.execPath, [QUICKER_START, BOT], {
      env: await breaks({ ...working(), ...allAt(port) }),
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.push(child);
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });

    const [exitCode, signal] = await once(child, "close");

    expect({ exitCode, signal }).toEqual({ exitCode: code, signal: null });
    expect(said).toMatch(says);
    for (const sentence of row === undefined ? [] : quotationsOf(row)) expect(said).toMatch(sentence);
    expect(said).not.toMatch(/\n\s+at /);
    // Of what is configured wrongly every problem is told; anything else is one line.
    if (code === 1) expect(said.trim().split("\n")).toHaveLength(1);
    // A page would have come by a vendor's socket.
    expect(asked()).toBe(0);
    expect(await leftIn(redisUrl)).toEqual([]);
  },
  ENDS_WITHIN_MS,
);

/** Resolves to the port of a bot that is ready. */
function ready(child: ChildProcessByStdio<null, Readable, null>): Promise<number> {
  return new Promise((resolve) => {
    let log = "";
    child.stdout.on("data", (chunk) => {
      log += String(chunk);
      const port = /"port":(\d+).*"msg":"TwoKey is ready"/.exec(log)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

function started(env: Env): ChildProcessByStdio<null, Readable, null> {
  const child = spawn(process.execPath, [QUICKER_START, BOT], { env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

test(
  "a bot with all of it right starts, says its port, and ends when it is told to",
  async () => {
    const child = started(working());
    const port = await ready(child);

    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "close")).toEqual([0, null]);
  },
  ENDS_WITHIN_MS,
);

test(
  "a bot that is told to end while Redis is away ends all the same, within its limit",
  async () => {
    const redis = await BreakableRedis.start();
    try {
      const child = started({ ...working(), REDIS_URL: redis.url });
      const log = text(child.stdout);
      await ready(child);
      await redis.kill();

      child.kill("SIGTERM");

      const [code, signal] = await once(child, "close");
      expect([[0, 1].includes(code), signal]).toEqual([true, null]);
      expect(await log).toContain("Handing work over");
    } finally {
      await redis.stop();
    }
  },
  ENDS_WITHIN_MS,
);

test(
  "a bot that is told to end while every vendor takes connections and answers nothing ends within its limit",
  async () => {
    const { port, asked } = await vendor(() => undefined);
    const child = started({ ...working(), ...allAt(port) });
    await ready(child);
    await eventually("a vendor that is asked", () => (asked() > 0 ? true : undefined));

    const fromMs = Date.now();
    child.kill("SIGTERM");

    const [code, signal] = await once(child, "close");
    expect([[0, 1].includes(code), signal]).toEqual([true, null]);
    // Its own limit, and what a busy machine takes to end a process.
    expect(Date.now() - fromMs).toBeLessThan(STOPS_WITHIN_MS);
  },
  ENDS_WITHIN_MS,
);

test(
  "a bot that is told to end before it is ready ends within its limit, says so in one sentence, and leaves nothing behind",
  async () => {
    const { port, asked } = await vendor(() => undefined);
    const env = { ...working(), REDIS_URL: `redis://127.0.0.1:${port}` };
    const child = spawn(process.execPath, [QUICKER_START, BOT], { env, stdio: ["ignore", "ignore", "pipe"] });
    children.push(child);
    const said = text(child.stderr);
    await eventually("a Redis that is asked", () => (asked() > 0 ? true : undefined));

    child.kill("SIGTERM");

    expect(await once(child, "close")).toEqual([0, null]);
    expect(await said).toBe("TwoKey was told to stop (SIGTERM) before it was ready: nothing is left open.\n");
    expect(await leftIn(redisUrl)).toEqual([]);
  },
  ENDS_WITHIN_MS,
);

test.each([
  [
    "a promise that nobody handled",
    "Promise.reject(new Error('nobody expects it'))",
    "A promise was rejected and nobody handled it",
  ],
  [
    "an error that nobody caught",
    "(() => { throw new Error('nobody expects it') })()",
    "An error was thrown and nobody caught it",
  ],
])(
  "%s ends a bot with exit code 1, and the log says which",
  async (_what, fails, says) => {
    const breaks = `data:text/javascript,process.once("SIGUSR2",()=>${encodeURIComponent(fails)})`;
    const child = spawn(process.execPath, [QUICKER_START, "--import", breaks, BOT], {
      env: working(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const log = text(child.stdout);
    await ready(child);

    child.kill("SIGUSR2");

    expect(await once(child, "close")).toEqual([1, null]);
    const lines = (await log)
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ msg: says, error: "nobody expects it" }));
  },
  ENDS_WITHIN_MS,
);

/**
 * A call of a disk that never returns, from the first moment on or from SIGUSR2: a FIFO that nobody writes to is opened as a file
 * on a dead network disk is.
 */
const hanging = (path: string, then = ""): string =>
  `data:text/javascript,import{open}from"node:fs";import{execFileSync}from"node:child_process";${encodeURIComponent(
    `execFileSync("mkfifo",[${JSON.stringify(path)}]);const hang=()=>{open(${JSON.stringify(path)},"r",()=>{});${then}};`,
  )}${then === "" ? "hang()" : 'process.once("SIGUSR2",hang)'}`;

test(
  "a bot that is told to end while a call of a disk never returns is gone within its limit",
  async () => {
    const child = spawn(process.execPath, [QUICKER_START, "--import", hanging(join(directory, "fifo")), BOT], {
      ...{ env: working(), stdio: ["ignore", "pipe", "inherit"] },
    });
    children.push(child);
    const log = text(child.stdout);
    await ready(child);

    const fromMs = Date.now();
    child.kill("SIGTERM");

    expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
    expect(Date.now() - fromMs).toBeLessThan(STOPS_WITHIN_MS);
    expect(await log).toMatch(/Handing work over/);
  },
  ENDS_WITHIN_MS,
);

test(
  "an error that nobody caught ends a bot while a call of a disk never returns, and the log says which",
  async () => {
    const breaks = hanging(join(directory, "fifo"), "throw new Error('nobody expects it')");
    const child = spawn(process.execPath, [QUICKER_START, "--import", breaks, BOT], {
      ...{ env: working(), stdio: ["ignore", "pipe", "inherit"] },
    });
    children.push(child);
    const log = text(child.stdout);
    await ready(child);

    child.kill("SIGUSR2");

    expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
    expect(await log).toMatch(/"error":"nobody expects it","msg":"An error was thrown and nobody caught it"/);
  },
  ENDS_WITHIN_MS,
);

test(
  "a start that fails ends while a call of a disk never returns, and says why",
  async () => {
    const { REDIS_URL: _gone, ...env } = working();
    const child = spawn(process.execPath, [QUICKER_START, "--import", hanging(join(directory, "fifo")), BOT], {
      ...{ env, stdio: ["ignore", "ignore", "pipe"] },
    });
    children.push(child);
    const said = text(child.stderr);

    expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
    expect(await said).toMatch(/REDIS_URL/);
  },
  ENDS_WITHIN_MS,
);

/** Locks of jobs that somebody was about to do. */
async function leftIn(url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    return await redis.keys("*:lock");
  } finally {
    redis.disconnect();
  }
}
