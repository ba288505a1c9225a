import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { OutcomeUnknown, TransientError } from "../../../src/domain/errors.ts";
import { planDigest } from "../../../src/domain/plan-run/plan.ts";
import {
  type Act,
  isKnown,
  type Recovery,
  recoveryDigest,
  withoutRepeats,
} from "../../../src/domain/plan-run/recovery.ts";
import { proposeRecovery, type RecoveryDeps, signRecovery } from "../../../src/engine/approvals/recovery.ts";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { refuseIneligible } from "../../../src/integrations/slack/standing.ts";
import type { LedgerEntry } from "../../../src/ports/runs.ts";
import { readEvents } from "../../../src/store/events.ts";
import { KEYS } from "../../../src/store/keys.ts";
import { LedgerFile } from "../../../src/store/ledger-file.ts";
import { verifyLedger } from "../../../src/store/ledger-lines.ts";
import { createAsides } from "../../../src/store/put-aside.ts";
import { createRecoveries } from "../../../src/store/recoveries.ts";
import { createRuns } from "../../../src/store/runs.ts";
import type { ScriptedRedis } from "../../../src/store/scripts.ts";
import { recoveryCard } from "../../../src/views/recovery.ts";
import { example } from "../../harness/example.ts";
import { clockAt, memoryDocuments, who } from "../../harness/fakes/index.ts";
import { JOURNAL, LEDGER_KEY, WHOSE } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { planFor } from "../../harness/plans.ts";
import { StoreBench } from "../../harness/store.ts";

const inventory = example("inventory");
const DAY_MS = 86_400_000;

let bench: StoreBench;
let redis: ScriptedRedis;
let directory: string;
let nowMs: number;
let disqualified: string[];
let open: LedgerFile[];

beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  directory = await mkdtemp(join(tmpdir(), "twokey-recovery-"));
  nowMs = AT;
  disqualified = [];
  open = [];
});
afterEach(async () => {
  for (const ledger of open) await ledger.close();
  bench.close();
  await rm(directory, { recursive: true, force: true });
});

async function ledgerOf(process: string): Promise<LedgerFile> {
  const ledger = await LedgerFile.open(redis, { directory, process, key: LEDGER_KEY, whose: WHOSE });
  open.push(ledger);
  return ledger;
}

const act = (says: string, epoch = 1): LedgerEntry => ({
  ...{ atMs: AT, run: "F-1", service: "inventory", epoch, kind: "intent", step: "promote", says },
});

function deps(ledger: LedgerFile): RecoveryDeps {
  return {
    recoveries: createRecoveries(redis, JOURNAL),
    lostStore: ledger,
    runs: createRuns(redis, () => nowMs, JOURNAL),
    cards: memoryDocuments(),
    clock: clockAt(() => nowMs),
    wake: {
      run: async () => undefined,
      runCalls: async () => undefined,
      incidentEvidence: async () => undefined,
      incidentPages: async () => undefined,
      incidentChat: async () => undefined,
      card: async () => undefined,
    },
    inventory: () => inventory,
  };
}

/** Farid asks, with what the ledgers testify by now. */
async function asked(ledger: LedgerFile, id = "R-1"): Promise<Recovery> {
  await ledger.disagreement();
  const recovery: Recovery = {
    ...{ id, state: "waiting", requester: "elena", askedAtMs: nowMs, signByMs: nowMs + DAY_MS, keysRequired: 2 },
    ...{ inventoryDigest: inventory.digest, forgotten: [], seen: [], signatures: [] },
    testimonies: [...(await ledger.testimonies())],
    ends: [...(await redis.smembers(KEYS.openRuns))],
  };
  await proposeRecovery(recovery, "Elena asks", deps(ledger));
  return recovery;
}

/** With this account, as the door hands it over. */
function sign(account: string, recovery: Recovery, ledger: LedgerFile) {
  const person = slackAccounts(() => inventory.file).personOf(account) ?? "nobody";
  const slack = { member: async () => ({ disqualifiedBy: disqualified }), groupMembers: async () => [] };
  const confirm = () => refuseIneligible(account, { ...slack, group: () => undefined });
  return signRecovery({ who: who(person, confirm), digest: recoveryDigest(recovery) }, deps(ledger));
}

async function lost(): Promise<LedgerFile> {
  const ledger = await ledgerOf("bot-1");
  await ledger.append(act("promote", 4));
  await redis.flushdb();
  return ledger;
}

async function bothSign(recovery: Recovery, ledger: LedgerFile): Promise<void> {
  await sign("U01ANA", recovery, ledger);
  await sign("U01BEN", recovery, ledger);
}

