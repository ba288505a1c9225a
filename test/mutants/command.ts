import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { intervalOf, mutantsOfGuards, sampleOf } from "./choose.ts";
import { type Coverage, cover } from "./coverage.ts";
import { instrument, type Mutant, type Mutated } from "./instrument.ts";
import { reasonFor } from "./same-behaviour.ts";
import { tryOut, type Verdict } from "./trial.ts";

/**
 * `npm run mutants`: small changes of the sources, each of which a test has to notice. Exit codes: 0 every change of a guard is
 * noticed and nine of ten of the others, 1 not, 2 called wrongly.
 */
const USAGE = `npm run mutants -- [--runs N] [--seed S] [--only WORD] [--no-guards] [--processes N] [--json]

Tries every change inside a guard, and N others drawn from S. The tests run once without a change first, to learn which
of them reaches which. --only takes the files whose name has this word in it.
`;
const Wanted = z.strictObject({
  runs: z.coerce.number().int().min(0).default(400),
  seed: z.coerce.number().int().min(0).default(1),
  only: z.string().default(""),
  processes: z.coerce.number().int().min(1).max(64).default(2),
});
type Wanted = z.infer<typeof Wanted>;
const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const LEAST_SHARE = 0.9;

interface Tried {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** Why no test can notice it, where somebody has written that down. */
  readonly reason: string | undefined;
}

/** Resolves to the exit code. A Redis runs already. */
export async function command(args: readonly string[]): Promise<number> {
  const {
    json,
    help,
    "no-guards": isWithoutGuards,
    ...rest
  } = parseArgs({
    args: [...args],
    options: { runs: text, seed: text, only: text, processes: text, json: flag, help: flag, "no-guards": flag },
  }).values;
  const wanted = Wanted.safeParse(rest);
  if (help) process.stdout.write(USAGE);
  else if (wanted.success) return all(wanted.data, { isJson: json, isWithoutGuards });
  else process.stderr.write(`${z.prettifyError(wanted.error)}\n${USAGE}`);
  return help ? 0 : 2;
}

async function all(
  wanted: Wanted,
  how: { readonly isJson: boolean; readonly isWithoutGuards: boolean },
): Promise<number> {
  const mutated = await instrument();
  try {
    const chosen = mutated.mutants.filter(({ file }) => file.includes(wanted.only));
    const guards = mutantsOfGuards({ ...mutated, mutants: chosen });
    const guarded = new Set(guards.map(({ id }) => id));
    const others = sampleOf(
      chosen.filter(({ id }) => !guarded.has(id)),
      wanted.runs,
      wanted.seed,
    );
    say(`${mutated.mutants.length} changes; the tests run once without any, to see what they reach`);
    const coverage = await cover(mutated.directory, wanted.processes);
    say(`${coverage.tests} tests pass without a change`);
    for (const failed of coverage.failed) say(`  not asked, it fails without a change: ${failed}`);
    const tryAll = (some: readonly Mutant[], name: string) => tryEach(some, { name, mutated, coverage, ...wanted });
    const ofGuards = how.isWithoutGuards ? [] : await tryAll(guards, "guards");
    const ofOthers = await tryAll(others, "sample");
    return report({ ofGuards, ofOthers, seed: wanted.seed, isJson: how.isJson });
  } finally {
    await rm(mutated.directory, { recursive: true, force: true });
  }
}

interface Trying {
  readonly name: string;
  readonly mutated: Mutated;
  readonly coverage: Coverage;
  readonly processes: number;
}

async function tryEach(some: readonly Mutant[], { name, mutated, coverage, processes }: Trying): Promise<Tried[]> {
  const waiting = [...some];
  const tried: Tried[] = [];
  const work = async () => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const verdict = await tryOut(mutated.directory, mutant, coverage.of.get(mutant.id) ?? []);
      const result = { mutant, verdict, reason: verdict.kind === "dead" ? undefined : reasonFor(mutant) };
      tried.push(result);
      say(`${name} ${tried.length}/${some.length} ${lineOf(result)}`);
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return tried;
}

const isDead = ({ verdict, reason }: Tried): boolean => verdict.kind === "dead" || reason !== undefined;

interface Results {
  readonly ofGuards: readonly Tried[];
  readonly ofOthers: readonly Tried[];
  readonly seed: number;
  readonly isJson: boolean;
}

function report({ ofGuards, ofOthers, seed, isJson }: Results): number {
  const survivors = [...ofGuards, ...ofOthers].filter((each) => !isDead(each));
  const guards = countOf(ofGuards);
  const sample = countOf(ofOthers);
  const out = (line: string) => process.stdout.write(`${line}\n`);
  for (const each of survivors) out(lineOf(each));
  out(`Guards: ${guards.dead} of ${guards.tried} changes are noticed.`);
  const [low, high] = sample.interval.map((share) => `${(share * 100).toFixed(1)} %`);
  out(
    `Elsewhere, seed ${seed}: ${sample.dead} of ${sample.tried} are noticed; with 95 % confidence ${low} to ${high}.`,
  );
  if (isJson) out(JSON.stringify({ seed, guards, sample, survivors: survivors.map(({ mutant }) => mutant) }));
  const isWell = guards.dead === guards.tried && sample.dead >= sample.tried * LEAST_SHARE;
  return isWell ? 0 : 1;
}

function countOf(tried: readonly Tried[]) {
  const dead = tried.filter(isDead).length;
  return { tried: tried.length, dead, interval: intervalOf(dead, tried.length) };
}

function lineOf({ mutant: { file, from, mutator, was, becomes }, verdict, reason }: Tried): string {
  const change = `${file}:${from.line + 1} ${mutator}: ${short(was)} → ${short(becomes)}`;
  if (verdict.kind === "dead") return `noticed ${change} by ${verdict.by}`;
  const why =
    verdict.kind === "not-reached" ? "no test reaches it" : `${verdict.asked} test files asked, ${verdict.left} not`;
  return reason === undefined ? `SURVIVED ${change} (${why})` : `same behaviour ${change} (${reason})`;
}

const short = (code: string): string => {
  const line = code.replaceAll(/\s+/g, " ");
  return line.length > 70 ? `${line.slice(0, 67)}…` : line;
};

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
