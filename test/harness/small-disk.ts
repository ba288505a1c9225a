import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readdir, rm, stat, statfs, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

/** A file system gives whole pages: what is left of a file's last one takes a little more although nothing is free. */
export const PAGE_BYTES = 4_096;

/** A disk that can be filled while somebody writes there. */
export interface SmallDisk {
  readonly directory: string;
  /** What is said of a write that it refuses, as people read it. */
  readonly refuses: string;
  /** From here on so many pages are free. */
  leave(pages: number): Promise<void>;
  makeRoom(): Promise<void>;
  /** How many bytes the file can still grow by, while nobody else writes. */
  room(): Promise<number>;
  /** A process that writes there; told of each one again. */
  holds(pid: number | undefined): Promise<void>;
  /** Nothing of it is left, also where this process ends otherwise. */
  stop(): Promise<void>;
}

/**
 * A file system of its own, which ends with the process that mounted it. Where none can be mounted, the same pages as a limit on
 * files, and says so. `file`: the one there that is meant to find no room.
 */
export async function smallDisk(file: string): Promise<SmallDisk> {
  const directory = await mkdtemp(join(tmpdir(), "twokey-disk-"));
  const refusals: string[] = [];
  for (const rights of WITH_RIGHTS) {
    const mount = await mounted(directory, rights);
    if (typeof mount !== "string") return fullDisk(directory, file, mount);
    refusals.push(mount);
  }
  process.stdout.write(
    `NO DISK OF ITS OWN can be mounted here (${refusals.join("; ")}): the ledger meets a limit on files, EFBIG, and no full disk, ENOSPC\n`,
  );
  return limitedFiles(directory, file);
}

/** As root, and as anybody whom the kernel lets be root in a namespace of their own. */
const WITH_RIGHTS = [["--mount"], ["--user", "--map-root-user", "--mount"]];
const MOUNTS = `mount -t tmpfs -o size=${64 * PAGE_BYTES},mode=700 none "$0" && echo mounted && exec cat`;
const FILLER = "filler";

type Holder = ChildProcessByStdio<Writable, Readable, Readable>;

/** The process in whose sight it is mounted: for nobody else, and no longer than it lives. Otherwise why not. */
async function mounted(directory: string, rights: readonly string[]): Promise<Holder | string> {
  const holder = spawn("unshare", [...rights, "sh", "-c", MOUNTS, directory], { stdio: "pipe" });
  const failed = Promise.race([once(holder, "error").then(String), text(holder.stderr)]);
  const isMounted = await Promise.race([once(holder.stdout, "data").then(() => true), failed.then(() => false)]);
  return isMounted ? holder : (await failed).trim();
}

function fullDisk(directory: string, file: string, holder: Holder): SmallDisk {
  const inside = `/proc/${holder.pid}/root${directory}`;
  const filler = join(inside, FILLER);
  const size = async () => (await stat(join(inside, file))).size;
  let until = Number.POSITIVE_INFINITY;
  const makeRoom = async () => {
    until = Number.POSITIVE_INFINITY;
    await rm(filler, { force: true });
  };
  return {
    ...{ directory: inside, refuses: "no room is left on its disk (ENOSPC)", makeRoom },
    leave: async (pages) => {
      await fillFor(inside);
      until = Math.ceil((await size()) / PAGE_BYTES + pages) * PAGE_BYTES;
      await truncate(filler, (await stat(filler)).size - pages * PAGE_BYTES);
    },
    room: async () => until - (await size()),
    holds: async () => undefined,
    stop: async () => {
      holder.stdin.end();
      if (holder.exitCode === null) await once(holder, "exit");
      await rm(directory, { recursive: true });
    },
  };
}

/** Until nothing is free that a draft gives back afterwards either. */
async function fillFor(inside: string): Promise<void> {
  const isPassing = (name: string) => /\.(new|probe)$/.test(name);
  do await fill(join(inside, FILLER));
  while ((await readdir(inside)).some(isPassing) || (await statfs(inside)).bfree > 0);
}

async function fill(path: string): Promise<void> {
  const file = await open(path, "a");
  try {
    for (;;) await file.appendFile(Buffer.alloc(PAGE_BYTES));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    await file.close();
  }
}

/** The next-best: the kernel refuses the very same writes, for another reason. */
function limitedFiles(directory: string, file: string): SmallDisk {
  let limit: number | undefined;
  let held: number | undefined;
  const set = async (bytes: number | undefined) => {
    limit = bytes;
    if (held === undefined) return;
    // The soft one alone: nobody may raise a hard one again.
    await promisify(execFile)("prlimit", [`--pid=${held}`, `--fsize=${bytes ?? "unlimited"}:`]);
  };
  const size = async () => (await stat(join(directory, file))).size;
  return {
    ...{ directory, refuses: "a file there may not grow any more (EFBIG)", makeRoom: () => set(undefined) },
    // Nothing at all: of a process whose files may be as long as they are, shorter ones could be made.
    leave: async (pages) => set(pages === 0 ? 0 : (await size()) + pages * PAGE_BYTES),
    room: async () => Math.max(0, (limit ?? Number.POSITIVE_INFINITY) - (await size())),
    holds: async (pid) => {
      held = pid;
      await set(limit);
    },
    stop: () => rm(directory, { recursive: true }),
  };
}
