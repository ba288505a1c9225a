import { describe, expect, test } from "@jest/globals";
import { GUARDS } from "../guards/table.mjs";
import { intervalOf, mutantsOfGuards, shuffled } from "./choose.ts";
import { isInRooms, type Mutant, named, sources } from "./instrument.ts";

const guard = GUARDS.find((each) => !each.cut.includes("\n"));
const { file = "", cut = "", test: shownIn = "", fails = "" } = guard ?? {};
const TEXT = `const before = 1;\nif (x) ${cut} 1;\n`;
const at = TEXT.split("\n")[1]?.indexOf(cut) ?? 0;

const mutant = (id: string, line: number, [column, length]: readonly [number, number]): Mutant => ({
  ...{ id, name: id, file, mutator: "ConditionalExpression", was: "", becomes: "" },
  ...{ from: { line, column }, to: { line, column: column + length } },
});

const drawn = (mutants: readonly Mutant[], seed: number) => shuffled(mutants, seed).map(({ id }) => id);

describe("which changes are tried", () => {
  test("those of every file in which a guard lies, and every guard is found there", async () => {
    const texts = await sources();

    const unfound = GUARDS.filter((each) => !texts.get(each.file)?.includes(each.cut));

    expect(unfound.map((each) => `${each.guard}: ${each.file}`)).toEqual([]);
    const elsewhere = GUARDS.filter((each) => !isInRooms(each)).map((each) => each.file.split("/")[1]);
    expect(new Set(elsewhere)).toEqual(
      new Set(["app", "commands", "config", "integrations", "jobs", "views", "procedures"]),
    );
  });

  test("all that lie inside the text that is taken out as a guard, and no others", () => {
    const inside = mutant("inside", 1, [at, cut.length]);
    const part = mutant("part", 1, [at + 1, 2]);
    const around = mutant("around", 1, [0, at + cut.length + 2]);
    const elsewhere = mutant("elsewhere", 0, [0, 5]);
    const texts = new Map([[file, TEXT]]);

    const chosen = mutantsOfGuards({ mutants: [inside, part, around, elsewhere], texts });

    expect(chosen.map(({ id }) => id)).toEqual(["inside", "part"]);
    expect(chosen[0]?.shownBy).toContainEqual({ file: `test/${shownIn}`, title: fails });
  });

  test("the others come in the order of a seed, each once, and keep it where the sources change elsewhere", () => {
    const all = Array.from({ length: 500 }, (_, index) => mutant(String(index), 0, [0, 1]));
    const order = drawn(all, 7);

    expect(new Set(order).size).toBe(500);
    expect(drawn(all, 7)).toEqual(order);
    expect(drawn(all, 8)).not.toEqual(order);
    expect(drawn(all.slice(50), 7)).toEqual(order.filter((id) => Number(id) >= 50));
  });

  test("a change has the same name where it moves in its file, and another one than its equals there", () => {
    const change = { ...mutant("1", 4, [0, 1]), was: "a", becomes: "b" };
    const [first, second, elsewhere] = named([change, { ...change, id: "2" }, { ...change, file: "src/other.ts" }]);
    const [moved] = named([{ ...change, id: "9", from: { line: 70, column: 0 } }]);

    expect(new Set([first?.name, second?.name, elsewhere?.name]).size).toBe(3);
    expect(moved?.name).toBe(first?.name);
  });

  test("the share stands with the bounds between which it lies with 95 % confidence", () => {
    expect(intervalOf(90, 100).map((share) => Number(share.toFixed(3)))).toEqual([0.826, 0.945]);
    expect(intervalOf(400, 400).map((share) => Number(share.toFixed(3)))).toEqual([0.99, 1]);
    expect(intervalOf(0, 0)).toEqual([0, 1]);
  });
});
