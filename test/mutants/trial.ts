import { join } from "node:path";
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

/** Switches one mutant on, and asks the tests that reach it: first the file that says most for its time, then the others. */
export async function tryOut(directory: string, mutant: Mutant, covering: readonly Covering[]): Promise<Verdict> {
  if (covering.length === 0) return { kind: "not-reached" };
  const sorted = covering.toSorted((one, other) => scoreOf(one) - scoreOf(other));
  const asked = withinBudget(sorted);
  const [first, ...others] = asked;
  for (const some of [first ? [first] : [], others].filter(({ length }) => length > 0)) {
    const by = await noticedBy(directory, mutant, some);
    if (by !== undefined) return { kind: "dead", by };
  }
  return { kind: "survived", asked: asked.length, left: sorted.length - asked.length };
}

function withinBudget(sorted: readonly Covering[]): readonly Covering[] {
  let sum = 0;
  return sorted.filter(({ costMs }, index) => {
    sum += LOAD_MS + costMs;
    return index === 0 || sum <= MOST_TEST_MS;
  });
}

async function noticedBy(directory: string, { id }: Mutant, some: readonly Covering[]): Promise<string | undefined> {
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
  if (report === undefined)
    return isInTime ? `one of ${files.join(", ")}` : `no end within ${Math.round(timeoutMs / 1_000)} s`;
  const noticed = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName }) => `${name.slice(directory.length + 1)}: ${fullName}`),
  );
  const unloaded = report.testResults.find(({ status }) => status === "failed");
  return noticed[0] ?? (unloaded && `${unloaded.name.slice(directory.length + 1)} does not load`);
}
