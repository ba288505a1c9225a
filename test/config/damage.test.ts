import { randomInt } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { loadFile } from "../../src/config/load.ts";
import { INVENTORY, REGAMI } from "./broken-file.ts";

/** Readable, or problems that an editor can jump to. */
function expectAnswer(text: string): void {
  const loaded = loadFile("twokey.yaml", text);
  const problems = loaded.ok ? loaded.warnings : loaded.problems;
  if (!loaded.ok) expect(problems.some(({ severity }) => severity === "error")).toBe(true);
  const lines = text.split("\n");
  for (const { line, column, what, instead } of problems) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
    expect([what, instead]).not.toContain("");
  }
}

describe("whatever happens to the file, the answer is usable", () => {
  test.each([
    ["inventory", INVENTORY],
    ["regami", REGAMI],
  ])("any one line of %s may be missing", (_, text) => {
    const lines = text.split("\n");
    for (const at of lines.keys()) expectAnswer(lines.toSpliced(at, 1).join("\n"));
  });

  test("any line may be cut, moved, repeated or indented, any character replaced", () => {
    const seed = randomInt(2 ** 31);
    process.stdout.write(`damage seed ${seed}\n`);
    const lines = INVENTORY.split("\n");
    const line = fc.integer({ min: 0, max: lines.length - 1 });
    const damage = fc.oneof(
      fc.tuple(line, fc.nat(60)).map(([at, to]) => lines.with(at, (lines[at] ?? "").slice(0, to))),
      fc.tuple(line, line).map(([at, to]) => lines.toSpliced(at, 1).toSpliced(to, 0, lines[at] ?? "")),
      line.map((at) => lines.toSpliced(at, 0, lines[at] ?? "")),
      fc.tuple(line, fc.integer({ min: 1, max: 4 })).map(([at, by]) => lines.with(at, `${" ".repeat(by)}${lines[at]}`)),
      fc
        .tuple(
          line,
          fc.nat(60),
          fc.constantFrom(...Array.from("{}[]:,'\"*&!|>%@`#-? \t\u0000é"), "\u{1F511}", "\uFEFF"),
        )
        .map(([at, to, by]) =>
          lines.with(at, `${(lines[at] ?? "").slice(0, to)}${by}${(lines[at] ?? "").slice(to + 1)}`),
        ),
    );
    fc.assert(
      fc.property(damage, (damaged) => expectAnswer(damaged.join("\n"))),
      { seed, numRuns: 250 },
    );
  });
});
