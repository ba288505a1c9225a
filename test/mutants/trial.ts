import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GuardMutant } from "./choose.ts";
import type { Covering, Timed } from "./coverage.ts";
import type { Mutant } from "./instrument.ts";
import { runTests } from "./jest-run.ts";
import type { Verdict } from "./kept.ts";

/** Tests beyond this much time are not asked any more: what they would notice counts as survived. */
const MOST_TEST_MS = 60_000;
/** Of one file, so that one with slow tests leaves the others their turn. One test of each is asked whatever it takes. */
const MOST_OF_FILE_MS = 10_000;
/** What it takes a file to load the sources, beside its tests' own time. */
const LOAD_MS = 800;
const START_MS = 45_000;
/** One test that hangs, as `npm run guards` gives it. */
const HANGS_MS = 20_000;
/** A mutant that makes the tests so much slower has been noticed by whoever waits for them. */
const SLOWER = 4;

const costOf = (tests: readonly Timed[]): number => tests.reduce((sum, { costMs }) => sum + costMs, 0);
const scoreOf = ({ tests, breadth }: Covering): number => costOf(tests) + breadth;

/**
 * Switches one mutant on, and asks the tests that reach it: first those that are named for its guard, then the file that says
 * most for its time, then the others, and those that only load its file last.
 */
export async function tryOut(
  directory: string,
  mutant: Mutant | GuardMutant,
  covering: readonly Covering[],
): Promise<Verdict> {
  if (covering.length === 0) return { kind: "not-reached" };
  const byScore = covering.map(quickestOf).toSorted((one, other) => scoreOf(one) - scoreOf(other));
  const loading = byScore.filter(({ isOnlyLoaded }) => isOnlyLoaded);
  const reaching = byScore.filter(({ isOnlyLoaded }) => !isOnlyLoaded);
  const asked = withinBudget([...reaching, ...loading]);
  const others = asked.slice(1);
  const turns = [
    ...["shownBy" in mutant ? namedFor(mutant, covering) : [], asked.slice(0, 1)],
    ...[others.filter(({ isOnlyLoaded }) => !isOnlyLoaded), others.filter(({ isOnlyLoaded }) => isOnlyLoaded)],
  ];
  for (const some of turns.filter(({ length }) => length > 0)) {
    const by = await noticedBy(directory, mutant, some);
    if (by !== undefined) return { kind: "dead", ...by };
  }
  return { kind: "survived", asked: asked.length, left: byScore.length - asked.length };
}

function namedFor({ shownBy }: GuardMutant, covering: readonly Covering[]): readonly Covering[] {
  return covering.flatMap((each) => {
    const titles = shownBy.filter(({ file }) => file === each.file).map(({ title }) => title);
    const tests = each.tests.filter(({ name }) => titles.some((title) => name.endsWith(title)));
    return tests.length === 0 ? [] : [{ ...each, tests }];
  });
}

function quickestOf(covering: Covering): Covering {
  let sumMs = 0;
  const tests = covering.tests.filter(({ costMs }, index) => {
    sumMs += costMs;
    return index === 0 || sumMs <= MOST_OF_FILE_MS;
  });
  return { ...covering, tests };
}

function withinBudget(sorted: readonly Covering[]): readonly Covering[] {
  let sumMs = 0;
  return sorted.filter(({ tests }, index) => {
    sumMs += LOAD_MS + costOf(tests);
    return index === 0 || sumMs <= MOST_TEST_MS;
  });
}

type Noticed = Omit<Extract<Verdict, { kind: "dead" }>, "kind">;

async function noticedBy(directory: string, { id }: Mutant, some: readonly Covering[]): Promise<Noticed | undefined> {
  const into = await mkdtemp(join(tmpdir(), "twokey-asked-"));
  try {
    const asked = join(into, "asked.json");
    await writeFile(asked, JSON.stringify(some.flatMap(({ tests }) => tests.map(({ name }) => name))));
    return await askedOf(some, { directory, env: { __STRYKER_ACTIVE_MUTANT__: id, TWOKEY_MUTANTS_ASKED: asked } });
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

async function askedOf(
  some: readonly Covering[],
  { directory, env }: { readonly directory: string; readonly env: Readonly<Record<string, string>> },
): Promise<Noticed | undefined> {
  const files = some.map(({ file }) => file);
  const costMs = SLOWER * some.reduce((sum, { tests }) => sum + costOf(tests), 0);
  const timeoutMs = START_MS + costMs;
  const { report, isInTime } = await runTests({
    directory,
    args: [
      ...["-i", "--env", join(directory, "test/mutants/asked-environment.mjs")],
      ...["--testSequencer", join(directory, "test/mutants/quickest-first.mjs")],
      ...["--testTimeout", String(Math.max(HANGS_MS, Math.round(costMs)))],
      ...["--runTestsByPath", ...files],
    ],
    env: { ...env, TWOKEY_MUTANTS_ORDER: JSON.stringify(files) },
    timeoutMs,
  });
  if (report === undefined) {
    if (!isInTime) return { by: `no end within ${Math.round(timeoutMs / 1_000)} s` };
    return { by: `one of ${files.join(", ")}` };
  }
  const failed = report.testResults.filter(({ status }) => status === "failed");
  const isFailed = ({ status }: { readonly status: string }) => status === "failed";
  // Files that come after the one that has noticed it are not loaded any more.
  const first = failed.find(({ assertionResults }) => assertionResults.some(isFailed)) ?? failed[0];
  if (first === undefined) return undefined;
  const test = first.name.slice(directory.length + 1);
  const title = first.assertionResults.find(isFailed)?.fullName;
  return { test, by: title === undefined ? `${test} does not load` : `${test}: ${title}` };
}
