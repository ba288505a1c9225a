import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { STEPS } from "../../src/flows/index.ts";
import { KINDS } from "../../src/flows/resources/index.ts";
import { RUNBOOKS } from "../../src/flows/runbooks/index.ts";

const DOCUMENT = readFileSync("docs/architecture.md", "utf8");

/** The rows below a heading of a table, each as its cells without back-ticks. */
function rowsOf(markdown: string, ...heading: readonly string[]): string[][] {
  const lines = markdown.split("\n");
  const at = lines.indexOf(`| ${heading.join(" | ")} |`);
  if (at === -1) return [];
  const rest = lines.slice(at + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest
    .slice(0, end)
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll("`", "")));
}

const firstOf = (rows: readonly (readonly string[])[]) => rows.map(([name]) => name ?? "").toSorted();

describe("docs/architecture.md has a row for each of, and for nothing else:", () => {
  test.each([
    ["RUNBOOKS", RUNBOOKS.map(({ name }) => name), ["runbook", "what it does", "what it needs"]],
    ["STEPS", Object.keys(STEPS), ["step", "file in `src/flows`", "way back"]],
    ["KINDS", KINDS.map(({ kind }) => kind), ["kind", "role", "on the day"]],
  ] as const)("%s", (_table, names, heading) => {
    expect(firstOf(rowsOf(DOCUMENT, ...heading))).toEqual([...names].toSorted());
  });

  test("each step's row names its own file, and its way back", () => {
    for (const [name = "", file = "", way = ""] of rowsOf(DOCUMENT, "step", "file in `src/flows`", "way back")) {
      const path = join("src/flows", file);
      expect([name, existsSync(path)]).toEqual([name, true]);
      expect([name, readFileSync(path, "utf8").includes(`name: "${name}"`)]).toEqual([name, true]);
      expect([name, way.split(/[:.]/)[0]?.replaceAll(" ", "-")]).toEqual([name, STEPS[name]?.wayBack]);
    }
  });

  test("each runbook's row says what it needs", () => {
    for (const [name, , needs = ""] of rowsOf(DOCUMENT, "runbook", "what it does", "what it needs"))
      expect([name, needs]).toEqual([name, expect.stringContaining(needsOf(name))]);
  });
});

const needsOf = (name: string | undefined): string => RUNBOOKS.find((runbook) => runbook.name === name)?.needs ?? "?";

test("this check sees a row that is missing, and one that names nothing", () => {
  const heading = ["runbook", "what it does", "what it needs"] as const;
  const table = `| ${heading.join(" | ")} |\n| --- | --- | --- |\n| \`failover\` | moves | two keys |\n\nProse.\n`;

  expect(firstOf(rowsOf(table, ...heading))).toEqual(["failover"]);
  expect(rowsOf("# No table\n", ...heading)).toEqual([]);
});
