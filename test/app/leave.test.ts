import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const LEAVE = new URL("../../src/app/leave.ts", import.meta.url).href;
const TYPESCRIPT = fileURLToPath(new URL("../cards/typescript.mjs", import.meta.url));

/** How a process ends that does this first and then leaves with the code 3. */
async function left(first: string) {
  const program = `import { open } from "node:fs"; import { leave } from "${LEAVE}"; ${first}; setImmediate(() => leave(3));`;
  const child = spawn(process.execPath, ["--import", TYPESCRIPT, "--input-type=module", "-e", program], {
    stdio: "ignore",
  });
  return once(child, "close");
}

test("a process leaves with its code", async () => {
  expect(await left("")).toEqual([3, null]);
});

test("guard hung disk: a process leaves although a call of a disk never returns", async () => {
  const directory = await mkdtemp(join(tmpdir(), "twokey-leave-"));
  try {
    // A FIFO that nobody writes to is opened as a file on a dead network disk is.
    const fifo = join(directory, "fifo");
    execFileSync("mkfifo", [fifo]);
    expect(await left(`open("${fifo}", "r", () => undefined)`)).toEqual([null, "SIGKILL"]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
