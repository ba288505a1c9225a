import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { whyUnwritable } from "../../src/store/disk-probe.ts";

const LOADER = fileURLToPath(new URL("../cards/typescript.mjs", import.meta.url));
const CHILD = fileURLToPath(new URL("unwritable-disk.mjs", import.meta.url));
/** Nobody: the one user who may write nowhere by right. */
const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "twokey-unwritable-"));
});
afterEach(async () => {
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true });
});

/** What another process finds there: as somebody whom rights bind, or with few files that it may open. */
async function found(how: { readonly uid?: number; readonly files?: number } = {}): Promise<string> {
  const node = [process.execPath, "--no-warnings", "--import", LOADER, CHILD, directory];
  const args = how.files === undefined ? node : [...node, "all-files-open"];
  const shell = ["-c", `ulimit -n ${how.files ?? 1_024}; exec "$0" "$@"`, ...args];
  const options = how.uid === undefined ? {} : { uid: how.uid, gid: how.uid };
  return (await promisify(execFile)("sh", shell, { ...options, env: { PATH: process.env["PATH"] ?? "" } })).stdout;
}

test("EACCES, EPERM: a directory that TwoKey's user may not write into is said as that", async () => {
  await chmod(directory, 0o555);

  expect(await found(IS_ROOT ? { uid: NOBODY } : {})).toBe("TwoKey's user may not write there (EACCES)");
});

test("EMFILE: a process that has every file open that it may says so of the ledger", async () => {
  expect(await found({ files: 200 })).toBe("this process has too many files open (EMFILE)");
});

test("EROFS: a disk that is mounted to be read alone is said as that", async () => {
  const mounts = 'mount -t tmpfs -o ro,size=64k none "$0" && echo mounted && exec cat';
  const rights = IS_ROOT ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
  const holder = spawn("unshare", [...rights, "sh", "-c", mounts, directory], { stdio: ["pipe", "pipe", "inherit"] });
  const isMounted = await Promise.race([
    once(holder.stdout, "data").then(() => true),
    once(holder, "exit").then(() => false),
  ]);
  // Where nobody may mount, /proc is the one file system that takes no file: another answer of the kernel, for the same reason.
  const seen = await whyUnwritable(isMounted ? `/proc/${holder.pid}/root${directory}` : "/proc", "bot-1");
  holder.stdin.end();
  if (holder.exitCode === null) await once(holder, "exit");

  expect(seen).toBe(isMounted ? "its disk is read-only (EROFS)" : "its directory does not exist (ENOENT)");
});
