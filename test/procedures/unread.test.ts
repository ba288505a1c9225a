import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { faultsIn, placed } from "./read.ts";

describe("what cannot be read is said, and the rest is judged", () => {
  test.each([
    ["a.sh", "if [ -f a ]; then\naws rds promote-replica --a b\n", ["2 aws-has-it", "3 could-not-be-read"]],
    ["a.py", "def f(:\n  pass\n", ["1 could-not-be-read"]],
    ["a.yaml", "a: [1, 2\nb: }\n", ["2 could-not-be-read"]],
    ["a.json", '{"a": "b"\n', ["2 could-not-be-read"]],
    ["a.tf", 'resource "a" "b" {\n  c = 1\n', ["3 could-not-be-read"]],
    ["a.md", "# A\n\n```sh\nfor x in a; do\n  echo $x\n```\n", ["5 could-not-be-read"]],
  ])("%s with %j", async (file, text, faults) => {
    expect(placed(await faultsIn({ [file]: text }))).toEqual(faults);
  });

  test("no sentence shows the trace of a program", async () => {
    const [fault] = await faultsIn({ "a.sh": "case x in\n" });

    expect(fault?.what).toMatch(/^could not be read: /);
    expect(JSON.stringify(fault)).not.toMatch(/\\n|\bat \S+:\d+/);
  });

  test("guard not read: a text that is nested too deeply is said as well", async () => {
    const deep = `x = ${"[".repeat(20_000)}`;
    const faults = await faultsIn({
      "a.py": deep,
      "a.yaml": "[".repeat(20_000),
      "a.sh": "$(".repeat(20_000),
      "a.tf": "a {".repeat(20_000),
    });

    expect(new Set(faults.map(({ file, rule }) => `${file} ${rule}`))).toEqual(
      new Set(["a.py", "a.yaml", "a.sh", "a.tf"].map((file) => `${file} could-not-be-read`)),
    );
  });
});

/** Pieces of what such files are made of, in any order. */
const PIECES = [
  ...[
    "aws rds ",
    "--query ",
    "'",
    '"',
    "$(",
    ")",
    "${",
    "}",
    "`",
    "<<EOF\n",
    "EOF\n",
    "\n",
    "\\\n",
    "|",
    "&&",
    ";",
    "if ",
    "then ",
    "fi\n",
  ],
  ...[
    "for x in ",
    "do ",
    "done\n",
    "case ",
    "esac",
    "trap x EXIT\n",
    "x() {",
    "[[ ",
    "]]",
    "# ",
    "```sh\n",
    "```\n",
    "~~~py\n",
    "def f(",
    "):\n",
    "  ",
  ],
  ...[
    "try:\n",
    "except:\n",
    "{'a': ",
    "[0]",
    "boto3.client('rds')",
    ".promote_read_replica(",
    "key: ",
    "- ",
    "&a ",
    "*a",
    "!Ref ",
    "resource ",
    "= ",
    "%{",
    "/*",
    "RPO: 5 min",
  ],
];

describe("no text makes a reader throw", () => {
  test.each(["a.sh", "a.py", "a.yaml", "a.json", "a.tf", "a.md", "a"])("%s", async (file) => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join("")),
    );
    await fc.assert(
      fc.asyncProperty(text, async (each) => {
        const lines = each.split("\n").length;
        for (const { line } of await faultsIn({ [file]: each })) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines + 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
