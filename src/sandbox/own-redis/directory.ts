import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { UserError } from "../../domain/errors.ts";
import { lifeOf, ProcessIdentity, thisProcess } from "./processes.ts";

/** A data directory that this process, and nobody else, may run a server on. */
export interface ClaimedDirectory {
  /** Without symbolic links, as the server itself names it. */
  readonly path: string;
  release(): Promise<void>;
}

const OWNER = /^owner-[0-9a-f]{16}\.json$/;
/** Two that look at the same moment both step back; after a random pause one of them is first. */
const CLAIM_TRIES = 6;
const LONGEST_PAUSE_MS = 120;

/**
 * Mutual exclusion without anything that could be left locked. Each process writes a file of its own and only then looks
 * for others: of two that come at once, at least one sees the other. A dead process's file can be deleted by anybody at any
 * time, because no file is ever used twice; a single lock file could not be taken over without a moment in which a third
 * process's fresh lock is deleted instead.
 */
export async function claimDirectory(dataDir: string): Promise<ClaimedDirectory> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = await realpath(dataDir);
  let other = "";
  for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
    if (tries > 0) await wait(Math.random() * LONGEST_PAUSE_MS);
    const mine = await writeOwner(path);
    const found = await otherOwner(path, mine);
    if (found === undefined) return { path, release: () => rm(join(path, mine), { force: true }) };
    other = found;
    await rm(join(path, mine), { force: true });
  }
  throw new UserError("redis-directory-in-use", `The data directory ${path} is in use: ${other}.`);
}

async function writeOwner(path: string): Promise<string> {
  const id = randomBytes(8).toString("hex");
  const [name, draft] = [`owner-${id}.json`, `draft-${id}`];
  const file = await open(join(path, draft), "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify(await thisProcess()));
    await file.sync();
  } finally {
    await file.close();
  }
  // Renamed when complete, so that an owner's file is never seen half written.
  await rename(join(path, draft), join(path, name));
  return name;
}

/** Who else is there, as part of a sentence; files of the dead are cleared away. */
async function otherOwner(path: string, mine: string): Promise<string | undefined> {
  for (const name of (await readdir(path)).filter((entry) => OWNER.test(entry) && entry !== mine)) {
    const file = join(path, name);
    const owner = await readOwner(file);
    if (owner === "gone") continue;
    if (owner === "unreadable") return `${file} cannot be read; delete it if no TwoKey uses this directory`;
    switch (await lifeOf(owner)) {
      case "alive":
        return `process ${owner.pid} runs a Redis on it; end that one, or give this one another directory`;
      case "unknowable":
        return `a process of another container or machine claimed it; delete ${file} if that one is gone`;
      case "dead":
        await rm(file, { force: true });
    }
  }
  return undefined;
}

async function readOwner(file: string): Promise<ProcessIdentity | "gone" | "unreadable"> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? undefined : "",
  );
  if (text === undefined) return "gone";
  try {
    return ProcessIdentity.parse(JSON.parse(text));
  } catch {
    return "unreadable";
  }
}
