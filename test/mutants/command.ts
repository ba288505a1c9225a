import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { intervalOf, mutantsOfGuards, shuffled } from "./choose.ts";
import { cover } from "./coverage.ts";
import { instrument, isInRooms, type Mutated } from "./instrument.ts";
import { keptIn } from "./kept.ts";
import { type Asked, lineOf, say, type Tried, tryEach } from "./trials.ts";

/**
 * `npm run mutants`: small changes of the sources, each of which a test has to notice. Exit codes: 0 every change of a guard is
 * noticed and nine of ten of the others, 1 not, or a test fails without a change, or time was over, 2 called wrongly.
 */
const USAGE = `npm run mutants -- [--runs N] [--seed S] [--only WORD] [--part I/N] [--no-guards] [--processes N] [--keep FOLDER] [--minutes N] [--json]

Tries every change inside a guard, wherever it lies, and N others drawn from S, of those that compile. The tests run once without a change first, to learn which
of them reaches which. --only takes the files whose name has this word in it, --part the Ith of N parts of what is chosen, for
several machines. --keep writes each verdict down as it comes, and goes on from those that stand there: what a test noticed holds
while that test's file and the changed file are as they were; all else is tried again after any change of sources or tests.
After --minutes no further change is begun.
`;
/** `2/3`: every third one, from the second on. */
const Part = z
  .string()
  .default("1/1")
  .transform((text) => /^([1-9]\d*)\/([1-9]\d*)$/.exec(text)?.slice(1).map(Number) ?? [])
  .refine(([at = 0, of = 0]) => at > 0 && at <= of, "must be such as 2/3")
  .transform(([at = 1, of = 1]) => ({ at, of }));
const Wanted = z.strictObject({
  runs: z.coerce.number().int().min(0).default(400),
  seed: z.coerce.number().int().min(0).default(1),
  only: z.string().default(""),
  processes: z.coerce.number().int().min(1).max(64).default(2),
  part: Part,
  minutes: z.coerce.number().positive().default(Number.POSITIVE_INFINITY),
  keep: z.string().min(1).optional(),
});
type Wanted = z.infer<typeof Wanted>;
const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const LEAST_SHARE = 0.9;

/** Resolves to the exit code. A Redis runs already. */
export async function command(args: readonly string[]): Promise<number> {
  const {
    json,
    help,
    "no-guards": isWithoutGuards,
    ...rest
  } = parseArgs({
    args: [...args],
    options: {
      runs: text,
      seed: text,
      only: text,
      part: text,
      processes: text,
      minutes: text,
      keep: text,
      json: flag,
      help: flag,
      "no-guards": flag,
    },
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
  const untilMs = Date.now() + wanted.minutes * 60_000;
  const folder = wanted.keep ?? (await mkdtemp(join(tmpdir(), "twokey-kept-")));
  try {
    const kept = await keptIn(resolve(folder));
    const mutated = await instrument(kept.copy);
    const chosen = choose(mutated, wanted);
    say(`${mutated.mutants.length} changes; the tests run once without any, to see what they reach`);
    const coverage = await cover(mutated, wanted.processes, kept.coverage);
    say(`${coverage.tests} tests pass without a change`);
    const asked = { ...chosen, guards: how.isWithoutGuards ? [] : chosen.guards };
    const tried = await tryEach(asked, { mutated, coverage, kept, untilMs, processes: wanted.processes });
    return report({ ...tried, failed: coverage.failed, seed: wanted.seed, isJson: how.isJson });
  } finally {
    if (wanted.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

function choose({ texts, mutants }: Mutated, { only, runs, seed, part: { at, of } }: Wanted): Asked {
  const chosen = mutants.filter(({ file }) => file.includes(only));
  const guards = mutantsOfGuards({ texts, mutants: chosen });
  const guarded = new Set(guards.map(({ id }) => id));
  const others = chosen.filter((mutant) => !guarded.has(mutant.id) && isInRooms(mutant));
  const isOfPart = (_: unknown, index: number) => index % of === at - 1;
  return {
    guards: guards.filter(isOfPart),
    others: shuffled(others, seed).filter(isOfPart),
    runs: Math.ceil(runs / of),
  };
}

const isDead = ({ verdict, reason }: Tried): boolean => verdict.kind === "dead" || reason !== undefined;

interface Results {
  readonly ofGuards: readonly Tried[];
  readonly ofOthers: readonly Tried[];
  /** Time was over before their turn. */
  readonly notTried: number;
  /** Tests that fail without a change. */
  readonly failed: readonly string[];
  readonly seed: number;
  readonly isJson: boolean;
}

function report({ ofGuards, ofOthers, notTried, failed, seed, isJson }: Results): number {
  const survivors = [...ofGuards, ...ofOthers].filter((each) => !isDead(each));
  const guards = countOf(ofGuards);
  const sample = countOf(ofOthers);
  const out = (line: string) => process.stdout.write(`${line}\n`);
  for (const test of failed) out(`FAILS WITHOUT A CHANGE, and was not asked: ${test}`);
  for (const each of survivors) out(lineOf(each));
  if (notTried > 0) out(`Time was over: ${notTried} changes were not tried.`);
  out(`Guards: ${guards.dead} of ${guards.tried} changes are noticed.`);
  const [low, high] = sample.interval.map((share) => `${(share * 100).toFixed(1)} %`);
  out(
    `Elsewhere, seed ${seed}: ${sample.dead} of ${sample.tried} are noticed; with 95 % confidence ${low} to ${high}.`,
  );
  if (isJson)
    out(JSON.stringify({ seed, guards, sample, notTried, failed, survivors: survivors.map(({ mutant }) => mutant) }));
  const isWhole = notTried === 0 && failed.length === 0;
  const isWell = isWhole && guards.dead === guards.tried && sample.dead >= sample.tried * LEAST_SHARE;
  return isWell ? 0 : 1;
}

function countOf(tried: readonly Tried[]) {
  const dead = tried.filter(isDead).length;
  return { tried: tried.length, dead, interval: intervalOf(dead, tried.length) };
}
