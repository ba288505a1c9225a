import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { Mode } from "../../src/domain/plan-run/plan.ts";
import type { Service } from "../../src/domain/service/service.ts";
import { STEPS } from "../../src/flows/index.ts";
import { RUNBOOKS } from "../../src/flows/runbooks/index.ts";
import { PROPOSED, planOn } from "../harness/proposed-plays.ts";
import type { Change } from "../harness/quiet-cloud.ts";
import { type SourceWord, wordsIn } from "../harness/words-in-source.ts";

/** Rooms that know steps by their role and runbooks by their table. */
const ROOMS = ["src/domain", "src/engine", "src/views", "src/commands"];

const MODES: readonly Mode[] = ["planned", "unplanned"];

/** Ways that the world can stand in when a plan is made: each may need steps of its own. */
const DAYS: readonly ((service: Service) => Change)[] = [
  () => ({}),
  ({ home }) => ({ silent: [home] }),
  () => ({ areRecordsSilent: true }),
  ({ home }) => ({ silent: [home], areRecordsSilent: true }),
];

async function stepsOnAnyDay(): Promise<string[]> {
  const wished = PROPOSED.flatMap((play) => MODES.flatMap((mode) => DAYS.map((change) => ({ play, mode, change }))));
  const made = wished.map(({ play, ...day }) => planOn(play, play.inventory, day));
  return (await Promise.all(made)).flatMap((each) => (each.kind === "plan" ? each.plan.steps.map(({ id }) => id) : []));
}

/** Names of the tables themselves, and the ids that a plan gives its steps. */
const NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(STEPS),
  ...RUNBOOKS.map(({ name }) => name),
  ...(await stepsOnAnyDay()),
]);

/** The same word with another meaning, by the file and how it stands there. */
const OTHER_WORDS: readonly (readonly [file: string, found: string, why: string])[] = [
  ["src/domain/service/site.ts", "literal failover", "a routing of Route 53"],
  ["src/domain/service/service.ts", "key promote", "a part of the budget, as people write it in twokey.yaml"],
  ["src/engine/runs/journal.ts", "key take", "the hold of a run is taken"],
  ["src/engine/runs/executor.ts", "member take", "the hold of a run is taken"],
  ["src/engine/runs/fence-watch.ts", "member take", "the hold of a run is taken"],
  ["src/domain/plan-run/fence.ts", "key fence", "what is proven of the old side: a noun of the glossary"],
  ["src/domain/plan-run/fence.ts", "member fence", "the same noun"],
  ["src/domain/plan-run/watch-transition.ts", "key fence", "the same noun"],
  ["src/engine/runs/until-there.ts", "key fence", "the same noun"],
  ["src/engine/runs/fence-again.ts", "key fence", "the same noun"],
  ["src/engine/runs/fence-guard.ts", "member fence", "the same noun"],
  ["src/engine/runs/fence-watch.ts", "key fence", "the same noun"],
  ["src/engine/runs/fence-watch.ts", "member fence", "the same noun"],
];

/** A name that stands there whole, put together from its beginning, or as the verb of a sentence. */
function namesOf({ how, word }: SourceWord): string[] {
  if (how !== "literal") return NAMES.has(word) ? [word] : [];
  const verbs = new Set([...word.matchAll(/\/dr ([a-z-]+)/g)].map(([, verb]) => verb));
  return [...NAMES].filter(
    (name) => verbs.has(name) || [name, `${name}-`].includes(word) || word.startsWith(`${name}-$`),
  );
}

/** `file: how name` for every name that stands in the sources of a room. */
function namesIn(files: readonly (readonly [file: string, source: string])[]): string[] {
  const found = files.flatMap(([file, source]) =>
    wordsIn(source).flatMap((word) => namesOf(word).map((name) => `${file}: ${word.how} ${name}`)),
  );
  return [...new Set(found)];
}

const sources = ROOMS.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [join(room, file), readFileSync(join(room, file), "utf8")] as const),
);

test("engine, domain, views and commands name no step and no runbook", () => {
  expect(sources.length).toBeGreaterThan(80);
  const known = OTHER_WORDS.map(([file, found]) => `${file}: ${found}`);
  expect(new Set(namesIn(sources))).toEqual(new Set(known));
});

test("the names are those of every runbook, on every service, in both modes and on the worst days", () => {
  expect(new Set(PROPOSED.map(({ runbook }) => runbook))).toEqual(new Set(RUNBOOKS.map(({ name }) => name)));
  const some = ["take", "copy", "promote-guests", "failover-cluster", "record-position", "dns-by-hand"];
  expect([...NAMES]).toEqual(expect.arrayContaining([...some, "dns-by-hand-book-example-com", "names-by-hand"]));
});

test("a name that is planted there is found, however it stands there", () => {
  const planted = [
    ["a.ts", 'if (step.does === "promote-replica") wait();'],
    ["b.ts", "const text = `Ask again: /dr failover inventory`; // a snapshot"],
    ["c.ts", `if (id === "promote-" + store || id === \`copy-\${store}\`) wait();`],
    ["d.ts", 'const LIMITS = { promote: 60, "scale-out": 30 } as const;'],
    ["e.ts", "interface Seen { readonly fence: string }"],
    ["f.ts", "const seen = outputs.reboot ?? steps.map(({ take: on }) => on);"],
    ["g.ts", 'const routing = { routing: "failover", id: "dns-by-hand" };'],
    ["h.ts", '// "fence-primary" and { promote: 1 } in a comment'],
  ] as const;
  expect(namesIn(planted)).toEqual([
    ...["a.ts: literal promote-replica", "b.ts: literal failover", "c.ts: literal promote", "c.ts: literal copy"],
    ...[
      "d.ts: key promote",
      "d.ts: key scale-out",
      "d.ts: literal scale-out",
      "e.ts: key fence",
      "f.ts: member reboot",
      "f.ts: key take",
    ],
    ...["g.ts: literal failover", "g.ts: literal dns-by-hand"],
  ]);
});
