import { expect, test } from "@jest/globals";
import type { Mutant } from "./instrument.ts";
import type { Verdict } from "./kept.ts";
import { Trials } from "./trials.ts";

const PLACE = { line: 0, column: 0 };
const mutants = Array.from({ length: 20 }, (_, index): Mutant => {
  const id = String(index);
  return { id, name: id, file: "src/a.ts", from: PLACE, to: PLACE, mutator: "Regex", was: "", becomes: "" };
});

test("what does not compile counts for nothing, and another one is tried in its place", async () => {
  const trials = new Trials(mutants, 5);
  const isOdd = ({ id }: Mutant) => Number(id) % 2 === 1;
  const ask = async (mutant: Mutant): Promise<Verdict> =>
    isOdd(mutant) ? { kind: "does-not-compile" } : { kind: "not-reached" };

  while (trials.isLeft) await Promise.all([trials.next(ask), trials.next(ask)]);

  expect(trials.tried.map(({ mutant }) => mutant.id)).toEqual(["0", "2", "4", "6", "8"]);
});