describe("a lost store counts again when two people have signed (G17)", () => {
  test("one signature changes nothing, the second one makes every process agree, and stands in ledger and stream", async () => {
    const ledger = await lost();
    const other = await ledgerOf("bot-2");
    const recovery = await asked(ledger);

    await sign("U01ANA", recovery, ledger);
    expect(await ledger.disagreement()).toMatch(/came back empty/);
    expect(await other.disagreement()).toMatch(/says bot-1$/);
    const signed = await sign("U01BEN", recovery, ledger);

    expect([signed.state, await ledger.disagreement(), await other.disagreement()]).toEqual([
      "accepted",
      undefined,
      undefined,
    ]);
    await other.keepUp();
    for (const process of ["bot-1", "bot-2"]) {
      const path = join(directory, `${process}.jsonl`);
      expect(await readFile(path, "utf8")).toContain("ana and ben have looked and signed");
      expect((await verifyLedger(path, LEDGER_KEY)).broken).toBeUndefined();
    }
    expect(other.highestEpoch()).toBe(4);
    const kinds = (await readEvents(redis, "", 100)).map(({ event }) => event.kind);
    expect(kinds).toEqual(["store.recovery-asked", "store.recovery-signed", "store.recovery-signed", "store.accepted"]);
  });

  test.each([true, false])(
    "guard lost signature: one whose answer is lost counts exactly where it stands (it was written: %s)",
    async (isWritten) => {
      const ledger = await lost();
      const recovery = await asked(ledger);
      const { twokeyChangeRecovery } = redis;
      redis.twokeyChangeRecovery = async (...args) => {
        if (isWritten) await twokeyChangeRecovery.apply(redis, args);
        throw new OutcomeUnknown("store-unanswered", "no answer");
      };

      const signed = sign("U01ANA", recovery, ledger);

      await (isWritten ? signed : expect(signed).rejects.toBeInstanceOf(TransientError));
      const { value } = await createRecoveries(redis, JOURNAL).read();
      expect(value?.signatures.map(({ by }) => by)).toEqual(isWritten ? ["ana"] : []);
    },
  );

  test("a process that comes later finds its mark signed for, and writes down who signed before anything else", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    await ledger.close();
    open = [];
    await bothSign(recovery, await ledgerOf("bot-2"));

    const again = await ledgerOf("bot-1");
    await again.append(act("what comes next", 5));

    const lines = (await readFile(join(directory, "bot-1.jsonl"), "utf8")).trimEnd().split("\n").slice(1);
    expect(lines.map((line) => /"kind":"([^"]+)"/.exec(line)?.[1])).toEqual(["store-accepted", "intent"]);
  });

  test("the card still names both who signed when 15 minutes are over", async () => {
    const ledger = await lost();
    await bothSign(await asked(ledger), ledger);
    const accepted = (await createRecoveries(redis, JOURNAL).read()).value;
    if (!accepted) throw new Error("the recovery is there");

    const card = recoveryCard(accepted, inventory, nowMs + DAY_MS);

    expect(card.text).toContain("Signed by Ana Keller and Ben Osei: this store counts again.");
  });

  test("every earlier run ends in the same step, and gives its service back", async () => {
    const runs = createRuns(redis, () => nowMs, JOURNAL);
    const plan = planFor(inventory);
    await runs.create(plan, planDigest(plan), []);
    const proposed = await runs.read("F-1");
    if (!proposed) throw new Error("the run is there");
    await runs.append(proposed, {
      entries: [{ kind: "started", atMs: AT, keys: ["ana", "ben"] }],
      events: [],
      claim: { action: "hold", service: "inventory" },
    });
    const ledger = await ledgerOf("bot-1");
    await ledger.append(act("promote"));
    await redis.del(KEYS.ledgerMark("bot-1"));

    await bothSign(await asked(ledger), ledger);

    expect(await runs.read("F-1")).toMatchObject({ state: "closed", why: expect.stringContaining("R-1") });
    expect([await runs.holderOf("inventory"), await runs.openIds()]).toEqual([undefined, []]);
  });
});

test("a run that is listed as open, and of which nothing else stands there, keeps nobody from signing", async () => {
  const ledger = await lost();
  await createRuns(redis, () => nowMs, JOURNAL).create(planFor(inventory), planDigest(planFor(inventory)), []);
  await redis.sadd(KEYS.openRuns, "F-7", "F-8");

  await bothSign(await asked(ledger), ledger);

  expect(await ledger.disagreement()).toBeUndefined();
  expect(await redis.smembers(KEYS.openRuns)).toEqual([]);
});

