import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GUARDS } from "../guards/table.mjs";
import { instrumentAll } from "./instrumenter.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COPIED = [
  ...["src", "test", "examples", "docs", "dist", "package.json", "jest.config.mjs", "tsconfig.json"],
  // Tests read these, too.
  ...["README.md", "CONTRIBUTING.md", "docker-compose.yml"],
];

/** Rooms of which the sample is drawn: what decides, what writes down, what acts, and how people come in. What puts these together scenarios show. */
const ROOMS = ["domain", "engine", "flows", "store", "doors"];
/** Words are measured by tests of their own (test/words, test/views); a changed sentence decides nothing. */
const LEFT_OUT = ["StringLiteral"];

export interface Place {
  /** First is 0, as the library counts. */
  readonly line: number;
  readonly column: number;
}

export interface Mutant {
  /** Of this copy alone. */
  readonly id: string;
  /** The same as long as nothing about this change is different, and also where it moves in its file. */
  readonly name: string;
  /** Below the root, such as `src/domain/plan-run/key.ts`. */
  readonly file: string;
  readonly from: Place;
  readonly to: Place;
  readonly mutator: string;
  /** What stood there. */
  readonly was: string;
  readonly becomes: string;
}

export interface Mutated {
  /** A copy of the project in which every mutant is present, and one is switched on by an environment variable. */
  readonly directory: string;
  readonly mutants: readonly Mutant[];
  /** The sources as they are, by file. */
  readonly texts: ReadonlyMap<string, string>;
}

/** `directory`: where the copy is made. One that is always the same lets jest keep what it has compiled there. */
export async function instrument(directory: string): Promise<Mutated> {
  await copyTo(directory);
  const texts = await sources();
  const { files, mutants } = await instrumentAll(
    [...texts].map(([name, content]) => ({ name, content })),
    LEFT_OUT,
  );
  await Promise.all(files.map(({ name, content }) => writeFile(join(directory, name), content)));
  const changes = mutants
    .filter(({ status }) => status === undefined)
    .map(({ id, fileName, location: { start, end }, mutatorName, replacement }) => ({
      ...{ id, file: fileName, from: start, to: end, mutator: mutatorName },
      was: textAt(texts.get(fileName) ?? "", start, end),
      becomes: replacement,
    }));
  return { directory, texts, mutants: named(changes) };
}

/** Equal changes of one file are told apart by their number. */
export function named(mutants: readonly Omit<Mutant, "name">[]): Mutant[] {
  const seen = new Map<string, number>();
  return mutants.map((mutant) => {
    const change = JSON.stringify([mutant.file, mutant.mutator, mutant.was, mutant.becomes]);
    const nth = (seen.get(change) ?? 0) + 1;
    seen.set(change, nth);
    return { ...mutant, name: `${change} ${nth}` };
  });
}

async function copyTo(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await Promise.all(COPIED.map((name) => cp(join(ROOT, name), join(directory, name), { recursive: true })));
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
}

/** Every source that is mutated, by its file: those of the rooms, and each in which a guard lies. */
export async function sources(): Promise<Map<string, string>> {
  const entries = await Promise.all(
    ROOMS.map((room) => readdir(join(ROOT, "src", room), { recursive: true, withFileTypes: true })),
  );
  const inRooms = entries
    .flat()
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
  const names = [...new Set([...inRooms, ...GUARDS.map(({ file }) => file)])].toSorted();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(ROOT, name), "utf8")] as const)),
  );
}

/** Of the other files the changes inside guards are tried alone: the sample is one of these rooms. */
export const isInRooms = ({ file }: Pick<Mutant, "file">): boolean =>
  ROOMS.some((room) => file.startsWith(`src/${room}/`));

/** The text between two places. */
export function textAt(text: string, from: Place, to: Place): string {
  return text.slice(offsetOf(text, from), offsetOf(text, to));
}

/** The text with this change in it. */
export const replaced = (text: string, { from, to, becomes }: Pick<Mutant, "from" | "to" | "becomes">): string =>
  `${text.slice(0, offsetOf(text, from))}${becomes}${text.slice(offsetOf(text, to))}`;

export function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length - 1, column: lines.at(-1)?.length ?? 0 };
}

function offsetOf(text: string, { line, column }: Place): number {
  let offset = 0;
  for (let passed = 0; passed < line; passed += 1) offset = text.indexOf("\n", offset) + 1;
  return offset + column;
}
