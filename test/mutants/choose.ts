import { createHash } from "node:crypto";
import { GUARDS } from "../guards/table.mjs";
import { type Mutant, type Mutated, type Place, placeOf } from "./instrument.ts";

export interface GuardMutant extends Mutant {
  /** Whose failing `npm run guards` expects where the whole text is taken out. */
  readonly shownBy: readonly { readonly file: string; readonly title: string }[];
}

/** Every mutant inside a text that `npm run guards` takes out whole, with the tests that are named for that guard. */
export function mutantsOfGuards({ mutants, texts }: Pick<Mutated, "mutants" | "texts">): GuardMutant[] {
  const guarded = GUARDS.flatMap(({ file, cut, test, fails }) => {
    const text = texts.get(file);
    const start = text?.indexOf(cut) ?? -1;
    const shownBy = { file: `test/${test}`, title: fails };
    return text === undefined || start < 0
      ? []
      : [{ file, shownBy, from: placeOf(text, start), to: placeOf(text, start + cut.length) }];
  });
  return mutants.flatMap((mutant) => {
    const around = guarded.filter(
      ({ file, from, to }) => file === mutant.file && !isBefore(mutant.from, from) && !isBefore(to, mutant.to),
    );
    return around.length === 0 ? [] : [{ ...mutant, shownBy: around.map(({ shownBy }) => shownBy) }];
  });
}

/** In an order that is drawn by a seed. A change of the sources leaves all others in theirs. */
export function shuffled(mutants: readonly Mutant[], seed: number): Mutant[] {
  return mutants
    .map((mutant) => ({ mutant, at: createHash("sha256").update(`${seed} ${mutant.name}`).digest("hex") }))
    .toSorted((one, other) => (one.at < other.at ? -1 : 1))
    .map(({ mutant }) => mutant);
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
