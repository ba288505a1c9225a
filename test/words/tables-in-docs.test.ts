import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { declare } from "../../src/commands/declare.ts";
import { VERBS } from "../../src/commands/index.ts";
import { READING } from "../../src/commands/reading.ts";
import { DECISIONS } from "../../src/domain/plan-run/decision.ts";
import { KINDS, RUNBOOKS, STEPS } from "../../src/flows/index.ts";
import { type Usages, usageProblems, wrongUsage } from "./usages.ts";

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
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
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

test("docs/operations.md says of each sentence that keys sign what stays open by it", () => {
  const manual = readFileSync("docs/operations.md", "utf8");
  const sources = readdirSync("src/flows", { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const signed = sources.flatMap((name) =>
    [...readFileSync(join("src/flows", name), "utf8").matchAll(/id: "([a-z0-9-]+)",\s+words:/g)].map(
      ([, id = ""]) => id,
    ),
  );

  const rows = rowsOf(manual, "id", "agreed to, in short", "what stays open by that");
  expect(firstOf(rows)).toEqual([...new Set(signed)].toSorted());
});

describe("how a verb is written", () => {
  const usages: Usages = Object.fromEntries(Object.entries(VERBS).map(([verb, { usage }]) => [verb, usage]));
  const manual = readFileSync("docs/operations.md", "utf8");
  const documents = [
    ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
    ...readdirSync("docs", { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ];

  test.each(documents)("%s says as the table of verbs does", (path) => {
    expect(usageProblems(path, readFileSync(path, "utf8"), usages)).toEqual([]);
  });

  test("the manual's decisions are those of DECISIONS, each with its usage", () => {
    const rows = rowsOf(manual, "the run is", "verb", "does", "needs").map(([, verb = ""]) => verb);
    const written = rows.filter((cell) => !cell.startsWith("*"));

    expect(written.flatMap((cell) => wrongUsage(cell, usages) ?? [])).toEqual([]);
    const named = written.map((cell) => cell.split(" ")[0] ?? "");
    expect(new Set(named)).toEqual(
      new Set([...Object.keys(DECISIONS).filter((name) => name !== "approve"), "by-hand"]),
    );
  });

  test("Slack's own hint at `/dr` names verbs as they are written", () => {
    const hint = /usage_hint: "([^"]+)"/.exec(readFileSync("docs/slack-manifest.yaml", "utf8"))?.[1] ?? "";
    const parts = hint.split(" | ");

    expect(parts.length).toBeGreaterThan(3);
    expect(parts.flatMap((part) => wrongUsage(part, usages) ?? [])).toEqual([]);
  });

  test("a terminal asks as Slack does; only what a channel would say is said by name there", () => {
    const shared = Object.entries(READING).filter(([verb]) => Object.hasOwn(usages, verb));
    const expected = { status: usages["status"], timeline: `${usages["timeline"]} [incident]` };

    expect(Object.fromEntries(shared.map(([verb, { usage }]) => [verb, usage]))).toEqual(expected);
    for (const [verb, { usage }] of Object.entries(READING)) expect(usage.split(" ")[0]).toBe(verb);
  });

  test("a declaration without words is answered with the example of its verb", async () => {
    const ask = { args: [], text: "", person: undefined };
    const answer = await Reflect.apply(declare, undefined, [ask, { inventory: () => ({ services: [] }) }]);

    expect(JSON.stringify(answer)).toContain(`/dr ${VERBS["declare"]?.example}`);
  });

  test("this check sees a verb that is not there, an argument that is not there, and their order", () => {
    const problems = (text: string) => usageProblems("x.md", text, { skip: "skip [run] [why]" }).length;

    expect(["`/dr skip`", "`/dr skip <run>`", "`/dr skip <run> because`", "/dr <verb>"].map(problems)).toEqual([
      ...[0, 0, 1, 0],
    ]);
    expect(["/dr skipp", "`/dr skip <service>`", "`/dr skip [why] [run]`"].map(problems)).toEqual([1, 1, 1]);
  });
});

const needsOf = (name: string | undefined): string => RUNBOOKS.find((runbook) => runbook.name === name)?.needs ?? "?";

test("this check sees a row that is missing, and one that names nothing", () => {
  const heading = ["runbook", "what it does", "what it needs"] as const;
  const table = `| ${heading.join(" | ")} |\n| --- | --- | --- |\n| \`failover\` | moves | two keys |\n\nProse.\n`;

  expect(firstOf(rowsOf(table, ...heading))).toEqual(["failover"]);
  expect(rowsOf("# No table\n", ...heading)).toEqual([]);
});
