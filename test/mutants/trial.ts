import type { Covering } from "./coverage.ts";
import type { Mutant } from "./instrument.ts";
import { runTests } from "./jest-run.ts";

export type Verdict =
  | { readonly kind: "dead"; readonly by: string }
  /** No test of those that were asked fails. */
  | { readonly kind: "survived"; readonly asked: number; readonly left: number }
  | { readonly kind: "not-reached" };

/** Tests beyond this much of their own time are not asked any more: what they would notice counts as survived. */
const MOST_TEST_MS = 150_000;
const START_MS = 60_000;
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
    sum += costMs;
    return index === 0 || sum <= MOST_TEST_MS;
  });
}

async function noticedBy(directory: string, { id }: Mutant, some: readonly Covering[]): Promise<string | undefined> {
  const names = some.every((each) => each.names.length > 0) ? some.flatMap((each) => each.names) : [];
  const pattern = names.length > 0 && names.length <= MOST_NAMES ? ["-t", `^(${names.map(escaped).join("|")})$`] : [];
  const files = some.map(({ file }) => file);
  const timeoutMs = START_MS + SLOWER * some.reduce((sum, { costMs }) => sum + costMs, 0);
  const { report, isInTime } = await runTests({
    directory,
    // At its first failure jest ends without a report. Of one file that is not needed: its tests are soon over.
    args: ["-i", ...(files.length > 1 ? ["--bail", "1"] : []), ...pattern, "--runTestsByPath", ...files],
    env: { __STRYKER_ACTIVE_MUTANT__: id },
    timeoutMs,
  });
  if (report === undefined)
    return isInTime ? `one of ${files.join(", ")}` : `no end within ${Math.round(timeoutMs / 1_000)} s`;
  for (const { name, status, assertionResults } of report.testResults) {
    const noticed = assertionResults.find((each) => each.status === "failed");
    const file = name.slice(directory.length + 1);
    if (noticed) return `${file}: ${noticed.fullName}`;
    if (status === "failed") return `${file} does not load`;
  }
  return undefined;
}
