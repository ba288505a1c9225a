import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../../src/domain/secret.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { KEYS } from "../../src/store/keys.ts";
import { LedgerFile } from "../../src/store/ledger-file.ts";
import { chained, verifyLedger, type Whose } from "../../src/store/ledger-lines.ts";
import { verifyLedgers } from "../../src/store/ledger-verify.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { quotationsOf, quoted } from "../harness/quoted.ts";
import { StoreBench } from "../harness/store.ts";

let bench: StoreBench;
let redis: ScriptedRedis;
let directory: string;
let path: string;
const open: LedgerFile[] = [];

beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  directory = await mkdtemp(join(tmpdir(), "twokey-ledger-"));
  path = join(directory, "bot.jsonl");
});
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close();
  bench.close();
  await rm(directory, { recursive: true, force: true });
});

async function opened(process = "bot"): Promise<LedgerFile> {
  const ledger = await LedgerFile.open(redis, { directory, process, key: LEDGER_KEY, whose: WHOSE });
  open.push(ledger);
  return ledger;
}

const act = (says: string, epoch = 1): LedgerEntry => ({
  ...{ atMs: AT, run: "F-1", epoch, kind: "intent", step: "promote", says, requestIds: ["r-1"] },
});

async function written(count: number): Promise<LedgerFile> {
  const ledger = await opened();
  await Promise.all(Array.from({ length: count }, (_, index) => ledger.append(act(`act ${index + 1}`, index + 1))));
  return ledger;
}

describe("the chain of the ledger (G12)", () => {
  test("what was appended is in the file when the append resolves, and the chain fits", async () => {
    await written(5);

    expect((await readFile(path, "utf8")).trimEnd().split("\n")).toHaveLength(5);
    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 5, broken: undefined });
  });

  test.each([
    ["is gone with its directory", () => rm(directory, { recursive: true }), "its directory does not exist (ENOENT)"],
    ["was moved away", () => rename(path, `${path}.away`), "its directory does not exist (ENOENT)"],
    [
      "was moved away, and another one is there",
      () => rename(path, `${path}.away`).then(() => writeFile(path, "")),
      "the file that it writes is not in its directory any more (ESTALE)",
    ],
  ])("guard line in a file: where the file %s, the act is refused (G17)", async (_what, happens, why) => {
    const ledger = await written(2);
    await happens();

    await expect(ledger.append(act("in no file", 3))).rejects.toThrow(`The ledger cannot be written: ${why}`);
    expect(ledger.head()?.lines).toBe(2);
  });

  test("guard unwritable: an act that the file does not take is refused", async () => {
    const ledger = await written(1);
    await ledger.close();

    for (let tries = 0; tries < 3; tries += 1)
      await expect(ledger.append(act("is lost"))).rejects.toMatchObject({ code: "ledger-unwritable" });
    // Nor does anybody else write down what was never done.
    expect(await redis.llen(KEYS.ledgerHeads)).toBe(1);
    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 1, broken: undefined });
  });

  test("its head names the newest line, so that a ledger whose end was cut off is told from a whole one", async () => {
    const empty = await opened("other");
    const ledger = await written(3);
    const head = ledger.head();
    if (!head) throw new Error("a ledger with lines has a head");
    const whole = await readFile(path, "utf8");

    expect(empty.head()).toBeUndefined();
    expect(head).toMatchObject({ process: "bot", lines: 3 });
    expect(await verifyLedgers(path, LEDGER_KEY, head.seal.slice(0, 16))).toMatchObject([{ found: 3 }]);

    await writeFile(path, `${whole.trimEnd().split("\n").slice(0, 2).join("\n")}\n`);
    const cut = await verifyLedgers(path, LEDGER_KEY, head.seal.slice(0, 16));

    expect(cut).toMatchObject([{ lines: 2, broken: undefined, found: undefined }]);
  });

  test("a line of a version to come fits with what it has added, and what was added without the key is found", async () => {
    await written(1);
    const { chain } = JSON.parse(await readFile(path, "utf8"));
    const later = { mark: "m", mood: "good", entry: { ...act("act 2"), mood: "good" } };
    await appendFile(path, `${JSON.stringify({ ...later, chain: chained(LEDGER_KEY, chain, later) })}\n`);
    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 2, broken: undefined });

    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"mark":', '"mood":"bad","mark":'));
    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 2, broken: 1 });
  });

  test("one changed byte is found with its line", async () => {
    await written(5);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("act 3", "act 8"));

    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 5, broken: 3 });
  });

  test("a line that was taken out is found", async () => {
    await written(4);
    const lines = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, lines.toSpliced(1, 1).join("\n"));

    expect((await verifyLedger(path, LEDGER_KEY)).broken).toBe(2);
  });

  test("without the key nobody can write a chain that fits", async () => {
    await written(2);

    expect((await verifyLedger(path, new Secret("another key"))).broken).toBe(1);
  });

  test("the chain goes on over a restart, and the highest epoch is remembered", async () => {
    await (await written(3)).close();
    open.splice(0);

    const again = await opened();
    expect(again.highestEpoch()).toBe(3);
    await again.append(act("after the restart", 4));

    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 4, broken: undefined });
  });
});

