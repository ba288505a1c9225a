import { type Act, type Document, everySetting, type Procedure, plainName, type Setting } from "./procedure.ts";
import type { Plan } from "./rule.ts";

const SECOND = 1_000;
const UNIT_MS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, SECOND],
  [/^(?:m|mins?|minutes?)$/i, 60 * SECOND],
  [/^(?:h|hrs?|hours?)$/i, 3_600 * SECOND],
  [/^(?:d|days?)$/i, 86_400 * SECOND],
  [/^(?:w|weeks?)$/i, 7 * 86_400 * SECOND],
  [/^(?:months?)$/i, 30 * 86_400 * SECOND],
  [/^(?:y|years?)$/i, 365 * 86_400 * SECOND],
];

const SPAN = /(\d+(?:\.\d+)?)\s*-?\s*([a-z]+)\b/gi;

/** The first time span in a text, as people write it: `5 minutes`, `12 weeks`, `30m`. */
export function spanIn(text: string): number | undefined {
  for (const [, number = "", unit = ""] of text.matchAll(SPAN)) {
    const ms = UNIT_MS.find(([pattern]) => pattern.test(unit))?.[1];
    if (ms !== undefined) return Number(number) * ms;
  }
  return undefined;
}

const EVERY: readonly (readonly [RegExp, number])[] = [
  [/\bhourly\b/i, 3_600 * SECOND],
  [/\b(?:daily|nightly)\b/i, 86_400 * SECOND],
  [/\bweekly\b/i, 7 * 86_400 * SECOND],
  [/\bmonthly\b/i, 30 * 86_400 * SECOND],
];

/** How long it is from one time to the next: `daily`, `every 6 hours`. */
export function intervalIn(text: string): number | undefined {
  const every = /\bevery\s+(.*)$/i.exec(text)?.[1];
  return EVERY.find(([pattern]) => pattern.test(text))?.[1] ?? (every === undefined ? undefined : spanIn(every));
}

export interface Stated {
  readonly file: string;
  readonly line: number;
  readonly ms: number;
  /** What stands around it: the rest of the line, and what is said under the same heading. */
  readonly around: string;
}

/** Each RPO that a document promises: in a sentence, a table or a setting. */
export function* promisedLoss({ file, prose, settings }: Document): Generator<Stated> {
  const columns = new Map<string, number>();
  for (const { line, text, headings } of prose) {
    const section = headings.join("/");
    const cells = text.split("|").map((cell) => cell.trim());
    const column = cells.findIndex((cell) => /^RPO\b/i.test(cell));
    if (text.trim().startsWith("|") && column !== -1) columns.set(section, column);
    const cell = text.trim().startsWith("|") ? cells[columns.get(section) ?? -1] : undefined;
    const said = cell ?? /\bRPO\b[^:|]*:[*\s]*(.*)$/i.exec(text)?.[1];
    const ms = said === undefined ? undefined : spanIn(said);
    const around = prose.filter((other) => other.headings.join("/") === section).map((other) => other.text);
    if (ms !== undefined) yield { file, line, ms, around: around.join("\n") };
  }
  for (const { key, line, text, path } of everySetting(settings)) {
    const ms = text !== undefined && /^(?:rpo|rpo_?(?:target|minutes|seconds)?)$/i.test(key) ? spanIn(text) : undefined;
    if (ms !== undefined) yield { file, line, ms, around: path.join(" ") };
  }
}

/** A promise to lose nothing is kept by no alarm: it is left out. */
export const smallestLoss = (plan: Plan): Stated | undefined =>
  plan.documents
    .flatMap((document) => [...promisedLoss(document)])
    .filter(({ ms }) => ms > 0)
    .toSorted((a, b) => a.ms - b.ms)[0];

const REGION = /\b[a-z]{2}(?:-gov|-iso[a-z]?)?-(?:north|south|east|west|central)[a-z]*-\d\b/g;

export const regionsIn = (text: string): string[] => [...new Set(text.match(REGION) ?? [])];

/** Regions that a document calls its primary. */
export function primaryRegions({ prose, settings }: Document): Set<string> {
  const found = new Set<string>();
  for (const { text } of prose)
    for (const [, region = ""] of text.matchAll(/\bprimary(?:\s+region)?\W{0,8}((?:[a-z]{2}-)+[a-z]+-\d)\b/gi))
      found.add(region);
  for (const { path, text } of everySetting(settings))
    if (
      text !== undefined &&
      /^(?:\w+_)?region$/i.test(path.at(-1) ?? "") &&
      path.some((step) => /primary/i.test(step))
    )
      for (const region of regionsIn(text)) found.add(region);
  return found;
}

/** A setting by the names of its children, such as an alarm or a record of a template. */
export function* settingsWith(document: Document, ...names: readonly string[]): Generator<Setting> {
  for (const setting of everySetting(treesOf(document))) {
    const keys = new Set(setting.children.map(({ key }) => plainName(key)));
    if (names.every((name) => keys.has(plainName(name)))) yield setting;
  }
}

/** Settings of the file, and those in the values of its commands. */
export function treesOf({ settings, procedures }: Document): readonly Setting[] {
  const given = procedures.flatMap(({ acts }) =>
    acts.flatMap(({ options }) => [...options.values()].flatMap(({ tree }) => tree ?? [])),
  );
  return [...settings, ...given];
}

/** What the reader of an act sees of its aim. */
export const saidBy = ({ note }: Act, { title }: Procedure): string => `${title}\n${note}`;

/** Whether the plan has a database that somebody must promote. */
export function hasDatabase({ procedures, prose, settings }: Document): boolean {
  const isDatabase = (text: string) => /\b(?:rds|aurora|database|postgres(?:ql)?|mysql|mariadb|psql)\b/i.test(text);
  return (
    procedures.some(({ acts }) => acts.some(({ name, service }) => service === "rds" || isDatabase(name))) ||
    prose.some(({ text }) => isDatabase(text)) ||
    [...everySetting(settings)].some(({ key }) => isDatabase(key.replaceAll(/[_-]/g, " ")))
  );
}
