import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { UserError } from "../../domain/errors.ts";
import type { Logger } from "../../ports/logger.ts";
import { type ClaimedDirectory, claimDirectory } from "./directory.ts";
import { askToEnd, LOOPBACK, type PrivateAddress, type ServerInfo, untilReady, whoListens } from "./probe.ts";
import type { Program } from "./programs.ts";
import { type SupervisedServer, superviseServer } from "./supervisor.ts";

/** A free port may be taken between the moment it was found and the moment the server binds it. */
const PORT_TRIES = 5;
/** Reading a long append-only file takes its time. */
const READY_LIMIT_MS = 60_000;
const ORPHAN_END_LIMIT_MS = 10_000;
const UNCLEAR_LIMIT_MS = 2_000;
const LOOK_EVERY_MS = 20;
const PASSWORD_BYTES = 24;
const DEFAULT_DATABASES = 16;
const SETTINGS_FILE = "redis.conf";

export interface OwnServer {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

export interface ServerWish {
  readonly program: Program;
  readonly dataDir: string | undefined;
  readonly databases: number | undefined;
  readonly path: string;
  readonly log: Logger;
}

/** A private server on a directory of its own. Throws UserError `redis-directory-in-use` or `redis-not-started`. */
export async function startServer(wish: ServerWish): Promise<OwnServer> {
  let said = "";
  for (let tries = 0; tries < PORT_TRIES; tries += 1) {
    const started = await startOnce(wish);
    if (typeof started !== "string") return started;
    said = started;
    if (!said.includes("Address already in use")) break;
  }
  throw new UserError("redis-not-started", `The private Redis did not start: ${lastLines(said)}`);
}

/** The server, or what it said before it ended; the directory is left as nobody's then. */
async function startOnce(wish: ServerWish): Promise<OwnServer | string> {
  const temporary = wish.dataDir === undefined;
  const directory = await claimDirectory(wish.dataDir ?? (await mkdtemp(join(tmpdir(), "twokey-redis-"))));
  const leave = async () => {
    await directory.release();
    if (temporary) await rm(directory.path, { recursive: true, force: true });
  };
  try {
    await endOrphan(directory, wish.log);
    const address = { port: await findFreePort(), password: randomBytes(PASSWORD_BYTES).toString("base64url") };
    await writeSettings(directory, address, wish.databases ?? DEFAULT_DATABASES);
    const { program, path } = wish;
    const run = { program, args: [SETTINGS_FILE], directory: directory.path, removeDirectory: temporary, path };
    const server = superviseServer(run);
    const stop = stopOnce(server, leave);
    const answer = await readyOrEnded(server, address);
    if (typeof answer === "string") {
      await stop();
      return answer;
    }
    void server.ended.then((said) => {
      if (!stop.asked()) wish.log.error({ said: lastLines(said) }, "The private Redis ended without being asked to");
    });
    return { url: urlOf(address), version: answer.version, stop };
  } catch (error) {
    await leave();
    throw error;
  }
}

const urlOf = ({ port, password }: PrivateAddress) => `redis://:${password}@${LOOPBACK}:${port}/0`;

/** What the server tells about itself, or what it said before it ended. */
async function readyOrEnded(server: SupervisedServer, address: PrivateAddress): Promise<ServerInfo | string> {
  const giveUp = new AbortController();
  const limit = setTimeout(() => giveUp.abort(), READY_LIMIT_MS);
  try {
    const ready = untilReady(address, giveUp.signal).catch(
      () => `it did not answer within ${READY_LIMIT_MS / 1_000} s`,
    );
    return await Promise.race([server.ended, ready]);
  } finally {
    clearTimeout(limit);
    giveUp.abort();
  }
}

const lastLines = (text: string) => text.split("\n").slice(-3).join(" ").trim() || "it ended without a word";

async function findFreePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, LOOPBACK);
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string")
    throw new UserError("redis-not-started", "No free port was found.");
  return address.port;
}

/**
 * The settings, and with them the password, go through a file that only we can read: a command line is everybody's to see.
 * Directories are not named in it, because the server is started inside its own.
 */
async function writeSettings(directory: ClaimedDirectory, address: PrivateAddress, databases: number): Promise<void> {
  const settings = [
    `bind ${LOOPBACK}`,
    `port ${address.port}`,
    `requirepass ${address.password}`,
    `databases ${databases}`,
    "daemonize no",
    "loglevel warning",
    // Every acknowledged write survives a power cut; a journal is worth the few hundred microseconds.
    "appendonly yes",
    "appendfsync always",
    'save ""',
    "maxmemory-policy noeviction",
    // Far more than a rehearsal needs; without a limit TwoKey would say in its channel that nobody is warned.
    "maxmemory 1gb",
  ];
  const file = join(directory.path, SETTINGS_FILE);
  await rm(file, { force: true });
  await writeFile(file, `${settings.join("\n")}\n`, { mode: 0o600, flag: "wx" });
}

/**
 * A server whose process and whose supervisor were both killed still writes to this directory. Two servers on one
 * append-only file destroy it, so it is ended first; what listens but does not answer may be that server, and is not risked.
 */
async function endOrphan(directory: ClaimedDirectory, log: Logger): Promise<void> {
  const file = join(directory.path, SETTINGS_FILE);
  const address = readAddress(await readFile(file, "utf8").catch(() => ""));
  if (!address) return;
  const sinceMs = performance.now();
  let listener = await whoListens(address, file);
  let isAsked = false;
  // One that is ending already may close the connection instead of answering: it is looked at again, not given up.
  const mayTake = () => performance.now() - sinceMs < (isAsked ? ORPHAN_END_LIMIT_MS : UNCLEAR_LIMIT_MS);
  while ((listener === "ours" || listener === "unclear") && mayTake()) {
    if (listener === "ours" && !isAsked) {
      isAsked = true;
      log.warn({ port: address.port }, "A Redis without its owner was found on the data directory and is ended");
      await askToEnd(address);
    }
    await wait(LOOK_EVERY_MS);
    listener = await whoListens(address, file);
  }
  if (listener === "nobody" || listener === "other") return;
  const what = `What listens on port ${address.port} may be the last Redis of ${directory.path} and cannot be ended`;
  throw new UserError("redis-directory-in-use", `${what}; end it, or delete ${file} if it is something else.`);
}

function readAddress(settings: string): PrivateAddress | undefined {
  const port = /^port (\d+)$/m.exec(settings)?.[1];
  const password = /^requirepass (\S+)$/m.exec(settings)?.[1];
  return port === undefined || password === undefined ? undefined : { port: Number(port), password };
}

interface Stop {
  (): Promise<void>;
  asked(): boolean;
}

function stopOnce(server: SupervisedServer, leave: () => Promise<void>): Stop {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= server.stop().then(leave);
    return stopping;
  };
  return Object.assign(stop, { asked: () => stopping !== undefined });
}
