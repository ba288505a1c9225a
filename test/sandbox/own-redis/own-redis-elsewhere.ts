import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { transform } from "@swc/core";
import { z } from "zod";

const OWN = "src/sandbox/own-redis";
/** What it imports from elsewhere. */
const BESIDE = ["src/domain/errors.ts", "src/ports/logger.ts", "src/store/leave.ts"];
/** Up to the ending, which the compiler rewrites as well. */
const RELATIVE_IMPORT = /(from "\.[^"]*)\.ts(?=")/g;
/** Translates the sources as they are now, so that a plain process can run them; `folder` then holds `src` and `owner.mjs`. */
export async function translateInto(folder: string): Promise<void> {
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  const own = (await readdir(OWN)).filter((name) => name.endsWith(".ts")).map((name) => join(OWN, name));
  for (const source of [...own, ...BESIDE]) {
    const { code } = await transform(await readFile(source, "utf8"), {
      jsc: { parser: { syntax: "typescript" }, target: "es2023" },
      module: { type: "es6" },
    });
    const translated = join(folder, source.replace(/\.ts$/, ".js"));
    await mkdir(dirname(translated), { recursive: true });
    await writeFile(translated, code.replaceAll(RELATIVE_IMPORT, "$1.js"));
  }
  await writeFile(join(folder, "owner.mjs"), OWNER);
}

/** Starts a private Redis, says where, and then does nothing for as long as it lives. */
const OWNER = `
import { ensureRedis } from "./src/sandbox/own-redis/own-redis.js";
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
const { url } = await ensureRedis({ ...JSON.parse(process.argv[2]), log });
process.stdout.write(JSON.stringify({ url }) + "\\n");
setInterval(quiet, 60_000);
`;

export interface Owner {
  readonly process: ChildProcess;
  readonly url: string;
}

/** A process of its own that owns a private Redis. */
export async function startOwner(folder: string, options: { path: string; dataDir?: string }): Promise<Owner> {
  const child = spawn(process.execPath, [join(folder, "owner.mjs"), JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  return { process: child, url: z.strictObject({ url: z.string() }).parse(JSON.parse(String(line))).url };
}

export interface Family {
  readonly server: number;
  readonly supervisor: number;
  readonly guard: number;
}

/** The three processes of a private server, found from the server's own number. */
export async function familyOf(server: number): Promise<Family> {
  const supervisor = await parentOf(server);
  for (const pid of await allPids()) {
    if (pid !== server && (await parentOf(pid)) === supervisor)
      return { server, supervisor: supervisor ?? 0, guard: pid };
  }
  throw new Error(`process ${supervisor} has no child but the server`);
}

export async function allPids(): Promise<number[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function parentOf(pid: number): Promise<number | undefined> {
  const fields = await statOf(pid);
  return fields === undefined ? undefined : Number(fields[1]);
}

/** False for a process that has ended but whose parent has not looked yet. */
export async function isAlive(pid: number): Promise<boolean> {
  const fields = await statOf(pid);
  return fields !== undefined && fields[0] !== "Z";
}

async function statOf(pid: number): Promise<string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Resolves with the time it took, ms; rejects after the limit. */
export async function until(claim: () => Promise<boolean>, limitMs: number): Promise<number> {
  const start = performance.now();
  while (!(await claim())) {
    if (performance.now() - start > limitMs) throw new Error(`not so after ${limitMs} ms`);
    await wait(10);
  }
  return performance.now() - start;
}
