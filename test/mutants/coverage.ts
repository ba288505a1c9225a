import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Mutant, Mutated } from "./instrument.ts";
import { type Report, runTests } from "./jest-run.ts";

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
  file: z.string(),
  coverage: z.looseObject({ static: Reached, perTest: z.record(z.string(), Reached) }),
});

/** What the tests came to; written last, so its presence says that the run was whole. */
const Came = z.strictObject({
  /** Milliseconds of each test that passed, by file and full name. */
  took: z.record(z.string(), z.number()),
  failed: z.array(z.string()),
});
type Came = z.infer<typeof Came>;

export interface Timed {
  /** Full name. */
  readonly name: string;
  /** What it took in the dry run, in milliseconds. */
  readonly costMs: number;
}

/** What one test file can say of a mutant. */
export interface Covering {
  /** Below the root. */
  readonly file: string;
  /** The tests that reach it, or of one that takes effect when its file is loaded, that reach something of that file; quickest first. */
  readonly tests: readonly Timed[];
  /** It is loaded, and nothing of its file is reached: each test may notice, none more than another. */
  readonly isOnlyLoaded: boolean;
  /** Mutants that this file reaches at all: a file that reaches few says more about each. */
  readonly breadth: number;
}

export interface Coverage {
  /** By mutant id. */
  readonly of: ReadonlyMap<string, readonly Covering[]>;
  readonly tests: number;
  /** Tests that fail although no mutant is switched on; they are not asked, and no result is well with one of them. */
  readonly failed: readonly string[];
}

/** Runs the tests once without a mutant, unless that stands in `into` already, and reads which of them reaches which. */
export async function cover({ directory, mutants }: Mutated, processes: number, into: string): Promise<Coverage> {
  const known = await readFile(join(into, "came"), "utf8").catch(() => undefined);
  const came = known === undefined ? await runOnce(directory, processes, into) : Came.parse(JSON.parse(known));
  const took = new Map(Object.entries(came.took));
  return { of: await read(into, took, mutants), tests: took.size, failed: came.failed };
}

async function runOnce(directory: string, processes: number, into: string): Promise<Came> {
  // What a run that was cut off wrote would count twice.
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
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
  const came = cameOf(report, directory);
  await writeFile(join(into, "came"), JSON.stringify(came));
  return came;
}

function cameOf({ testResults }: Report, directory: string): Came {
  const took: Record<string, number> = {};
  const failed: string[] = [];
  for (const { name, status, assertionResults } of testResults) {
    const file = name.slice(directory.length + 1);
    if (status === "failed" && assertionResults.length === 0) failed.push(`${file} does not load`);
    for (const { fullName, status: came, duration } of assertionResults)
      if (came === "passed") took[`${file} ${fullName}`] = duration ?? 0;
      else failed.push(`${file}: ${fullName}`);
  }
  return { took, failed };
}

async function read(into: string, took: ReadonlyMap<string, number>, mutants: readonly Mutant[]) {
  const sourceOf = new Map(mutants.map(({ id, file }) => [id, file]));
  const of = new Map<string, Covering[]>();
  const written = (await readdir(into)).filter((name) => name.endsWith(".json"));
  for (const each of written) {
    const { file, coverage } = Written.parse(JSON.parse(await readFile(join(into, each), "utf8")));
    const passed = Object.entries(coverage.perTest).filter(([name]) => took.has(`${file} ${name}`));
    const byId = new Map<string, Set<string>>();
    const bySource = new Map<string, Set<string>>();
    for (const [name, reached] of passed)
      for (const id of Object.keys(reached)) {
        add(byId, id, name);
        add(bySource, sourceOf.get(id), name);
      }
    for (const id of Object.keys(coverage.static)) byId.set(id, bySource.get(sourceOf.get(id) ?? "") ?? new Set());
    const timed = (names: Iterable<string>): Timed[] =>
      Array.from(names, (name) => ({ name, costMs: took.get(`${file} ${name}`) ?? 0 })).toSorted(
        (one, other) => one.costMs - other.costMs,
      );
    const all = timed(passed.map(([name]) => name));
    for (const [id, names] of byId) {
      const isOnlyLoaded = names.size === 0;
      const tests = isOnlyLoaded ? all : timed(names);
      if (tests.length > 0) of.set(id, [...(of.get(id) ?? []), { file, tests, isOnlyLoaded, breadth: byId.size }]);
    }
  }
  return of;
}

function add(to: Map<string, Set<string>>, key = "", name: string): void {
  const known = to.get(key);
  if (known) known.add(name);
  else to.set(key, new Set([name]));
}
