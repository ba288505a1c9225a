import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { LedgerFile } from "../../src/store/ledger-file.ts";
import { segmentPaths } from "../../src/store/ledger-segments.ts";
import { verifyLedgers } from "../../src/store/ledger-verify.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const DAY_MS = 86_400_000;
const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
/** Name of a segment that was closed at that time. */
const closed = (number: number, atMs = AT) => `bot.000${number}-${dayOf(atMs)}.jsonl`;

let bench: StoreBench;
let redis: ScriptedRedis;
let directory: string;
const open: LedgerFile[] = [];
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  directory = await mkdtemp(join(tmpdir(), "twokey-segments-"));
});
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close();
  bench.close();
  await rm(directory, { recursive: true, force: true });
});

async function opened(segment: { bytes: number; ms: number }): Promise<LedgerFile> {
  const ledger = await LedgerFile.open(redis, { directory, process: "bot", key: LEDGER_KEY, whose: WHOSE, segment });
  open.push(ledger);
  return ledger;
}

const act = (says: string, epoch: number, atMs = AT): LedgerEntry => ({
  ...{ atMs, run: "F-1", epoch, kind: "intent", step: "promote", says, requestIds: [] },
});
/** Every line but the first of a segment fills it. */
const SMALL = { bytes: 600, ms: Number.MAX_SAFE_INTEGER };
const verified = async (path = directory) =>
  (await verifyLedgers(path, LEDGER_KEY)).map(({ path: each, lines, broken }) => ({
    ...{ file: basename(each), lines, broken },
  }));

async function filled(count: number, inTheWay?: string): Promise<LedgerFile> {
  const ledger = await opened(SMALL);
  if (inTheWay !== undefined) await mkdir(inTheWay);
  for (let number = 1; number <= count; number += 1) await ledger.append(act(`act ${number}`, number));
  return ledger;
}

describe("a ledger in segments", () => {
  test("goes on in another file when one is full, and the chain holds over all of them", async () => {
    await filled(6);

    const files = await verified();
    expect(files.length).toBeGreaterThan(2);
    expect(files.map(({ file }) => file)).toEqual([
      ...files.slice(1).map((_each, index) => closed(index + 1)),
      "bot.jsonl",
    ]);
    expect(files.every(({ broken }) => broken === undefined)).toBe(true);
    expect(await verified(join(directory, "bot.jsonl"))).toEqual(files);
    expect(await verified(join(directory, closed(2)))).toEqual(files.slice(0, 2));
  });

  test("counts its own segments, whatever number another process has come to in the same directory", async () => {
    await writeFile(segmentPaths(directory, "other").closed(7, AT), "of another process");
    await filled(3);

    const own = (await readdir(directory)).filter((name) => name.startsWith("bot."));
    expect(own.toSorted()).toEqual([closed(1), "bot.jsonl"].toSorted());
  });

  test("goes on in another file when one is old", async () => {
    const ledger = await opened({ bytes: Number.MAX_SAFE_INTEGER, ms: 92 * DAY_MS });

    await ledger.append(act("young", 1));
    await ledger.append(act("nearly", 2, AT + 91 * DAY_MS));
    expect(await verified()).toHaveLength(1);
    await ledger.append(act("old", 3, AT + 93 * DAY_MS));

    expect(await verified()).toEqual([
      { file: closed(1, AT + 93 * DAY_MS), lines: 3, broken: undefined },
      { file: "bot.jsonl", lines: 1, broken: undefined },
    ]);
  });

  test("is known to the store after a restart, with its epochs, also when old segments were moved away", async () => {
    await (await filled(6)).close();
    open.splice(0);
    await rm(join(directory, closed(1)));

    const again = await opened(SMALL);
    expect(await again.disagreement()).toBeUndefined();
    expect(again.highestEpoch()).toBe(6);
    await again.append(act("after the restart", 7));

    const files = await verifyLedgers(directory, LEDGER_KEY);
    expect(files.every(({ broken }) => broken === undefined)).toBe(true);
    expect(files[0]).toMatchObject({ path: join(directory, closed(2)), goesOnFrom: closed(1) });
  });

  test("an emptied store is recognised by the first line of a segment alone (G17)", async () => {
    const ledger = await opened({ bytes: 1, ms: Number.MAX_SAFE_INTEGER });
    await ledger.append(act("the last of its segment", 1));
    await redis.flushdb();

    expect(await ledger.disagreement()).toMatch(/came back empty or older/);
  });

  test("tells people after a lost store also what stands in the segment before", async () => {
    const ledger = await opened({ bytes: 1, ms: Number.MAX_SAFE_INTEGER });
    await ledger.append(act("promoted", 1));
    await ledger.close();
    open.splice(0);
    await redis.flushdb();

    const again = await opened(SMALL);
    await again.disagreement();

    expect((await again.testimonies())[0]?.acts.map(({ says }) => says)).toEqual(["promoted"]);
  });

  test("grows in segments also where it only writes down what others did", async () => {
    const [other, ledger] = await Promise.all([
      LedgerFile.open(redis, { directory, process: "other", key: LEDGER_KEY, whose: WHOSE }),
      opened({ bytes: 1, ms: Number.MAX_SAFE_INTEGER }),
    ]);
    open.push(other);
    await other.append(act("by the other one", 1));
    await ledger.keepUp();

    expect(await verified(join(directory, "bot.jsonl"))).toEqual([
      { file: closed(1), lines: 1, broken: undefined },
      { file: "bot.jsonl", lines: 1, broken: undefined },
    ]);
    await ledger.keepUp();
    expect(await verified(join(directory, "bot.jsonl"))).toHaveLength(2);
  });
});