describe("a ledger that a crash has cut", () => {
  test("a torn last line is put aside at the next start, and the chain goes on", async () => {
    const piece = '{"mark":"half a li';
    await written(2);
    await appendFile(path, piece);
    expect((await verifyLedger(path, LEDGER_KEY)).broken).toBe(3);

    const again = await opened();
    await again.append(act("act 3"));

    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 3, broken: undefined });
    expect(again.torn).toEqual({ piece, keptIn: expect.stringMatching(/bot\.jsonl\.torn-\d{14}$/) });
    expect(await readFile(again.torn?.keptIn ?? "", "utf8")).toBe(piece);
    expect(await again.disagreement()).toBeUndefined();
  });

  test("a line that is torn though the store knows a later one is no crash: nothing is changed any more (G17)", async () => {
    await written(4);
    const [one = "", two = ""] = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, `${one}\n${two.slice(0, 40)}`);

    const again = await opened();

    expect(await again.disagreement()).toBe(
      "Redis does not know the newest line of this ledger: Redis went back in time, or the ledger lost its end",
    );
    await expect(again.append(act("act 5"))).rejects.toThrow(/does not know the newest line/);
  });

  test("guard last line: one that was cut off whole is missed, also when nothing else is wrong (G17)", async () => {
    await (await written(4)).close();
    open.splice(0);
    const lines = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, `${lines.slice(0, 3).join("\n")}\n`);

    const again = await opened();

    expect(await again.disagreement()).toMatch(/the ledger lost its end/);
    await expect(again.append(act("act 5"))).rejects.toThrow(/does not know the newest line/);
  });

  test("guard ledger length: a line that was taken out before the last one is missed at the next start (G17)", async () => {
    await (await written(3)).close();
    open.splice(0);
    expect(JSON.parse((await redis.lindex(KEYS.ledgerHeads, 0)) ?? "")).toMatchObject({ process: "bot", lines: 3 });
    const [first, , last] = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, `${first}\n${last}\n`);

    expect(await (await opened()).disagreement()).toMatch(
      quoted("This ledger has … lines, and Redis knows …: lines were taken out or added"),
    );
  });

  test("a newest line whose seal is another one than the store knows is found at the next start (G17)", async () => {
    await (await written(2)).close();
    open.splice(0);
    const [first = "", last = ""] = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, `${first}\n${JSON.stringify({ ...JSON.parse(last), chain: "0".repeat(64) })}\n`);

    expect(await (await opened()).disagreement()).toContain(
      "The newest line of this ledger has another seal than Redis knows",
    );
  });

  test("damage before the last line is nobody's to repair: the start is refused", async () => {
    await written(3);
    const lines = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, [lines[0], "not json", lines[2], ""].join("\n"));

    await expect(opened()).rejects.toThrow(/damaged line 2/);
    expect((await readFile(path, "utf8")).split("\n")[2]).toBe(lines[2]);
  });
});

describe("a ledger says whose it is", () => {
  const elsewhere = (whose: Whose) => LedgerFile.open(redis, { directory, process: "bot", key: LEDGER_KEY, whose });

  test("guard whose ledger: one of a rehearsal or of another environment is refused, and left as it is (G17)", async () => {
    await (await written(2)).close();
    open.splice(0);
    const before = await readFile(path, "utf8");

    for (const other of [
      { ...WHOSE, world: "rehearsal" as const },
      { ...WHOSE, environment: "staging" },
    ]) {
      await expect(elsewhere(other)).rejects.toMatchObject({
        code: "ledger-other-installation",
        message: expect.stringContaining("of another installation (production, production)"),
      });
      for (const sentence of quotationsOf("ledger-other-installation"))
        await expect(elsewhere(other)).rejects.toThrow(sentence);
    }
    expect(await readFile(path, "utf8")).toBe(before);
  });

  test("one that does not say whose it is is refused", async () => {
    await (await written(1)).close();
    open.splice(0);
    const { installation, chain: _, ...body } = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, `${JSON.stringify({ ...body, chain: chained(LEDGER_KEY, "", body) })}\n`);

    expect(installation).toEqual(WHOSE);
    await expect(opened()).rejects.toMatchObject({
      code: "ledger-other-installation",
      message: expect.stringContaining("does not say whose it is"),
    });
  });
});