describe("a signature that does not count (G2, G17)", () => {
  test.each([
    ["the asker's own", "U01ELENA", /own signature does not count/],
    ["a responder's without the role", "U01CHLOE", /not an approver/],
    ["a stranger's", "U09NOBODY", /not listed/],
  ])("%s", async (_whose, account, why) => {
    const ledger = await lost();
    const recovery = await asked(ledger);

    await expect(sign(account, recovery, ledger)).rejects.toThrow(why);
    expect((await createRecoveries(redis, JOURNAL).read()).value?.signatures).toEqual([]);
  });

  test("two accounts of one person are one person", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    await sign("U01DMITRI", recovery, ledger);

    await expect(sign("U02DMITRI", recovery, ledger)).rejects.toThrow(/counts already/);
    expect(await ledger.disagreement()).toMatch(/came back empty/);
  });

  test("an account that Slack doubts at this moment", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    disqualified = ["it is deactivated"];

    await expect(sign("U01ANA", recovery, ledger)).rejects.toThrow(/deactivated/);
  });

  test("one that comes too late", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    nowMs += DAY_MS;

    await expect(sign("U01ANA", recovery, ledger)).rejects.toThrow(/too old/);
  });

  test("one that waited 15 minutes for the next: its person looks and signs again", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    await sign("U01ANA", recovery, ledger);
    nowMs += 15 * 60_000;

    expect((await sign("U01BEN", recovery, ledger)).state).toBe("waiting");
    expect(await ledger.disagreement()).toMatch(/came back empty/);
    const signed = await sign("U01ANA", recovery, ledger);

    expect([signed.state, signed.signatures.map(({ by }) => by)]).toEqual(["accepted", ["ben", "ana"]]);
    expect(await ledger.disagreement()).toBeUndefined();
  });

  test("one under a card that was replaced; what was signed there does not count for the new one", async () => {
    const ledger = await lost();
    const first = await asked(ledger);
    await sign("U01ANA", first, ledger);
    const second = await asked(ledger, "R-2");

    await expect(sign("U01BEN", first, ledger)).rejects.toThrow(/another recovery/);
    expect((await sign("U01BEN", second, ledger)).state).toBe("waiting");
  });

  test("one after another process found more missing than the card shows", async () => {
    const ledger = await ledgerOf("bot-1");
    const other = await ledgerOf("bot-2");
    for (const each of [ledger, other]) await each.append(act("an act"));
    await redis.flushdb();
    const recovery = await asked(ledger);
    await sign("U01ANA", recovery, ledger);
    await other.disagreement();

    await expect(sign("U01BEN", recovery, ledger)).rejects.toThrow(/bot-2 has found more/);
    expect(await ledger.disagreement()).toMatch(/came back empty/);
  });
});

describe("a run that opens beside a recovery", () => {
  const opens = async () => {
    const plan = planFor(inventory);
    await createRuns(redis, () => nowMs, JOURNAL).create(plan, planDigest(plan), []);
  };

  test("makes the card outdated: what it does not show is not signed for", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    await sign("U01ANA", recovery, ledger);
    await opens();

    await expect(sign("U01BEN", recovery, ledger)).rejects.toThrow(/Other runs are open/);
    expect(await ledger.disagreement()).toMatch(/came back empty/);
  });

  test("in the very last moment keeps the store from being accepted", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    await opens();
    const recoveries = createRecoveries(redis, JOURNAL);
    const { revision } = await recoveries.read();

    expect(await recoveries.write(revision, { ...recovery, state: "accepted" }, { events: [], ends: [] })).toBe(false);
    expect((await recoveries.read()).value?.state).toBe("waiting");
  });
});

