import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { LedgerFile } from "../../src/store/ledger-file.ts";
import { verifyLedger } from "../../src/store/ledger-lines.ts";
import { LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const LEDGER = fileURLToPath(new URL("full-disk.mjs", import.meta.url));
/** Blocks of 1,024 bytes: what a process may write to one file. Its signal ignored, a write ends early and the next one fails. */
const WITH_LITTLE_ROOM = `trap '' XFSZ; ulimit -S -f 2; exec "$0" "$@"`;

let bench: StoreBench;
let directory: string;
let path: string;
beforeEach(async () => {
  bench = await StoreBench.start();
  directory = await mkdtemp(join(tmpdir(), "twokey-full-"));
  path = join(directory, "bot.jsonl");
});
afterEach(async () => {
  bench.close();
  await rm(directory, { recursive: true, force: true });
});

/** What became of each act, in a process whose disk is full after two kilobytes. */
async function outcomesOf(acts: readonly string[]): Promise<string[]> {
  const args = [LEDGER, bench.url, directory, LEDGER_KEY.reveal(), String(AT)];
  const child = spawn("bash", ["-c", WITH_LITTLE_ROOM, process.execPath, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(acts.map((says) => `${says}\n`).join(""));
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) said.push(line);
  return said;
}

test("a line that a full disk cut short is taken back: later lines follow the last whole one, and the next start is fine", async () => {
  const said = await outcomesOf(["fits", "x".repeat(4_000), "fits too", "y".repeat(4_000)]);

  const full = "ledger-unwritable: The ledger cannot be written: a file there may not grow any more (EFBIG)";
  expect(said).toEqual(["written", full, "written", full]);
  expect((await readFile(path, "utf8")).match(/fits( too)?|x{9}|y{9}/g)).toEqual(["fits", "fits too"]);
  expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 2, broken: undefined });

  const again = await LedgerFile.open(await bench.connect(), {
    directory,
    process: "bot",
    key: LEDGER_KEY,
    whose: WHOSE,
  });
  await again.append({ atMs: AT, run: "F-1", epoch: 2, kind: "intent", says: "after the restart" });
  await again.close();

  expect([again.torn, await again.disagreement()]).toEqual([undefined, undefined]);
  expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 3, broken: undefined });
  expect(await readdir(directory)).toEqual(["bot.jsonl"]);
});
