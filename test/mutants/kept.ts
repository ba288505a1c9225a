import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Mutant, ROOT } from "./instrument.ts";

type Named = Pick<Mutant, "name" | "file">;

const Verdict = z.discriminatedUnion("kind", [
  /** `test`: the file of the test that failed; absent where it cannot be told which of several did. */
  z.strictObject({ kind: z.literal("dead"), by: z.string(), test: z.string().optional() }),
  /** No test of those that were asked fails. */
  z.strictObject({ kind: z.literal("survived"), asked: z.number(), left: z.number() }),
  z.strictObject({ kind: z.literal("not-reached") }),
  /** Nobody can make this change: it counts for nothing. */
  z.strictObject({ kind: z.literal("does-not-compile") }),
]);
export type Verdict = z.infer<typeof Verdict>;
/** `restsOn`: digest of all that the verdict rests on. */
const Line = z.strictObject({ name: z.string(), restsOn: z.string(), verdict: Verdict });

/** What is known already, so that a run goes on where one before it stood. */
export interface Kept {
  /** Where what the tests reach is written. */
  readonly coverage: string;
  /** Where the copy with all changes is made. */
  readonly copy: string;
  /** What is known of a change, as long as it rests on files that are as they were. */
  of(mutant: Named): Verdict | undefined;
  write(mutant: Named, verdict: Verdict): Promise<void>;
}

/** None of these is asked about a change. */
const OUR_OWN = "/test/mutants";

/**
 * What a test has noticed it notices still while the file of the change and its own file are as they were, and what does not
 * compile does not while its file is; what no test noticed holds only as long as no source and no test has changed. So much is also what other tools for mutants take over.
 */
export async function keptIn(folder: string, root = ROOT): Promise<Kept> {
  await mkdir(folder, { recursive: true });
  const digests = await digestsOf(root, ["src", "test"]);
  const all = digestOf([...digests].flat());
  await forgetWhatOthersReached(folder, all);
  const restsOn = ({ file }: Named, verdict: Verdict): string => {
    if (verdict.kind === "does-not-compile") return digestOf([digests.get(file) ?? ""]);
    if (verdict.kind !== "dead" || verdict.test === undefined) return all;
    return digestOf([digests.get(file) ?? "", digests.get(verdict.test) ?? ""]);
  };
  const path = join(folder, "verdicts.jsonl");
  const known = await linesOf(path);
  return {
    coverage: join(folder, "coverage"),
    copy: join(folder, "copy"),
    of: (mutant) => known.get(mutant.name)?.find((line) => line.restsOn === restsOn(mutant, line.verdict))?.verdict,
    write: (mutant, verdict) =>
      appendFile(path, `${JSON.stringify({ name: mutant.name, restsOn: restsOn(mutant, verdict), verdict })}\n`),
  };
}

/** What the tests reach has to be learnt again after any change: a change of the sources may lead others to it. */
async function forgetWhatOthersReached(folder: string, all: string): Promise<void> {
  const made = join(folder, "made-from");
  const before = await readFile(made, "utf8").catch(() => undefined);
  if (before === all) return;
  await rm(join(folder, "coverage"), { recursive: true, force: true });
  await writeFile(made, all);
}

async function linesOf(path: string): Promise<Map<string, z.infer<typeof Line>[]>> {
  const text = await readFile(path, "utf8").catch(() => "");
  // A last line that was cut off is no verdict.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) await writeFile(path, whole);
  const of = new Map<string, z.infer<typeof Line>[]>();
  for (const each of whole.split("\n").filter((line) => line !== "")) {
    const line = Line.parse(JSON.parse(each));
    of.set(line.name, [line, ...(of.get(line.name) ?? [])]);
  }
  return of;
}

const digestOf = (texts: readonly string[]): string => createHash("sha256").update(texts.join("\n")).digest("hex");

/** Of each file below `root`, such as `src/domain/plan-run/key.ts`. */
async function digestsOf(root: string, folders: readonly string[]): Promise<Map<string, string>> {
  const names: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries)
      if (entry.isFile() && !entry.parentPath.endsWith(OUR_OWN))
        names.push(join(entry.parentPath, entry.name).slice(join(root, "/").length));
  }
  const texts = names
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map(async (name) => [name, digestOf([await readFile(join(root, name), "utf8")])] as const);
  return new Map(await Promise.all(texts));
}
