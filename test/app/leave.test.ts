import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const LEAVE = new URL("../../src/app/leave.ts", import.meta.url).href;
const TYPESCRIPT = fileURLToPath(new URL("../cards/typescript.mjs", import.meta.url));

/** How a process ends that does this first and then leaves with the code 3. One that dumps its core does so there. */
async function left(first: string) {
  const program = `import { open } from "node:fs"; import { leave } from "${LEAVE}"; ${first}; setImmediate(() => leave(3));`;
  const child = spawn(process.execPath, ["--import", TYPESCRIPT, "--input-type=module", "-e", program], {
    ...{ stdio: "ignore", cwd: directory, env: { ...process.env, UV_THREADPOOL_SIZE: "1" } },
  });
  return once(child, "close");
}

let directory = "";
/** Nobody writes to it: it is opened as a file on a dead network disk is. */
const fifo = () => join(directory, "fifo");

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "twokey-leave-"));
  execFileSync("mkfifo", [fifo()]);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("a process leaves with its code", async () => {
  expect(await left("")).toEqual([3, null]);
});

test("guard hung disk: a process leaves although a call of a disk never returns", async () => {
  expect(await left(`open("${fifo()}", "r", () => undefined)`)).toEqual([null, "SIGKILL"]);
});

test("guard hung close: a process leaves although the close of a file never returns", async () => {
  // The one thread works for hours before it gets to the close.
  const busy = `const file = await (await import("node:fs/promises")).open("${join(directory, "file")}", "w");
    (await import("node:crypto")).pbkdf2("a", "b", 2 ** 31 - 1, 64, "sha512", () => undefined); void file.close()`;
  expect(await left(busy)).toEqual([null, "SIGKILL"]);
});

test("guard first process: one that cannot kill itself, as the first process of a container, leaves all the same", async () => {
  // The kernel drops each signal that such a process sends to itself.
  const hung = `process.kill = () => true; open("${fifo()}", "r", () => undefined)`;
  expect(await left(hung)).toEqual([null, "SIGABRT"]);
});

test("what ends within a second is waited for, and a process leaves with its code", async () => {
  const slow = `open("${fifo()}", "r", () => undefined);
    (await import("node:child_process")).spawn("sh", ["-c", "sleep 0.2; : > ${fifo()}"])`;
  expect(await left(slow)).toEqual([3, null]);
});