describe("a store that is not the one the ledger knows (G17)", () => {
  test("the same store agrees, before and after a restart of the process", async () => {
    await redis.incrby(KEYS.position, 7);
    const ledger = await written(1);

    expect(await ledger.disagreement()).toBeUndefined();
    expect(await (await opened()).disagreement()).toBeUndefined();
  });

  test("an emptied Redis is recognised, also by a process that starts after it", async () => {
    const ledger = await written(1);
    await redis.flushdb();

    expect(await ledger.disagreement()).toMatch(/came back empty/);
    expect(await (await opened()).disagreement()).toMatch(/came back empty/);
  });

  test("a Redis that was restored to an older state is recognised, however much is written to it afterwards", async () => {
    const ledger = await written(1);
    const older = await redis.get(KEYS.ledgerMark("bot"));
    await ledger.append(act("act 2", 2));

    await redis.set(KEYS.ledgerMark("bot"), older ?? "");
    await redis.incrby(KEYS.position, 1_000);

    expect(await ledger.disagreement()).toMatch(/Redis went back in time/);
    await expect(ledger.append(act("act 3", 3))).rejects.toThrow(/went back in time/);
  });

  test.each(["the look at the store", "the first word to it"])(
    "guard mark: a Redis that goes back while a line is written is still recognised as one that went back (G17): after %s",
    async (moment) => {
      await written(1);
      const older = {
        mark: await redis.get(KEYS.ledgerMark("bot")),
        heads: await redis.lrange(KEYS.ledgerHeads, 0, -1),
      };
      const goBack = () =>
        redis
          .multi()
          .set(KEYS.ledgerMark("bot"), older.mark ?? "")
          .del(KEYS.ledgerHeads)
          .rpush(KEYS.ledgerHeads, ...older.heads)
          .exec();
      const told = moment === "the look at the store" ? ["multi"] : ["mset", "eval"];
      const { redis: goesBack, from } = goingBack(told, goBack);
      const ledger = await LedgerFile.open(goesBack, { directory, process: "bot", key: LEDGER_KEY, whose: WHOSE });
      open.push(ledger);
      await ledger.append(act("act 2", 2));

      from();
      await ledger.append(act("act 3", 3)).catch(() => undefined);

      expect(await ledger.disagreement()).toMatch(/Redis went back in time/);
      await expect(ledger.append(act("act 4", 4))).rejects.toThrow(/went back in time/);
    },
  );

  /** The same connection, behind which Redis goes back right after the first of these commands that comes `from` then on. */
  function goingBack(commands: readonly string[], goBack: () => Promise<unknown>) {
    let isDue = false;
    const thenBack = async (asked: unknown) => {
      const answer = await asked;
      const goes = isDue;
      isDue = false;
      if (goes) await goBack();
      return answer;
    };
    const get = (target: ScriptedRedis, name: string) => {
      const own: unknown = Reflect.get(target, name, target);
      if (typeof own !== "function") return own;
      if (!commands.includes(name)) return own.bind(target);
      if (name !== "multi") return (...args: unknown[]) => thenBack(own.apply(target, args));
      return () => {
        const asked = target.multi();
        const exec = asked.exec.bind(asked);
        return Object.assign(asked, { exec: () => thenBack(exec()) });
      };
    };
    const from = () => {
      isDue = true;
    };
    return { redis: new Proxy(redis, { get: (target, name) => get(target, String(name)) }), from };
  }

  test("whoever compares while lines are written finds no disagreement (G17)", async () => {
    const ledger = await written(1);
    const compared: Promise<string | undefined>[] = [];
    for (let line = 2; line <= 60; line += 1) {
      let isWritten = false;
      const writing = ledger.append(act(`act ${line}`, line)).finally(() => {
        isWritten = true;
      });
      while (!isWritten) {
        compared.push(ledger.disagreement());
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writing;
    }

    expect(new Set(await Promise.all(compared))).toEqual(new Set([undefined]));
  });

  test("a crash between the store and the file is no disagreement", async () => {
    const ledger = await written(1);
    const known = await redis.get(KEYS.ledgerMark("bot"));

    await redis.set(KEYS.ledgerMark("bot"), `a-newer-mark ${known?.split(" ")[0]}`);

    expect(await ledger.disagreement()).toBeUndefined();
  });

  test("a process that wrote nothing itself recognises a store that lost what another one wrote", async () => {
    const other = await opened("other");
    await written(1);
    await other.keepUp();
    expect(await other.disagreement()).toBeUndefined();

    await redis.flushdb();

    expect(await other.disagreement()).toMatch(/came back empty/);
    expect((await readFile(join(directory, "other.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(1);
  });

  test("guard witness: all that another one wrote since the last look is written down, each act once, also after a start", async () => {
    const other = await opened("other");
    const ledger = await written(3);
    await other.keepUp();
    await ledger.append(act("act 4", 4));
    await other.append(act("of the other"));
    await other.keepUp();
    const again = await opened("other");
    await again.keepUp();

    const lines = (await readFile(join(directory, "other.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => String(JSON.parse(line).entry.says))).toEqual([
      ...[1, 2, 3].map((number) => expect.stringMatching(new RegExp(`^bot, .*act ${number}$`))),
      "of the other",
      expect.stringMatching(/^bot, .*act 4$/),
    ]);
  });

  test("its own acts stay among those that it tells when the store is lost, however many the others wrote", async () => {
    const other = await opened("other");
    const ledger = await written(1);
    for (let number = 0; number < 15; number += 1) await other.append(act(`of the other ${number}`));
    await ledger.keepUp();
    await redis.flushdb();
    await ledger.disagreement();

    const [told] = await ledger.testimonies();
    expect(told?.acts.filter(({ kind }) => kind !== "witnessed").map(({ says }) => says)).toEqual(["act 1"]);
    expect(told?.acts).toHaveLength(13);
  });

  test("two processes that keep up with each other come to rest", async () => {
    const ledgers = [await written(1), await opened("other")];
    for (let round = 0; round < 5; round += 1) for (const ledger of ledgers) await ledger.keepUp();

    expect((await verifyLedger(path, LEDGER_KEY)).lines).toBe(1);
    expect((await verifyLedger(join(directory, "other.jsonl"), LEDGER_KEY)).lines).toBe(1);
  });

  test("two processes of one name, each with a directory of its own, are both stopped (G17)", async () => {
    const one = await written(2);
    const elsewhere = await mkdtemp(join(tmpdir(), "twokey-ledger-"));
    const whose = { process: "bot", key: LEDGER_KEY, whose: WHOSE };
    const other = await LedgerFile.open(redis, { directory: elsewhere, ...whose });
    open.push(other);

    await expect(other.append(act("of the second"))).rejects.toThrow(
      "Redis knows lines of this ledger, and its file is empty: the disk is another one, or somebody took the file away",
    );
    await expect(one.append(act("of the first"))).rejects.toThrow(/its file is empty.*says bot$/);
    await rm(elsewhere, { recursive: true });
  });

  test("the first to notice stops every other process, also one without a line", async () => {
    const ledger = await written(1);
    const newcomer = await opened("newcomer");
    await redis.flushdb();
    expect(await newcomer.disagreement()).toBeUndefined();

    await ledger.disagreement();

    expect(await newcomer.disagreement()).toMatch(
      quoted("Redis came back empty or older, or it is another one: it does not know this ledger…says bot"),
    );
    await expect(newcomer.append(act("act 2"))).rejects.toThrow(/says bot/);
  });
});

describe("a ledger that is gone, with its disk or by somebody's hand (G17)", () => {
  async function gone(): Promise<LedgerFile> {
    await (await written(2)).close();
    open.splice(0);
    await rename(path, `${path}.away`);
    return opened();
  }

  test("guard ledger gone: an empty ledger of which Redis knows lines stops every process", async () => {
    const again = await gone();
    const other = await opened("other");

    expect(await again.disagreement()).toMatch(/^Redis knows lines of this ledger, and its file is empty/);
    await expect(again.append(act("act 3"))).rejects.toMatchObject({ code: "store-lost" });
    expect(await other.disagreement()).toMatch(/its file is empty.*says bot$/);
    expect(await readFile(path, "utf8")).toBe("");
  });

  test("one that is put back goes on after a start, and so do the others", async () => {
    await (await gone()).close();
    open.splice(0);
    const other = await opened("other");
    expect(await other.disagreement()).toMatch(/says bot$/);
    await rename(`${path}.away`, path);

    const back = await opened();
    await back.append(act("act 3"));

    expect(await back.disagreement()).toBeUndefined();
    expect(await other.disagreement()).toBeUndefined();
    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 3, broken: undefined });
  });

  test("one that is put back without its last line takes nothing back", async () => {
    await (await gone()).close();
    open.splice(0);
    await writeFile(path, `${(await readFile(`${path}.away`, "utf8")).split("\n")[0]}\n`);

    await opened();

    expect(await (await opened("other")).disagreement()).toMatch(/says bot$/);
  });

  test("a new machine with a name of its own begins a ledger of its own, and nobody has to sign", async () => {
    await (await written(2)).close();
    open.splice(0);
    await rm(path);
    const newcomer = await opened("bot-2");

    await newcomer.append(act("act 3"));

    expect(await newcomer.disagreement()).toBeUndefined();
  });

  test("a kill before the first line stands in the file is no loss", async () => {
    await redis.set(KEYS.ledgerMark("bot"), "of-the-line-that-was-not-written ");
    const ledger = await opened();

    expect(await ledger.disagreement()).toBeUndefined();
    await ledger.append(act("act 1"));
    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 1, broken: undefined });
  });
});
