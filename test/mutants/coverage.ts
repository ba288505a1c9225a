import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runTests } from "./jest-run.ts";

/** Tests that read the sources as text, or drive the built product: they do not meet a mutant, or notice nothing but it. */
const LEFT_OUT = [
  "architecture",
  "words",
  "openness",
  "mutants",
  "guards",
  "crash",
  "scenarios",
  "sandbox",
  "worlds",
  "cli",
];

const Reached = z.record(z.string(), z.number());
const Written = z.strictObject({
  testPath: z.string(),
  coverage: z.looseObject({ static: Reached, perTest: z.record(z.string(), Reached) }),
});

/** What one test file can say of a mutant. */
export interface Covering {
  /** Below the root. */
  readonly file: string;
  /** Full names of the tests that reach it; empty: it is reached before the first one, so each may notice. */
  readonly names: readonly string[];
  /** What those tests took in the dry run, in milliseconds. */
  readonly costMs: number;
  /** Mutants that this file reaches at all: a file that reaches few says more about each. */
  readonly breadth: number;
}

export interface Coverage {
  /** By mutant id. */
  readonly of: ReadonlyMap<string, readonly Covering[]>;
  readonly tests: number;
  /** Tests that fail although no mutant is switched on; they are not asked. */
  readonly failed: readonly string[];
}

/** Runs the tests once without a mutant, and reads which of them reaches which. */
export async function cover(directory: string, processes: number): Promise<Coverage> {
  const into = await mkdtemp(join(tmpdir(), "twokey-coverage-"));
  try {
    const { report } = await runTests({
      directory,
      args: [
        ...["--maxWorkers", String(processes)],
        ...["--setupFilesAfterEnv", join(directory, "test/mutants/coverage-setup.mjs")],
        ...["--testPathIgnorePatterns", ...LEFT_OUT.map((room) => `/test/${room}[/.]`)],
      ],
      env: { TWOKEY_MUTANTS_COVERAGE: into },
      timeoutMs: 3_600_000,
    });
    if (report === undefined) throw new Error("The tests without a mutant did not end within an hour");
    const took = new Map<string, number>();
    const failed: string[] = [];
    for (const { name, assertionResults } of report.testResults)
      for (const { fullName, status, duration } of assertionResults) {
        const file = name.slice(directory.length + 1);
        if (status === "passed") took.set(`${file} ${fullName}`, duration ?? 0);
        else failed.push(`${file}: ${fullName}`);
      }
    return { of: await read(into, directory, took), tests: took.size, failed };
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

async function read(into: string, directory: string, took: ReadonlyMap<string, number>) {
  const of = new Map<string, Covering[]>();
  for (const each of await readdir(into)) {
    const { testPath, coverage } = Written.parse(JSON.parse(await readFile(join(into, each), "utf8")));
    const file = testPath.slice(directory.length + 1);
    const passed = Object.entries(coverage.perTest).filter(([name]) => took.has(`${file} ${name}`));
    const names = new Map<string, string[]>();
    for (const [name, reached] of passed)
      for (const id of Object.keys(reached)) names.set(id, [...(names.get(id) ?? []), name]);
    for (const id of Object.keys(coverage.static)) names.set(id, []);
    for (const [id, reaching] of names) {
      const asked = reaching.length > 0 ? reaching : passed.map(([name]) => name);
      const costMs = asked.reduce((sum, name) => sum + (took.get(`${file} ${name}`) ?? 0), 0);
      of.set(id, [...(of.get(id) ?? []), { file, names: reaching, costMs, breadth: names.size }]);
    }
  }
  return of;
}
