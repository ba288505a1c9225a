import { z } from "zod";
import { Random } from "../../src/simulators/world/random.ts";
import { GUARDS } from "../guards/table.mjs";
import type { Mutant, Mutated, Place } from "./instrument.ts";

/** Every mutant inside the text that `npm run guards` takes out whole. */
export function mutantsOfGuards({ mutants, texts }: Pick<Mutated, "mutants" | "texts">): Mutant[] {
  const guarded = GUARDS.flatMap(({ file, cut }) => {
    const text = texts.get(file);
    const start = text?.indexOf(cut) ?? -1;
    return text === undefined || start < 0
      ? []
      : [{ file, from: placeOf(text, start), to: placeOf(text, start + cut.length) }];
  });
  return mutants.filter((mutant) =>
    guarded.some(
      ({ file, from, to }) => file === mutant.file && !isBefore(mutant.from, from) && !isBefore(to, mutant.to),
    ),
  );
}

const SameChange = z.object({ file: z.string(), mutator: z.string(), was: z.string(), becomes: z.string() });
type SameChange = z.infer<typeof SameChange>;
const Before = z.object({ survivors: z.array(SameChange) });

/** The changes that survived an earlier run, wherever in their files they stand now. `output`: what that run with `--json` printed. */
export function survivorsAmong(mutants: readonly Mutant[], output: string): Mutant[] {
  const lines = output.split("\n").filter((line) => line !== "");
  const { survivors } = Before.parse(JSON.parse(lines.at(-1) ?? ""));
  const survived = new Set(survivors.map(changeOf));
  return mutants.filter((mutant) => survived.has(changeOf(mutant)));
}

const changeOf = ({ file, mutator, was, becomes }: SameChange): string => JSON.stringify([file, mutator, was, becomes]);

/** So many of the others, drawn by a seed, each at most once. */
export function sampleOf(mutants: readonly Mutant[], runs: number, seed: number): Mutant[] {
  const random = new Random(seed);
  return mutants
    .map((mutant) => ({ mutant, at: random.next() }))
    .toSorted((one, other) => one.at - other.at)
    .slice(0, runs)
    .map(({ mutant }) => mutant);
}

function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length - 1, column: lines.at(-1)?.length ?? 0 };
}

const isBefore = (one: Place, other: Place): boolean =>
  one.line < other.line || (one.line === other.line && one.column < other.column);

/** Bounds between which the true share lies with 95 % confidence (Wilson's score interval). */
export function intervalOf(dead: number, tried: number): readonly [number, number] {
  if (tried === 0) return [0, 1];
  const z = 1.96;
  const share = dead / tried;
  const middle = share + z ** 2 / (2 * tried);
  const spread = z * Math.sqrt((share * (1 - share)) / tried + z ** 2 / (4 * tried ** 2));
  const whole = 1 + z ** 2 / tried;
  return [(middle - spread) / whole, (middle + spread) / whole];
}
