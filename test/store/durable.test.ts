import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { z } from "zod";

const PROGRAM = fileURLToPath(new URL("durable.mjs", import.meta.url));
const LOADER = fileURLToPath(new URL("../cards/typescript.mjs", import.meta.url));
const Trace = z.object({ traceEvents: z.array(z.object({ cat: z.string(), name: z.string(), ph: z.string() })) });
const run = promisify(execFile);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "twokey-durable-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("guard durable line: each line of the ledger is on the disk before it counts", async () => {
  const trace = join(folder, "trace.json");
  const traced = ["--trace-event-categories", "node.fs.async", "--trace-event-file-pattern", trace];
  await run(process.execPath, [...traced, "--no-warnings", "--import", LOADER, PROGRAM, join(folder, "lines")]);

  const { traceEvents } = Trace.parse(JSON.parse(await readFile(trace, "utf8")));
  const ended = traceEvents.filter(({ cat, ph }) => cat.includes("node.fs") && ph === "e").map(({ name }) => name);
  expect(ended.filter((name) => name === "write" || name === "fdatasync")).toEqual([
    ...["write", "fdatasync"],
    ...["write", "fdatasync"],
  ]);
});
