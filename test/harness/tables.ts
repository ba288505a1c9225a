import { createHash } from "node:crypto";

/**
 * Some tables of tests have more rows than each run has time for: every step at every boundary, with every fault, in every
 * mode. `npm run tables -- --runs 1` walks each row in one of its ways, by seed, and of the longest tables a third of the rows; `npm run tables` walks all of them. The seed is the number of
 * the day unless TEST_SEED gives it, and each further day tries the next way of every row.
 */
const DAY_MS = 86_400_000;
/** That of the day, unless it is given. */
export const SEED = Number(process.env["TEST_SEED"] ?? Math.floor(Date.now() / DAY_MS));
/** How many seeds are drawn, beginning with that one. */
export const RUNS: number =
  process.env["TABLES"] === "whole" ? Number.POSITIVE_INFINITY : Number(process.env["TABLES"] ?? 1);

/** For titles: what has to be given for the same rows again. */
export const WALKED = RUNS === Number.POSITIVE_INFINITY ? "whole table" : `TEST_SEED=${SEED} TABLES=${RUNS}`;

/** The ways in which this row is walked now; never none. `everyDays`: 3 for a row of `inThirds`. */
export function drawn<T>(row: string, ways: readonly T[], everyDays = 1): readonly T[] {
  return drawnOn(SEED, { row, ways, everyDays });
}

interface Row<T> {
  readonly row: string;
  readonly ways: readonly T[];
  /**
   * Days from one turn of the row to the next: 3 within `inThirds`. There each turn takes the next way, not each day: of six ways
   * a row that has its turn every third day would meet two.
   */
  readonly everyDays?: number;
}

/** The same on the day of a seed. */
export function drawnOn<T>(seed: number, { row, ways, everyDays = 1 }: Row<T>): readonly T[] {
  const first = createHash("sha256").update(row).digest().readUInt32BE(0) + Math.floor(seed / everyDays);
  return ways.filter((_, index) => (((index - first) % ways.length) + ways.length) % ways.length < RUNS);
}

/** Which third of what a row does is done: each is a way of its own to walk the row. */
export const THIRDS = [0, 1, 2] as const;
export type Third = (typeof THIRDS)[number];

/** Part of a list that belongs to this third. The same name is in one third only; fewer than three names are never parted. */
export function thirdOf(third: Third, names: readonly string[]): string[] {
  const different = [...new Set(names)];
  if (different.length < THIRDS.length) return [...names];
  return names.filter((name) => different.indexOf(name) % THIRDS.length === third);
}

/** A third of the rows, another one each day. Each row is a world of its own here, and all of them together take longer than a run has. */
export function inThirds<T>(table: string, rows: readonly T[]): readonly T[] {
  const thirds = THIRDS.map((third) => rows.filter((_, index) => index % THIRDS.length === third));
  return drawn(table, thirds).flat();
}
