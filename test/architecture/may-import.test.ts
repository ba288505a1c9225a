import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { z } from "zod";

const Paths = z.union([z.string(), z.array(z.string())]).transform((paths) => [paths].flat());
const Rules = z.object({
  forbidden: z.array(
    z.object({
      name: z.string(),
      from: z.object({ path: Paths.optional() }),
      to: z.object({ pathNot: Paths.optional() }),
    }),
  ),
});

const RULES = "../../.dependency-cruiser.mjs";
const { default: rules }: { readonly default: unknown } = await import(RULES);

/** What each folder may import of ours, by the rules that are checked: `domain` → none. */
const allowed = new Map(
  Rules.parse(rules)
    .forbidden.filter(({ name }) => name.endsWith("-imports"))
    .map(({ name, to: { pathNot = [] } }) => {
      const folder = name.slice(0, -"-imports".length);
      const others = pathNot.map((path) => path.replace(/^\^src\//, "").replace(/[/$]$/, ""));
      return [folder, others.filter((other) => other !== folder)] as const;
    }),
);

/** The table of folders in docs/architecture.md: the folder and what its last column says. */
const told = new Map(
  [...readFileSync("docs/architecture.md", "utf8").matchAll(/^\| `src\/([a-z/]+)` \|.*\| ([^|]*) \|$/gm)].map(
    ([, folder = "", may = ""]) => [folder, may] as const,
  ),
);

/** Names of the column, as folders; a file inside an allowed folder is that folder's. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  "nothing of ours": [],
  "the tables of doors": ["doors/kinds.ts"],
  "of pagers and of resources": ["integrations/pagers", "flows/resources"],
};

const foldersIn = (may: string): string[] =>
  may
    .split(", ")
    .flatMap((word) => WORDS[word] ?? word.replaceAll("`", ""))
    .toSorted();

test("the column “may import” says what is checked, of each folder that has a rule", () => {
  const written = [...allowed.keys()].map((folder) => [folder, foldersIn(told.get(folder) ?? "no row")]);
  const checked = [...allowed].map(([folder, others]) => [folder, others.toSorted()]);
  expect(written).toEqual(checked);
  expect(allowed.size).toBeGreaterThan(13);
});

test("each other folder says in words what rules of another form check, or that it may import anything", () => {
  const others = [...told].filter(([folder]) => !allowed.has(folder));
  expect(others).toEqual([
    ["sandbox", "anything"],
    ["app", "everything but simulators and sandbox"],
  ]);
});
