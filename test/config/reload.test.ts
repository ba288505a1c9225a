import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Reloading, type ReloadOptions, reloadOnChange } from "../../src/config/reload.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { eventually } from "../harness/eventually.ts";
import { INVENTORY } from "./broken-file.ts";

const BAD = INVENTORY.replace("rpo: 15m", "rpo: soon");
const NEXT = INVENTORY.replace("rpo: 15m", "rpo: 10m");

let directory: string;
let file: string;
let seen: string[];
let reloading: Reloading | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "twokey-reload-"));
  file = join(directory, "twokey.yaml");
  seen = [];
  writeFileSync(file, INVENTORY);
});

afterEach(() => {
  reloading?.stop();
  rmSync(directory, { recursive: true });
});

function start(options: ReloadOptions = {}): void {
  const rpoOf = (inventory: Inventory) => inventory.services[0]?.rpo;
  reloading = reloadOnChange(
    file,
    {
      onGood: (inventory) => seen.push(`good ${rpoOf(inventory)}`),
      onBad: (problems) => {
        const first = problems.find(({ severity }) => severity === "error");
        seen.push(`bad ${first?.rule} ${first?.line}`);
      },
    },
    { settleMs: 20, inUse: INVENTORY, ...options },
  );
}

/** Resolves when this many reports have come. */
const reports = (count: number): Promise<string[]> => eventually(`report ${count}`, () => seen.length >= count && seen);

describe("a running bot", () => {
  test("hears of a bad file once, and of the good one after it", async () => {
    start();
    writeFileSync(file, BAD);
    const line = BAD.slice(0, BAD.indexOf("rpo: soon")).split("\n").length;
    expect(await reports(1)).toEqual([`bad schema ${line}`]);
    writeFileSync(file, NEXT);
    expect(await reports(2)).toEqual([`bad schema ${line}`, "good 600000"]);
  });

  test("follows a file that an editor replaces by renaming, again and again", async () => {
    start();
    for (const [at, text] of [NEXT, INVENTORY, NEXT].entries()) {
      writeFileSync(join(directory, ".twokey.yaml.swp"), text);
      renameSync(join(directory, ".twokey.yaml.swp"), file);
      expect((await reports(at + 1)).at(-1)).toBe(text === NEXT ? "good 600000" : "good 900000");
    }
  });

  test("follows a mounted file whose link is turned", async () => {
    rmSync(file);
    writeFileSync(join(directory, "v1"), INVENTORY);
    writeFileSync(join(directory, "v2"), NEXT);
    symlinkSync("v1", file);
    start();
    symlinkSync("v2", join(directory, "new"));
    renameSync(join(directory, "new"), file);
    expect(await reports(1)).toEqual(["good 600000"]);
  });

  test("reads what is written in several strokes once, when it has settled", async () => {
    start({ settleMs: 150 });
    for (const part of [INVENTORY.slice(0, 500), BAD, NEXT]) writeFileSync(file, part);
    expect(await reports(1)).toEqual(["good 600000"]);
  });

  test("says that the file is gone, and takes it again when it is back", async () => {
    start();
    unlinkSync(file);
    expect(await reports(1)).toEqual(["bad file 1"]);
    writeFileSync(file, INVENTORY);
    expect(await reports(2)).toEqual(["bad file 1", "good 900000"]);
  });

  test("notices a change that happened before it looked", async () => {
    writeFileSync(file, NEXT);
    start();
    expect(await reports(1)).toEqual(["good 600000"]);
  });

  test("finds a change by reading, where the file system says nothing", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "twokey-target-"));
    rmSync(file);
    writeFileSync(join(elsewhere, "real"), INVENTORY);
    symlinkSync(join(elsewhere, "real"), file);
    start({ pollMs: 30 });
    writeFileSync(join(elsewhere, "real"), NEXT);
    expect(await reports(1)).toEqual(["good 600000"]);
    rmSync(elsewhere, { recursive: true });
  });

  test("hears nothing about a file whose text is in use already", async () => {
    start({ settleMs: 1 });
    const slower: string[] = [];
    const handlers = { onGood: () => slower.push("good"), onBad: () => slower.push("bad") };
    const second = reloadOnChange(file, handlers, { settleMs: 60 });
    writeFileSync(join(directory, "beside"), "");
    await eventually("a report", () => slower.length > 0);
    second.stop();
    // The slower one has read the file by now, so the quicker one too.
    expect([slower, seen]).toEqual([["good"], []]);
  });

  test("hears nothing more once it has stopped", async () => {
    start({ pollMs: 10 });
    reloading?.stop();
    writeFileSync(file, NEXT);
    seen.length = 0;
    const other: string[] = [];
    const second = reloadOnChange(
      file,
      { onGood: () => other.push("good"), onBad: () => other.push("bad") },
      { settleMs: 50 },
    );
    await eventually("a report", () => other.length > 0);
    second.stop();
    expect([other, seen]).toEqual([["good"], []]);
  });
});
