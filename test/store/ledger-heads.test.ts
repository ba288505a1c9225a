import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { KEYS } from "../../src/store/keys.ts";
import { LedgerFile } from "../../src/store/ledger-file.ts";
import { readHeads } from "../../src/store/ledger-marks.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { JOURNAL, LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const NEVER_ARRIVES = "the way to Redis is cut";

let bench: StoreBench;
let redis: ScriptedRedis;
let directory: string;
const open: LedgerFile[] = [];

beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  directory = await mkdtemp(join(tmpdir(), "twokey-heads-"));
});
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close();
  bench.close();
  await rm(directory, { recursive: true, force: true });
});

interface Opened {
  readonly by?: ScriptedRedis;
  readonly segmentBytes?: number;
}

async function opened(process = "bot", { by = redis, segmentBytes = Number.MAX_SAFE_INTEGER }: Opened = {}) {
  const segment = { bytes: segmentBytes, ms: Number.MAX_SAFE_INTEGER };
  const ledger = await LedgerFile.open(by, { directory, process, key: LEDGER_KEY, whose: WHOSE, segment });
  open.push(ledger);
  return ledger;
}

const act = (says: string, epoch = 1): LedgerEntry => ({
  ...{ atMs: AT, run: "F-1", epoch, kind: "intent", step: "promote", says, requestIds: ["r-1"], door: "slack" },
});

type Cut = "the question" | "the answer";

/** The same connection, on which words to the store about a mark are lost while a cut says so. */
function cutting() {
  const way: { cut: ((marks: string) => Cut | undefined) | undefined } = { cut: undefined };
  const evaluated = async (...args: Parameters<ScriptedRedis["eval"]>): Promise<unknown> => {
    // The script, how many keys, two keys, the marks that it is written over, the marks that are written.
    const cut = way.cut?.(String(args[5]));
    if (cut === "the question") throw new Error(NEVER_ARRIVES);
    const answer = await redis.eval(...args);
    if (cut === "the answer") throw new Error(NEVER_ARRIVES);
    return answer;
  };
  const by = new Proxy(redis, {
    get: (target, name) => {
      if (name === "eval") return evaluated;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
  return { by, way };
}

/** One mark alone: its line stands in the file, and its act is given away. Before that the store holds two, or one and a space. */
const afterTheLine =
  (what: Cut) =>
  (marks: string): Cut | undefined =>
    marks.includes(" ") ? undefined : what;

/** A process that wrote one line and was cut off right behind the next one, before it gave that one away. */
async function killedBehindALine(says: string): Promise<void> {
  const { by, way } = cutting();
  const ledger = await opened("bot", { by });
  await ledger.append(act("told"));
  way.cut = afterTheLine("the question");
  await ledger.append(act(says, 2));
  await ledger.close();
  open.splice(open.indexOf(ledger), 1);
}

/** The oldest first. */
const heads = async () =>
  (await readHeads(redis, JOURNAL)).map(({ process, act: { says } }) => `${process}: ${says}`).toReversed();

const witnessedBy = async (process: string): Promise<string[]> =>
  (await readFile(join(directory, `${process}.jsonl`), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => String(JSON.parse(line).entry.says));

describe("an act whose process was killed before the others were told", () => {
  test("guard told at the start: is told when the process starts, once, and the others write it down", async () => {
    const other = await opened("other");
    await killedBehindALine("promoted");
    await other.keepUp();
    expect(await witnessedBy("other")).toEqual(["bot, intent: told"]);

    await opened();
    await opened();

    expect(await heads()).toEqual(["bot: told", "bot: promoted"]);
    await other.keepUp();
    await other.keepUp();
    expect(await witnessedBy("other")).toEqual(["bot, intent: told", "bot, intent: promoted"]);
    expect(await other.disagreement()).toBeUndefined();
  });

  test("is told with the length and the seal of its line, so that a line taken out before it is missed (G17)", async () => {
    await killedBehindALine("promoted");

    const again = await opened();

    const [head] = await readHeads(redis, JOURNAL);
    expect(head).toMatchObject({ ...again.head(), act: { says: "promoted", requestIds: ["r-1"] } });
    expect(head?.act).not.toHaveProperty("door");
    expect(await again.disagreement()).toBeUndefined();
  });

  test("guard sealed act: what somebody put there is written down by nobody", async () => {
    const other = await opened("other");
    const bot = await opened();
    await bot.append(act("told"));
    const told = (await redis.lindex(KEYS.ledgerHeads, 0)) ?? "";
    await redis.rpush(KEYS.ledgerHeads, told.replace('"told"', '"made up"').replace('"epoch":1', '"epoch":99'));

    await other.keepUp();

    expect(await witnessedBy("other")).toEqual(["bot, intent: told"]);
    expect(other.highestEpoch()).toBe(1);
  });

  test("is told behind what others did meanwhile, and nothing of theirs is written down twice", async () => {
    const other = await opened("other");
    await killedBehindALine("promoted");
    const third = await opened("third");
    await third.append(act("of the third"));
    await other.keepUp();

    await opened();
    await other.keepUp();

    expect(await heads()).toEqual(["bot: told", "third: of the third", "bot: promoted"]);
    expect(await witnessedBy("other")).toEqual([
      "bot, intent: told",
      "third, intent: of the third",
      "bot, intent: promoted",
    ]);
  });

  test("is told at the next look where the store was away at the start", async () => {
    await killedBehindALine("promoted");
    const { by, way } = cutting();
    way.cut = () => "the question";
    const again = await opened("bot", { by });
    expect(await heads()).toEqual(["bot: told"]);

    way.cut = undefined;
    await again.keepUp();
    await again.keepUp();

    expect(await heads()).toEqual(["bot: told", "bot: promoted"]);
  });
});

describe("an act that the others were told of", () => {
  test("is told no second time by a start, and who wrote it down writes nothing more", async () => {
    const other = await opened("other");
    const ledger = await opened();
    await ledger.append(act("told"));
    await other.keepUp();

    await opened();
    await opened();
    await other.keepUp();

    expect(await heads()).toEqual(["bot: told"]);
    expect(await witnessedBy("other")).toEqual(["bot, intent: told"]);
  });

  test("is told no second time where only the store's answer was lost", async () => {
    const { by, way } = cutting();
    const ledger = await opened("bot", { by });
    way.cut = afterTheLine("the answer");
    await ledger.append(act("told"));
    way.cut = undefined;

    await ledger.keepUp();
    await ledger.append(act("next", 2));

    expect(await heads()).toEqual(["bot: told", "bot: next"]);
  });

  test("a line that only says what others did is told to nobody", async () => {
    const other = await opened("other");
    await (await opened()).append(act("told"));
    await other.keepUp();

    await opened("other");

    expect(await heads()).toEqual(["bot: told"]);
  });
});

describe("an act that could not be told while its process went on", () => {
  test.each([
    ["before its process writes the next line", Number.MAX_SAFE_INTEGER],
    ["also where its line was the last of a segment", 1],
  ])("is told %s, in its order", async (_when, segmentBytes) => {
    const { by, way } = cutting();
    const ledger = await opened("bot", { by, segmentBytes });
    way.cut = afterTheLine("the question");
    await ledger.append(act("one"));
    way.cut = undefined;

    await ledger.append(act("two", 2));

    expect(await heads()).toEqual(["bot: one", "bot: two"]);
    expect(await ledger.disagreement()).toBeUndefined();
  });
});