describe("what was signed once cannot be used again (G17)", () => {
  test("a second loss needs two new signatures, also when the first sign-off is still in the store", async () => {
    const ledger = await lost();
    await bothSign(await asked(ledger), ledger);
    const older = await redis.get(KEYS.ledgerMark("bot-1"));
    await ledger.append(act("promote again", 5));

    await redis.set(KEYS.ledgerMark("bot-1"), older ?? "");
    expect(await ledger.disagreement()).toMatch(/went back in time/);
    await redis.del(KEYS.ledgerMark("bot-1"));

    expect(await ledger.disagreement()).toMatch(/came back empty/);
    await expect(ledger.append(act("and again", 6))).rejects.toThrow(/came back empty/);
  });

  test("it counts for the process that testified, and for none whose ledger is a copy of that file", async () => {
    const ledger = await lost();
    await copyFile(join(directory, "bot-1.jsonl"), join(directory, "bot-2.jsonl"));
    await bothSign(await asked(ledger), ledger);

    const copied = await ledgerOf("bot-2");

    expect(await copied.disagreement()).toMatch(/came back empty/);
  });

  test("guard signed once: nor for a ledger that is gone: signed for it begins again, and taken away once more it stops everything again", async () => {
    const path = join(directory, "bot-1.jsonl");
    const takenAway = async (ledger: LedgerFile): Promise<LedgerFile> => {
      await ledger.close();
      open = open.filter((each) => each !== ledger);
      await rm(path);
      return ledgerOf("bot-1");
    };
    const other = await ledgerOf("bot-2");
    const first = await ledgerOf("bot-1");
    await first.append(act("promote", 4));
    const empty = await takenAway(first);
    await bothSign(await asked(empty), empty);

    expect([await empty.disagreement(), await other.disagreement()]).toEqual([undefined, undefined]);
    await empty.append(act("what comes next", 5));
    expect(await readFile(path, "utf8")).toContain("ana and ben have looked and signed");
    expect(await verifyLedger(path, LEDGER_KEY)).toEqual({ lines: 2, broken: undefined });

    const again = await takenAway(empty);

    expect(await again.disagreement()).toMatch(/knows lines of this ledger, and its file is empty/);
    expect(await other.disagreement()).toMatch(/says bot-1$/);
  });

  test("guard sealed sign-off: the signatures of two people that somebody wrote into Redis make no store count again", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    const signatures = ["ana", "ben"].map((by) => ({ by, door: "slack", atMs: nowMs }));
    await redis.hset(KEYS.recovery, { value: JSON.stringify({ ...recovery, state: "accepted", signatures }) });

    expect(await ledger.disagreement()).toMatch(/came back empty/);
    await expect(sign("U01ANA", recovery, ledger)).rejects.toThrow("Nothing waits to be signed");
    expect(await createAsides(redis).list(10)).toEqual([
      expect.objectContaining({
        why: expect.stringContaining("TwoKey has not written it, and somebody else can write to Redis"),
      }),
    ]);
    const again = await asked(ledger, "R-2");
    await bothSign(again, ledger);
    expect(await ledger.disagreement()).toBeUndefined();
  });

  test.each([
    ["of a version to come", { schema: "7" }],
    ["that does not parse", { value: "{" }],
  ])("a sign-off %s accepts nothing, is kept and named, and another one takes its place", async (_what, spoilt) => {
    const ledger = await lost();
    await bothSign(await asked(ledger), ledger);
    await redis.del(KEYS.ledgerMark("bot-1"));
    await redis.hset(KEYS.recovery, spoilt);

    expect(await ledger.disagreement()).toMatch(/came back empty/);
    await asked(ledger, "R-2");

    expect((await createRecoveries(redis, JOURNAL).read()).value).toMatchObject({ id: "R-2", state: "waiting" });
    expect(await redis.hgetall(KEYS.replaced("recovery", "newest"))).toMatchObject(spoilt);
    expect(await createAsides(redis).list(10)).toEqual([
      expect.objectContaining({
        ...{ name: "recovery newest", replaced: true },
        why: expect.stringMatching(/^The sign-off for a lost store cannot be read by this version of TwoKey: /),
      }),
    ]);
    await bothSign(await asked(ledger, "R-3"), ledger);
    expect(await ledger.disagreement()).toBeUndefined();
  });

  test("of twenty approvers' clicks at once each person signs once, and the store is accepted once", async () => {
    const ledger = await lost();
    const recovery = await asked(ledger);
    const people = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? "U01ANA" : "U01BEN"));

    const answers = await Promise.allSettled(people.map((account) => sign(account, recovery, ledger)));

    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    const kinds = (await readEvents(redis, "", 100)).map(({ event }) => event.kind);
    expect(kinds.filter((kind) => kind === "store.accepted")).toHaveLength(1);
  });
});

describe("what people are shown before they sign", () => {
  const told: Act = {
    ...{ atMs: AT, run: "F-1", epoch: 1, kind: "intent", step: "promote", says: "Promote", requestIds: [] },
  };
  const stored = (atMs: number) => ({
    kind: "run.intent",
    run: "F-1",
    atMs,
    door: "engine" as const,
    says: "",
    facts: {},
  });

  test("an act that the store still holds is not shown as forgotten", () => {
    expect([isKnown(told, [stored(AT)]), isKnown(told, [stored(AT + 1)]), isKnown(told, [])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("an act of a process that is gone with its ledger is told by another one, once", async () => {
    const other = await ledgerOf("bot-2");
    const third = await ledgerOf("bot-3");
    const gone = await ledgerOf("bot-1");
    await gone.append(act("promote"));
    await Promise.all([other.keepUp(), third.keepUp()]);
    await redis.flushdb();
    await Promise.all([other.disagreement(), third.disagreement()]);

    const acts = (await other.testimonies()).flatMap((testimony) => testimony.acts);
    expect(acts).toHaveLength(2);
    expect(withoutRepeats(acts).map(({ step, says }) => [step, says])).toEqual([["promote", "bot-1, intent: promote"]]);
    // Two steps may write in the same millisecond.
    const beside = { ...told, kind: "witnessed", step: "scale-out", says: "bot-1, done: scale out" };
    expect(withoutRepeats([...acts, beside])).toHaveLength(2);
    expect(withoutRepeats([...acts, { ...told, says: "by itself" }]).map(({ says }) => says)).toEqual(["by itself"]);
  });
});
