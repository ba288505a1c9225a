import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { Secret } from "../../src/domain/secret.ts";
import { PAGERS } from "../../src/integrations/pagers/index.ts";

/** Each kind's block has an example, which editors show. */
const WithExample = z.looseObject({ examples: z.array(z.unknown()).min(1) });
/** What kinds need of the environment here. */
const VARIABLES: Readonly<Record<string, Secret>> = {
  PAGERDUTY_ROUTING_KEY: new Secret("a-routing-key"),
  PAGERDUTY_API_TOKEN: new Secret("an-api-token"),
};

/** Where a kind of pager may be named: its own folder and the table, the false world, and what puts that up. */
const AT_HOME = /^src\/(integrations\/pagers|simulators|sandbox)\/|^src\/(world|demo|bench)\.ts$/;

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name).replaceAll("\\", "/"));
}

describe.each(PAGERS.map(({ name, traits }) => [name, traits.label] as const))("the pager %s", (name, label) => {
  // A kind that is called by an ordinary word, such as mail, is only looked for as a name in quotes.
  const isVendor = label !== name;
  const isNamedIn = (text: string) =>
    text.includes(`"${name}"`) || (isVendor && new RegExp(`${name}|${label}`, "i").test(text));

  test("is named by nothing but its folder, the table, the simulators and the sandbox", () => {
    const elsewhere = sources("src").filter((path) => !AT_HOME.test(path));
    expect(elsewhere.length).toBeGreaterThan(200);
    expect(elsewhere.filter((path) => isNamedIn(readFileSync(path, "utf8")))).toEqual([]);
  });
});

test.each([
  ["calls people", /\b(keeper|pager)\.(trigger|call)\(/, ["src/flows/reach/ways.ts"]],
  [
    "ends or answers what a pager keeps",
    /\b(keeper|pager)\.(resolve|acknowledge)\(/,
    ["src/flows/incident/paging/pager-sync.ts", "src/flows/reach/stand-down.ts"],
  ],
] as const)("one place %s, for incident pages and everything else", (_what, asks, places) => {
  const asking = sources("src").filter((path) => asks.test(readFileSync(path, "utf8")));
  expect(new Set(asking)).toEqual(new Set(places));
});

describe.each(PAGERS)("what the table says of $name", (kind) => {
  test("fits what its client can do: one that keeps incidents has every ability, one that only tells has none of them", () => {
    const settings = kind.settings.parse(WithExample.parse(kind.settings.meta()).examples[0]);
    const variables = Object.fromEntries(
      kind.variables.flatMap(({ name }) => (VARIABLES[name] === undefined ? [] : [[name, VARIABLES[name]]])),
    );
    const pager = kind.open({ settings, variables, budget: { take: async () => 0 }, clock: { now: () => 0 } });
    pager.close();
    const abilities = [pager.trigger, pager.acknowledge, pager.resolve, pager.evidence, pager.whoIsOnCall];
    expect(abilities.map((ability) => ability !== undefined)).toEqual(Array(5).fill(kind.traits.keepsIncidents));
    expect(pager.name).toBe(kind.name);
  });
});
