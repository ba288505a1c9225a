import type { GuardMutant } from "./choose.ts";
import { Compiler } from "./compiled.ts";
import type { Coverage } from "./coverage.ts";
import type { Mutant, Mutated } from "./instrument.ts";
import type { Kept, Verdict } from "./kept.ts";
import { reasonFor } from "./same-behaviour.ts";
import { tryOut } from "./trial.ts";

export interface Asked {
  readonly guards: readonly GuardMutant[];
  /** In the order in which they are tried. */
  readonly others: readonly Mutant[];
  /** So many of the others. */
  readonly runs: number;
}

export interface Tried {
  readonly mutant: Mutant;
  readonly verdict: Exclude<Verdict, { readonly kind: "does-not-compile" }>;
  /** Why no test can notice it, where somebody has written that down. */
  readonly reason: string | undefined;
}

export interface AllTried {
  readonly ofGuards: readonly Tried[];
  readonly ofOthers: readonly Tried[];
  /** Time was over before their turn. */
  readonly notTried: number;
}

interface Trying {
  readonly mutated: Mutated;
  readonly coverage: Coverage;
  readonly kept: Kept;
  readonly untilMs: number;
  readonly processes: number;
}

/** Every change of a guard, and in turn with them so many of the others as are wanted, of those that compile. */
export async function tryEach({ guards, others, runs }: Asked, trying: Trying): Promise<AllTried> {
  const compiler = new Compiler(trying.mutated.texts);
  const ofGuards = new Trials(guards, guards.length);
  const ofOthers = new Trials(others, runs);
  const work = async () => {
    for (;;) {
      const isNext = [ofGuards, ofOthers].filter((trials) => trials.isLeft);
      if (isNext.length === 0 || Date.now() >= trying.untilMs) return;
      for (const trials of isNext) {
        const tried = await trials.next((mutant) => verdictOn(mutant, { ...trying, compiler }));
        if (tried !== undefined) say(`${trials.tried.length}, ${trials.left} left: ${lineOf(tried)}`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: trying.processes }, work));
  } finally {
    compiler.close();
  }
  return { ofGuards: ofGuards.tried, ofOthers: ofOthers.tried, notTried: ofGuards.left + ofOthers.left };
}

async function verdictOn(
  mutant: Mutant,
  { kept, compiler, mutated, coverage }: Trying & { readonly compiler: Compiler },
): Promise<Verdict> {
  const known = kept.of(mutant);
  if (known !== undefined) return known;
  const verdict: Verdict = compiler.compiles(mutant)
    ? await tryOut(mutated.directory, mutant, coverage.of.get(mutant.id) ?? [])
    : { kind: "does-not-compile" };
  await kept.write(mutant, verdict);
  return verdict;
}

/** Takes one after the other until so many have been tried. */
export class Trials {
  readonly tried: Tried[] = [];
  readonly #waiting: Mutant[];
  readonly #wanted: number;
  #underWay = 0;

  constructor(mutants: readonly Mutant[], wanted: number) {
    this.#waiting = [...mutants];
    this.#wanted = wanted;
  }

  get left(): number {
    return Math.min(this.#waiting.length, this.#wanted - this.tried.length - this.#underWay);
  }

  get isLeft(): boolean {
    return this.left > 0;
  }

  async next(ask: (mutant: Mutant) => Promise<Verdict>): Promise<Tried | undefined> {
    const mutant = this.isLeft ? this.#waiting.shift() : undefined;
    if (mutant === undefined) return undefined;
    this.#underWay += 1;
    const verdict = await ask(mutant).finally(() => {
      this.#underWay -= 1;
    });
    if (verdict.kind === "does-not-compile") return undefined;
    const tried = { mutant, verdict, reason: verdict.kind === "dead" ? undefined : reasonFor(mutant) };
    this.tried.push(tried);
    return tried;
  }
}

export function lineOf({ mutant: { file, from, mutator, was, becomes }, verdict, reason }: Tried): string {
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

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
