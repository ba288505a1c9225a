import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "./instrument.ts";

const Verdict = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("dead"), by: z.string() }),
  /** No test of those that were asked fails. */
  z.strictObject({ kind: z.literal("survived"), asked: z.number(), left: z.number() }),
  z.strictObject({ kind: z.literal("not-reached") }),
]);
export type Verdict = z.infer<typeof Verdict>;
const Line = z.strictObject({ id: z.string(), verdict: Verdict });

/** What is known already, so that a run that was cut off goes on where it stood. */
export interface Kept {
  /** Where what the tests reach is written. */
  readonly coverage: string;
  /** Where the copy with all changes is made. */
  readonly copy: string;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  write(id: string, verdict: Verdict): Promise<void>;
}

/** Throws where the folder was made from other sources or tests: an id would mean another change there. */
export async function keptIn(folder: string): Promise<Kept> {
  const coverage = join(folder, "coverage");
  await mkdir(coverage, { recursive: true });
  const made = join(folder, "made-from");
  const digest = await digestOf(["src", "test"]);
  const before = await readFile(made, "utf8").catch(() => undefined);
  if (before !== undefined && before !== digest) throw new Error(`${folder} was made from other sources or tests`);
  await writeFile(made, digest);
  const path = join(folder, "verdicts.jsonl");
  const text = await readFile(path, "utf8").catch(() => "");
  // A last line that was cut off is no verdict.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) await writeFile(path, whole);
  const lines = whole.split("\n").filter((line) => line !== "");
  return {
    coverage,
    copy: join(folder, "copy"),
    verdicts: new Map(lines.map((line) => Line.parse(JSON.parse(line))).map(({ id, verdict }) => [id, verdict])),
    write: (id, verdict) => appendFile(path, `${JSON.stringify({ id, verdict })}\n`),
  };
}

async function digestOf(folders: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.toSorted()) hash.update(file.slice(ROOT.length)).update(await readFile(file));
  }
  return hash.digest("hex");
}
