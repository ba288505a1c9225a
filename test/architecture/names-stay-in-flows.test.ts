import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { STEPS } from "../../src/flows/index.ts";
import { RUNBOOKS } from "../../src/flows/runbooks/index.ts";
import { example } from "../harness/example.ts";
import { planFor } from "../harness/plans.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";

/** Rooms that know steps by their role and runbooks by their table. */
const ROOMS = ["src/domain", "src/engine", "src/views"];

/** Names of the tables themselves, and the ids that a plan gives its steps. */
const NAMES = new Set([
  ...Object.keys(STEPS),
  ...RUNBOOKS.map(({ name }) => name),
  ...planFor(example("regami")).steps.map(({ id }) => id),
  ...PROPOSED.flatMap(({ run }) => run.plan.steps.map(({ id }) => id)),
]);

/** Route 53 has a routing of the same name as a runbook. */
const ROUTING = /\brouting: [^,]*/g;

/** Everything between quotes or back-ticks; comments may say what they like. */
function literalsOf(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "").replaceAll(ROUTING, "");
  return [...code.matchAll(/"([^"\n]*)"|`([^`]*)`/g)].map(([, quoted, template]) => quoted ?? template ?? "");
}

function nameIn(literal: string): string | undefined {
  const [, verb] = /\/dr ([a-z-]+)/.exec(literal) ?? [];
  // A name may also be put together, or looked for by its beginning.
  return [...NAMES].find(
    (name) => verb === name || [name, `${name}-`].includes(literal) || literal.startsWith(`${name}-$`),
  );
}

/** `file: name` for every name that stands in the sources of a room. */
function namesIn(files: readonly (readonly [file: string, source: string])[]): string[] {
  return files.flatMap(([file, source]) =>
    literalsOf(source).flatMap((literal) => {
      const name = nameIn(literal);
      return name === undefined ? [] : [`${file}: ${name}`];
    }),
  );
}

const sources = ROOMS.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [join(room, file), readFileSync(join(room, file), "utf8")] as const),
);

test("engine, domain and views name no step and no runbook", () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(namesIn(sources)).toEqual([]);
});

test("the names are those of every runbook, on every service that can have it", () => {
  expect(new Set(PROPOSED.map(({ runbook }) => runbook))).toEqual(new Set(RUNBOOKS.map(({ name }) => name)));
  expect([...NAMES]).toEqual(expect.arrayContaining(["take", "copy", "promote-guests", "failover-cluster"]));
});

test("a name that is planted there is found, as a word of its own and as a verb", () => {
  const planted = [
    ["a.ts", 'if (step.does === "promote-replica") return;'],
    ["c.ts", 'if (id === "promote-" + store) return;'],
    ["b.ts", "const text = `Ask again: /dr failover inventory`; // a failover"],
  ] as const;
  expect(namesIn(planted)).toEqual(["a.ts: promote-replica", "c.ts: promote", "b.ts: failover"]);
});
