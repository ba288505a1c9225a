import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { flatnessOf } from "../../src/sandbox/soak/flat.ts";
import { bytesIn, type Sample } from "../../src/sandbox/soak/sample.ts";

/** A year of samples, by what each of them holds. */
const year = (of: (day: number) => Partial<Sample>): Sample[] =>
  [...Array.from({ length: 13 }, (_, month) => 30 * month), 365].map((day) => ({
    ...{ day, redisMb: 20, keys: 1_000, ledgerMb: day / 10, rssMb: 90 },
    ...of(day),
  }));

test("a store that grows until the first retention period is over, and no more, is flat", () => {
  expect(flatnessOf(year((day) => ({ keys: Math.min(day, 120) * 10 })))).toEqual({ kind: "flat" });
  expect(flatnessOf(year((day) => ({ redisMb: day < 300 ? 20 : 22 })))).toEqual({ kind: "flat" });
});

test("one sample of the last six above it by more than a tenth is growth, of memory and of keys", () => {
  const grown = flatnessOf(year((day) => ({ redisMb: day === 270 ? 22.1 : 20, keys: 1_000 + day * 10 })));
  expect(grown).toEqual({
    kind: "grows",
    why: [
      "redisMb grew from 20 on day 120 to 22.1, more than 1.1 times as much.",
      "keys grew from 2200 on day 120 to 4650, more than 1.1 times as much.",
    ],
  });
  expect(flatnessOf(year((day) => ({ redisMb: day === 180 ? 30 : 20 })))).toEqual({ kind: "flat" });
  expect(flatnessOf(year((day) => ({ rssMb: day > 300 ? 110 : 90 })))).toEqual({ kind: "flat" });
  expect(flatnessOf(year((day) => ({ rssMb: 90 + day / 5 }))).kind).toBe("grows");
});

test("the ledger is kept for longer than a year and grows by as much each day: it may not grow faster at the end", () => {
  const faster = flatnessOf(year((day) => ({ ledgerMb: day <= 240 ? day / 10 : 24 + (day - 240) / 5 })));
  expect(faster).toEqual({
    kind: "grows",
    why: ["ledgerMb grew by 0.2 a day from day 300 to 365, more than 1.25 times the 0.1 a day from day 120 to 180."],
  });
  // Until the first incidents go into the archive it hardly grows.
  expect(flatnessOf(year((day) => ({ ledgerMb: day <= 90 ? 0 : day / 10 }))).kind).toBe("flat");
  expect(flatnessOf(year((day) => ({ ledgerMb: day / 10 + (day > 300 ? 1 : 0) })))).toEqual({ kind: "flat" });
  // What is next to nothing is made of rounding.
  expect(flatnessOf(year((day) => ({ ledgerMb: day < 330 ? 0 : 0.02 })))).toEqual({ kind: "flat" });
  const short = year((day) => ({ ledgerMb: day ** 2 })).filter(({ day }) => day <= 180);
  expect(flatnessOf(short)).toEqual({ kind: "flat" });
});

test("what is too short to say so is not judged", () => {
  expect(flatnessOf(year(() => ({})).slice(0, 5)).kind).toBe("not-judged");
});

test("a file that goes while the ledger is measured weighs nothing, and ends no soak", async () => {
  const directory = await mkdtemp(join(tmpdir(), "twokey-soak-"));
  try {
    await writeFile(join(directory, "bot-1.jsonl"), "12345");
    await symlink(join(directory, "gone"), join(directory, ".bot-1.probe"));

    expect(await bytesIn(directory)).toBe(5);
  } finally {
    await rm(directory, { recursive: true });
  }
});