describe("the chain over segments (G12)", () => {
  const brokenFiles = async () =>
    (await verified()).flatMap(({ file, broken }) => (broken === undefined ? [] : [{ file, broken }]));
  const text = (number: number) => readFile(join(directory, closed(number)), "utf8");

  test("a line that was cut off the end of a closed segment shows at the next one", async () => {
    await filled(6);
    await writeFile(join(directory, closed(2)), `${(await text(2)).trimEnd().split("\n").slice(0, -1).join("\n")}\n`);

    expect(await brokenFiles()).toEqual([{ file: closed(3), broken: 1 }]);
  });

  test("a segment that was taken out of the middle shows at the next one", async () => {
    await filled(6);
    await rm(join(directory, closed(2)));

    expect(await brokenFiles()).toEqual([{ file: closed(3), broken: 1 }]);
  });

  test("a first line that says it goes on from another one is not believed without the key", async () => {
    await filled(6);
    await rm(join(directory, closed(1)));
    await writeFile(join(directory, closed(2)), (await text(2)).replace(/"chain":"\w/, '"chain":"x'));

    expect((await brokenFiles())[0]).toEqual({ file: closed(2), broken: 1 });
  });

  test("a present file that was emptied does not fit behind the closed ones", async () => {
    await filled(6);
    await writeFile(join(directory, "bot.jsonl"), "");

    expect(await brokenFiles()).toEqual([{ file: "bot.jsonl", broken: 1 }]);
  });
});

describe("a segment that cannot be closed", () => {
  test("stays in use, refuses nothing, and is closed behind a later line", async () => {
    const { next } = segmentPaths(directory, "bot");
    const ledger = await filled(4, next);
    expect(await verified()).toEqual([{ file: "bot.jsonl", lines: 4, broken: undefined }]);
    expect(await ledger.disagreement()).toBeUndefined();

    await rm(next, { recursive: true });
    await ledger.append(act("act 5", 5));

    expect(await verified()).toEqual([
      { file: closed(1), lines: 5, broken: undefined },
      { file: "bot.jsonl", lines: 1, broken: undefined },
    ]);
  });

  test("is never written over one that was closed before", async () => {
    const { closed: pathOf } = segmentPaths(directory, "bot");
    await writeFile(pathOf(1, AT), "of an earlier ledger");
    await filled(3);

    expect(await readFile(pathOf(1, AT), "utf8")).toBe("of an earlier ledger");
    expect((await readdir(directory)).toSorted()).toEqual([closed(1), closed(2), "bot.jsonl"].toSorted());
  });
});

describe("a crash while a segment is closed", () => {
  test("before the old one gave up its name: the new one was never used, and is taken away", async () => {
    const ledger = await opened({ bytes: Number.MAX_SAFE_INTEGER, ms: Number.MAX_SAFE_INTEGER });
    await ledger.append(act("one", 1));
    await ledger.close();
    open.splice(0);
    await writeFile(segmentPaths(directory, "bot").next, "{half");

    const again = await opened(SMALL);

    expect(await again.disagreement()).toBeUndefined();
    expect(await readdir(directory)).toEqual(["bot.jsonl"]);
  });

  test("after it: the new one takes its place, and the store still knows this ledger (G17)", async () => {
    const ledger = await opened({ bytes: 1, ms: Number.MAX_SAFE_INTEGER });
    await ledger.append(act("one", 4));
    await ledger.close();
    open.splice(0);
    const { current, next } = segmentPaths(directory, "bot");
    await rename(current, next);

    const again = await opened(SMALL);

    expect(await again.disagreement()).toBeUndefined();
    expect(again.highestEpoch()).toBe(4);
    expect((await verified()).map(({ file }) => file)).toEqual([closed(1), "bot.jsonl"]);
  });
});
