import { join } from "node:path";
import type { GuardMutant } from "./choose.ts";
import type { Covering } from "./coverage.ts";
import type { Mutant } from "./instrument.ts";
import { runTests } from "./jest-run.ts";
import type { Verdict } from "./kept.ts";

/** Tests beyond this much time are not asked any more: what they would notice counts as survived. */
const MOST_TEST_MS = 60_000;
/** What it takes a file to load the sources, beside its tests' own time. */
const LOAD_MS = 800;
const START_MS = 45_000;
/** One test that hangs, as `npm run guards` gives it. */
const HANGS_MS = 20_000;
/** A mutant that makes the tests so much slower has been noticed by whoever waits for them. */
const SLOWER = 4;
/** More names make a pattern that is slower than the tests. */
const MOST_NAMES = 60;

const scoreOf = ({ costMs, breadth }: Covering): number => costMs + breadth;
const escaped = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

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
  const byScore = covering.toSorted((one, other) => scoreOf(one) - scoreOf(other));
  const reaching = byScore.filter(({ names }) => names.length > 0);
  const loading = byScore.filter(({ names }) => names.length === 0);
  const sorted = [...reaching, ...loading];
  const asked = withinBudget(sorted);
  const others = asked.slice(1);
  const turns = [
    ...["shownBy" in mutant ? namedFor(mutant, covering) : [], asked.slice(0, 1)],
    ...[others.filter((each) => reaching.includes(each)), others.filter((each) => loading.includes(each))],
  ];
  for (const some of turns.filter(({ length }) => length > 0)) {
    const by = await noticedBy(directory, mutant, some);
    if (by !== undefined) return { kind: "dead", ...by };
  }
  return { kind: "survived", asked: asked.length, left: sorted.length - asked.length };
}

function namedFor({ shownBy }: GuardMutant, covering: readonly Covering[]): readonly Covering[] {
  return covering.flatMap((each) => {
    const titles = shownBy.filter(({ file }) => file === each.file).map(({ title }) => title);
    const names = each.tests.filter((name) => titles.some((title) => name.endsWith(title)));
    return names.length === 0 ? [] : [{ ...each, names }];
  });
}

function withinBudget(sorted: readonly Covering[]): readonly Covering[] {
  let sum = 0;
  return sorted.filter(({ costMs }, index) => {
    sum += LOAD_MS + costMs;
    return index === 0 || sum <= MOST_TEST_MS;
  });
}

type Noticed = Omit<Extract<Verdict, { kind: "dead" }>, "kind">;

async function noticedBy(directory: string, { id }: Mutant, some: readonly Covering[]): Promise<Noticed | undefined> {
  const names = some.every((each) => each.names.length > 0) ? some.flatMap((each) => each.names) : [];
  const pattern = names.length > 0 && names.length <= MOST_NAMES ? ["-t", `^(${names.map(escaped).join("|")})$`] : [];
  const files = some.map(({ file }) => file);
  const costMs = SLOWER * some.reduce((sum, each) => sum + each.costMs, 0);
  const timeoutMs = START_MS + costMs;
  const { report, isInTime } = await runTests({
    directory,
    args: [
      ...["-i", "--env", join(directory, "test/mutants/first-failure.mjs")],
      ...["--testSequencer", join(directory, "test/mutants/quickest-first.mjs")],
      ...["--testTimeout", String(Math.max(HANGS_MS, Math.round(costMs)))],
      ...[...pattern, "--runTestsByPath", ...files],
    ],
    env: { __STRYKER_ACTIVE_MUTANT__: id, TWOKEY_MUTANTS_ORDER: JSON.stringify(files) },
    timeoutMs,
  });
  if (report === undefined) {
    if (!isInTime) return { by: `no end within ${Math.round(timeoutMs / 1_000)} s` };
    return { by: `one of ${files.join(", ")}` };
  }
  const failed = report.testResults.find(({ status }) => status === "failed");
  if (failed === undefined) return undefined;
  const test = failed.name.slice(directory.length + 1);
  const title = failed.assertionResults.find(({ status }) => status === "failed")?.fullName;
  return { test, by: title === undefined ? `${test} does not load` : `${test}: ${title}` };
}
