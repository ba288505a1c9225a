import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { identifiersIn } from "../harness/words-in-source.ts";

interface Meaning {
  readonly word: RegExp;
  readonly means: string;
  /** Rooms and files whose names may have it. */
  readonly rooms: readonly string[];
  /** Names of a vendor, or of what a vendor calls so. */
  readonly but?: RegExp;
}

const MEANINGS: readonly Meaning[] = [
  {
    word: /\b(fenced|fencing)\b/,
    means: "the old side of a run is closed; a late worker is superseded",
    rooms: [
      ...["domain/plan-run", "domain/service/firewall.ts", "engine/runs", "flows/runbooks/failover"],
      ...["domain/service/moved.ts", "flows/active-region.ts", "flows/runbooks/rests-on-run.ts"],
      ...["flows/resources/stores", "views/old-side.ts", "views/run-news.ts", "views/run-steps.ts"],
      // A block of Markdown is fenced, as its standard says.
      "procedures/readers",
    ],
  },
  {
    word: /\bwatch(es|ed|ing|er)?\b/,
    means: "looking for the return of an old side that could not be fenced",
    rooms: [
      ...["domain/plan-run", "domain/service/service.ts", "engine/runs", "engine/approvals", "flows/reach"],
      ...["flows/runbooks", "views/old-side.ts", "views/run-copy.ts", "views/run-news.ts", "views/run-steps.ts"],
      ...["jobs/looks/observer.ts", "commands/reading.ts", "jobs/handlers.ts"],
      // `fs.watch` of Node.
      "config/reload.ts",
    ],
    but: /cloudwatch/i,
  },
  {
    word: /\brecords?$/,
    means: "what DNS gives for a name; what is stored is a document",
    rooms: [
      ...["config/rules", "flows/resources", "flows/steps", "integrations/aws"],
      ...["ports/traffic.ts", "sandbox/derive-data-plane.ts", "sandbox/derive-zones.ts", "simulators/aws"],
      ...["simulators/dns", "simulators/application/traffic.ts", "simulators/application/writers.ts"],
    ],
    // TypeScript's own type.
    but: /^Record$/,
  },
  { word: /\blanes?\b/, means: "nothing: jobs of one kind are a queue", rooms: [] },
];

/** `isToStayFenced` → `is to stay fenced`. */
const spelled = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/[^A-Za-z0-9]+/g, " ")
    .toLowerCase();

const hasIt = (name: string, { word, but }: Meaning): boolean => word.test(spelled(name)) && !but?.test(name);

const lies = (file: string, room: string): boolean => file === room || file.startsWith(`${room}/`);

type Named = readonly [file: string, names: readonly string[]];

const namesOutside = (meaning: Meaning, files: readonly Named[]): string[] =>
  files
    .filter(([file]) => !meaning.rooms.some((room) => lies(file, room)))
    .flatMap(([file, names]) => names.filter((name) => hasIt(name, meaning)).map((name) => `${file}: ${name}`));

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file): Named => [file, identifiersIn(readFileSync(join("src", file), "utf8"))]);

describe.each(MEANINGS)("a name with $word means: $means", (meaning) => {
  test("nowhere else is anything called so", () => {
    expect(sources.length).toBeGreaterThan(400);
    expect(namesOutside(meaning, sources)).toEqual([]);
  });

  test("each room that may have it has it", () => {
    const unused = meaning.rooms.filter((room) => {
      const within = sources.filter(([file]) => lies(file, room));
      return namesOutside({ ...meaning, rooms: [] }, within).length === 0;
    });
    expect(unused).toEqual([]);
  });
});

test("a name that is planted elsewhere is found, whether a value, a type, a parameter or a key", () => {
  const source = `
    interface PageRecord { readonly fencedAtMs: number }
    const watching = (record: Record<string, unknown>, alarm: CloudWatchAlarm) => z.record(z.string(), alarm);
    export const LANES = { other: watching };
  `;
  expect(MEANINGS.map((meaning) => namesOutside(meaning, [["views/a.ts", identifiersIn(source)]]))).toEqual([
    ["views/a.ts: fencedAtMs"],
    ["views/a.ts: watching"],
    ["views/a.ts: PageRecord", "views/a.ts: record"],
    ["views/a.ts: LANES"],
  ]);
});
