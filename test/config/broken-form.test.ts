import { describe, expect, test } from "@jest/globals";
import { breakText, INVENTORY, placeOf, problemsOf, testEach } from "./broken-file.ts";
import { SCHEMA_ROWS } from "./rows/schema.ts";
import { YAML_ROWS } from "./rows/yaml.ts";

describe("the file is refused for", () => {
  testEach(YAML_ROWS);
  testEach(SCHEMA_ROWS);
});

describe("every problem at once", () => {
  test("a broken service, an unknown key and a name that nobody bears are reported together, in reading order", () => {
    const broken = breakText(INVENTORY, [
      ["rpo: 15m", "rpo: 15"],
      ["organisation: MyComputer", "organisation: MyComputer\nteam: blue"],
      ["people: [elena]", "people: [elana]"],
      ["driver: twokey", "driver: pagerduty"],
    ]);
    const rules = problemsOf(broken).map(({ rule, path }) => `${rule} ${path}`);
    expect(rules.slice(0, 2)).toEqual(["schema team", "person-exists audiences.executive_team.people[0]"]);
    expect(rules).toContain("one-driver escalation.severities.sev1.repeat.max");
    expect(rules.at(-1)).toBe("schema services.inventory.rpo");
  });

  test("a service that cannot be read does not make its own name unknown, nor its regions", () => {
    const problems = problemsOf(breakText(INVENTORY, [["rpo: 15m", "rpo: soon"]]));
    expect(problems.filter(({ severity }) => severity === "error").map(({ path }) => path)).toEqual([
      "services.inventory.rpo",
    ]);
  });

  test("a section that cannot be read at all makes nothing else wrong, and is said to be unchecked", () => {
    const problems = problemsOf(breakText(INVENTORY, [["\nservices:\n", "\nservices: 12\nservicesx:\n"]]));

    expect(problems.filter(({ severity }) => severity === "error").map(({ path }) => path)).toEqual([
      "services",
      "servicesx",
    ]);
    expect(problems.filter(({ rule }) => rule === "unchecked")).toEqual([
      expect.objectContaining({
        ...{ path: "services", severity: "warning" },
        what: expect.stringMatching(
          /^services cannot be read as it stands, so \d\d rules that read it were not asked$/,
        ),
      }),
    ]);
  });

  test("a file of version 1 gets one finding, and nothing else is said about it", () => {
    const older = breakText(INVENTORY, [
      ["version: 2", "version: 1"],
      ["tier: high", "tier: huge"],
    ]);
    expect(problemsOf(older).map(({ rule, path }) => [rule, path])).toEqual([["version", "version"]]);
  });

  test("a broken structure is reported alone, because everything else would be a guess", () => {
    const problems = problemsOf(
      breakText(INVENTORY, [
        ["environment: production", "environment: [production"],
        ["rpo: 15m", "rpo: 15"],
      ]),
    );
    expect(problems.map(({ rule }) => rule)).toEqual(["yaml"]);
  });
});

describe("places", () => {
  test("a stray bracket is found in its own line, and what follows from it does not bury it", () => {
    const rule = "      service: inventory\n      severity: sev3";
    const broken = breakText(INVENTORY, [[rule, rule.replace(" ", "}")]]);
    const problems = problemsOf(broken);
    expect(problems[0]).toMatchObject(placeOf(broken, "‸}     service"));
    expect(problems.length).toBeLessThanOrEqual(5);
  });

  test("lines and columns count from 1, as editors do", () => {
    const [problem] = problemsOf(INVENTORY.replace("version: 2", "version: 7"));
    expect([problem?.file, problem?.line, problem?.column]).toEqual(["twokey.yaml", 3, 10]);
    expect(placeOf("ab\ncd", "c‸d")).toEqual({ line: 2, column: 2 });
  });

  test.each(["", "# nothing", "null", "[]", "word", "{}", "\uFEFFversion: 2", "a: |\n  x\n b"])(
    "%j is refused inside its own bounds",
    (text) => {
      const problems = problemsOf(text);
      expect(problems.length).toBeGreaterThan(0);
      for (const { line, column } of problems) {
        expect(line).toBeLessThanOrEqual(text.split("\n").length);
        expect(column).toBeLessThanOrEqual((text.split("\n")[line - 1]?.length ?? 0) + 1);
      }
    },
  );

  test.each([
    ["nesting without end", "[".repeat(100_000)],
    [
      "aliases of aliases",
      `a: &a [x,x]\n${"bcdefghij"
        .split("")
        .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[at]}`).join(",")}]`)
        .join("\n")}`,
    ],
    ["a circle", "people: &all { ana: *all }"],
    ["a file of another kind", "x".repeat(1_000_001)],
  ])("%s costs little and is refused", (_, text) => {
    const before = process.memoryUsage().heapUsed;
    expect(problemsOf(text).length).toBeGreaterThan(0);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(300_000_000);
  });
});
