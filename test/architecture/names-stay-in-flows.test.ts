import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { Mode } from "../../src/domain/plan-run/plan.ts";
import type { Service } from "../../src/domain/service/service.ts";
import { KINDS, RUNBOOKS, STEPS } from "../../src/flows/index.ts";
import type { Change } from "../harness/fakes/index.ts";
import { PROPOSED, planOn } from "../harness/proposed-plays.ts";
import { type SourceWord, wordsIn } from "../harness/words-in-source.ts";

/** Rooms that know steps by their role, and runbooks and kinds by their tables. Procedures that people wrote name what AWS names. */
const ROOMS = [
  ...["src/domain", "src/engine", "src/views", "src/commands", "src/app", "src/jobs", "src/doors", "src/store"],
  ...["src/integrations", "src/config", "src/ports", "src/sandbox"],
];

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
  ...KINDS.map(({ kind }) => kind),
  ...(await stepsOnAnyDay()),
]);

/** What ports ask of a vendor, in words that steps are called by too. */
const CALLS_OF_PORTS = ["promote", "reboot", "failover", "copy"];

/** The same word with another meaning: in which file or folder, how it stands there, and what it means. */
const OTHER_WORDS: readonly (readonly [where: string, found: readonly string[], why: string])[] = [
  ["src/domain/service/service.ts", ["key promote"], "a part of the budget, as people write it in twokey.yaml"],
  ["src/domain/service/region.ts", ["key route53", "member route53"], "the region of AWS's control plane of DNS"],
  ["src/domain/plan-run/plan.ts", ["literal none"], "no data is lost"],
  ["src/domain/plan-run/before-promotion.ts", ["literal none"], "no data is lost"],
  ["src/domain/plan-run/lost-writes.ts", ["literal none"], "no data is lost"],
  ["src/views/loss.ts", ["literal none"], "no data is lost"],
  ["src/views/run-loss.ts", ["literal none"], "no data is lost"],
  ["src/views/standing.ts", ["literal none"], "no data is lost"],
  ["src/views/alert.ts", ["literal none"], "an alert without an incident"],
  ["src/store/runs.ts", ["literal none"], "no claim changes"],
  ["src/integrations/databases/marker.ts", ["literal none"], "a row that no run wrote"],
  ["src/integrations/network/probe.ts", ["key none", "literal none"], "a write check without a session"],
  ["src/integrations/pagers/mail/", ["literal none"], "mail without TLS, in a sandbox"],
  ["src/engine/runs/journal.ts", ["key take"], "the hold of a run is taken"],
  ["src/engine/runs/executor.ts", ["member take"], "the hold of a run is taken"],
  ["src/engine/runs/fence-watch.ts", ["member take"], "the hold of a run is taken"],
  ["src/jobs/handlers.ts", ["member take"], "an alert is taken in"],
  ["src/app/doctor.ts", ["key take"], "a call is taken from the budget of a vendor's limit"],
  ["src/ports/budget.ts", ["key take"], "the same budget"],
  ["src/store/budget.ts", ["key take"], "the same budget"],
  ["src/integrations/pagers/pagerduty/", ["key take", "member take"], "the same budget"],
  ["src/integrations/slack/", ["key take", "member take"], "the same budget, and room in a text"],
  ["src/store/put-aside.ts", ["member copy"], "a call of Redis"],
  [
    "src/domain/plan-run/fence.ts",
    ["key fence", "member fence"],
    "what is proven of the old side: a noun of the glossary",
  ],
  ["src/domain/plan-run/watch-transition.ts", ["key fence"], "the same noun"],
  ["src/engine/runs/until-there.ts", ["key fence"], "the same noun"],
  ["src/engine/runs/fence-again.ts", ["key fence"], "the same noun"],
  ["src/engine/runs/fence-guard.ts", ["member fence"], "the same noun"],
  ["src/engine/runs/fence-watch.ts", ["key fence", "member fence"], "the same noun"],
  ["src/ports/traffic.ts", ["key failover"], "a routing of Route 53"],
  ["src/ports/databases.ts", ["key promote", "key reboot"], "a call of the port: what an instance can be asked for"],
  ["src/ports/clusters.ts", ["key failover"], "a call of the port: what a cluster can be asked for"],
  ["src/ports/snapshots.ts", ["key copy"], "a call of the port"],
  ["src/ports/elsewhere.ts", CALLS_OF_PORTS.flatMap((call) => [`key ${call}`, `member ${call}`]), "the same calls"],
  ["src/integrations/aws/", CALLS_OF_PORTS.map((call) => `key ${call}`), "the same calls, and a routing of Route 53"],
  ["src/integrations/aws/databases.ts", ["literal reboot"], "the name of the call, in what is said of it"],
  ["src/integrations/aws/snapshots.ts", ["member copy"], "the call of the port"],
  ["src/integrations/aws/role-policies.ts", ["literal snapshot"], "the type of a resource in an ARN"],
  [
    "src/integrations/aws/",
    ["ecs", "route53"].flatMap((name) => [`key ${name}`, `member ${name}`, `literal ${name}`]),
    "AWS's own names of its services, as clients are called",
  ],
  ["src/sandbox/derive-alarms.ts", ["literal route53"], "a part of the simulated world"],
  ["src/sandbox/derive-data-plane.ts", ["key ecs", "literal ecs"], "the same"],
  ["src/sandbox/derive-zones.ts", ["literal route53", "literal failover"], "the same, and a routing of Route 53"],
  ["src/sandbox/world-from-inventory.ts", ["key route53"], "the same"],
  [
    "src/sandbox/bench/",
    ["literal failover", "literal none"],
    "what is measured, and what people type for it; no ledger",
  ],
  ["src/sandbox/story/play.ts", ["literal failover"], "what people type"],
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

const found = namesIn(sources);
const isKnown = (name: string, [where, words]: (typeof OTHER_WORDS)[number]) =>
  words.some(
    (word) =>
      (where.endsWith("/") ? name.startsWith(where) : name.startsWith(`${where}:`)) && name.endsWith(`: ${word}`),
  );

test("no room but flows names a step, a runbook or a kind of resource", () => {
  expect(sources.length).toBeGreaterThan(300);
  expect(found.filter((name) => !OTHER_WORDS.some((row) => isKnown(name, row)))).toEqual([]);
});

test("each other meaning of such a name is there, as it is written down", () => {
  const rows = OTHER_WORDS.flatMap(([where, words, why]) => words.map((word) => [where, [word], why] as const));
  expect(rows.filter((row) => !found.some((name) => isKnown(name, row)))).toEqual([]);
});

test("the names are those of every runbook, on every service, in both modes and on the worst days", () => {
  expect(new Set(PROPOSED.map(({ runbook }) => runbook))).toEqual(new Set(RUNBOOKS.map(({ name }) => name)));
  const some = ["take", "copy", "promote-guests", "failover-cluster", "record-position", "dns-by-hand"];
  const kinds = ["rds-replica", "ecs", "none", "static"];
  expect([...NAMES]).toEqual(
    expect.arrayContaining([...some, ...kinds, "dns-by-hand-book-example-com", "names-by-hand"]),
  );
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
    ["i.ts", 'if (resource.kind === "aurora-cluster" || kindOf(it) === "static") wait();'],
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
    ...["g.ts: literal failover", "g.ts: literal dns-by-hand", "i.ts: literal aurora-cluster", "i.ts: literal static"],
  ]);
});
