import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  createEndings,
  createStores,
  forgetting,
  OWN_OCCASIONS,
  ownCallsId,
  type Stores,
  saidBy,
} from "../../src/app/stores.ts";
import { wantCard } from "../../src/domain/card/card-due.ts";
import type { AlertDocument } from "../../src/domain/incident/alert.ts";
import { eventOf, type Incident } from "../../src/domain/incident/incident.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { RETENTION, retentionTable } from "../../src/domain/retention.ts";
import { NOTHING_FOUND } from "../../src/domain/service/found.ts";
import { openIncident } from "../../src/flows/incident/intake/open.ts";
import { createRetention } from "../../src/jobs/retention.ts";
import type { Archive } from "../../src/ports/keeping.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { createArchive } from "../../src/store/archive-file.ts";
import { createClosedFiles } from "../../src/store/closed-files.ts";
import { eventsOf, readEvents, trimEvents } from "../../src/store/events.ts";
import { DOCUMENTS_KEPT_AS, keysTable } from "../../src/store/kept-as.ts";
import { KEYS } from "../../src/store/keys.ts";
import { firstTime, forgetBefore } from "../../src/store/once.ts";
import { tell } from "../../src/store/put-aside.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { example } from "../harness/example.ts";
import { clockAt } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const DAY_MS = 86_400_000;

let bench: StoreBench;
let redis: ScriptedRedis;
let directory: string;
let nowMs: number;
let stores: Stores;
let ledger: LedgerEntry[];
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  directory = await mkdtemp(join(tmpdir(), "twokey-retention-"));
  nowMs = AT;
  stores = createStores(redis, () => nowMs, JOURNAL);
  ledger = [];
});
afterEach(async () => {
  bench.close();
  await rm(directory, { recursive: true, force: true });
});

const now = () => nowMs;

/** What a process of this name has told, and whom it has called. */
async function keepsItsOwn(name: string): Promise<void> {
  await saidBy(name, stores.saidProofs).write({});
  for (const occasion of OWN_OCCASIONS)
    await stores.ownCalls.change(ownCallsId(occasion, name), () => ({ value: CALLED, events: [] }));
}
const ALL_OWN = ["said", ...OWN_OCCASIONS];
async function ownOf(name: string): Promise<readonly string[]> {
  const calls = await Promise.all(OWN_OCCASIONS.map((occasion) => stores.ownCalls.get(ownCallsId(occasion, name))));
  const said = await stores.saidProofs.get(name);
  return [...(said ? ["said"] : []), ...OWN_OCCASIONS.filter((_, index) => calls[index])];
}
const CALLED = { reason: "Slack is away", round: 1, told: [], failures: 0, outcome: "", open: [] };
const clock = clockAt(now);
const beside = () => ({
  ...{ directory, process: "bot-1", now },
  ledger: { append: async (entry: LedgerEntry) => void ledger.push(entry) },
  forget: forgetting(redis, stores, now),
});
const archive = () => createArchive(beside());

/** Goes on as sweeps do, until nothing is left to do; says how often it was applied. */
async function applyAt(atMs: number, to: Archive = archive()): Promise<number> {
  nowMs = atMs;
  const endings = createEndings(stores, { redis, now });
  let writes = 0;
  const counting: Archive = {
    write: async (items) => {
      writes += 1;
      await to.write(items);
    },
  };
  const retention = createRetention({
    ...{ endings, archive: counting, closedFiles: createClosedFiles(beside()), clock },
    trimEvents: (ending) => trimEvents(redis, ending),
    endSignals: async () => false,
    forgetInbound: (beforeMs) => forgetBefore(redis, beforeMs),
  });
  for (let sweep = 0; sweep < 10; sweep += 1) await retention.apply();
  return writes;
}

async function incident(id: string, change: Partial<Incident> = {}): Promise<void> {
  const opening = {
    id,
    title: "down",
    description: "",
    scope: "service",
    services: ["inventory"],
    severity: "sev1",
  } as const;
  const opened = openIncident(opening, inventory, AT);
  await stores.incidents.change(id, () => ({ ...opened, value: { ...opened.value, ...change } }));
  if (change.state !== "resolved") return;
  const closed = eventOf(opened.value, { kind: "incident.resolved", atMs: AT, says: "Resolved" });
  await stores.incidents.change(id, (value) => value && { value, events: [closed] });
}
const closed = { state: "resolved", closedAtMs: AT } as const;

async function run(id: string, entry: RunEntry | undefined, about: string): Promise<void> {
  const plan = planFor(inventory, { id });
  const says = {
    kind: "run.proposed",
    atMs: AT,
    run: id,
    incident: about,
    door: "slack",
    says: "asked",
    facts: {},
  } as const;
  await stores.runs.create({ ...plan, incident: about }, planDigest(plan), [says]);
  const state = await stores.runs.read(id);
  if (!state || !entry) return;
  await stores.runs.append(state, { entries: [entry], events: [], over: true });
  await stores.calls.change(id, () => ({
    value: { reason: "keys", round: 0, told: [], failures: 0, outcome: "accepted", open: [] },
    events: [],
  }));
}

async function card({
  id,
  kind,
  subject,
  sentAtMs,
}: {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly sentAtMs: number | undefined;
}): Promise<void> {
  await stores.cards.change(id, () => {
    const wanted = wantCard(undefined, { id, kind, subject, to: { channel: "C1" } }, AT);
    return wanted && { value: sentAtMs === undefined ? wanted : { ...wanted, sent: 1, sentAtMs }, events: [] };
  });
}

async function alarm(fingerprint: string, state: AlertDocument["state"]): Promise<void> {
  const times = { firstAtMs: AT, changedAtMs: AT, alarms: 1, signals: 1 };
  const value = {
    fingerprint,
    name: "down",
    region: "eu-west-1",
    severity: "sev1",
    reason: "",
    hasCard: true,
  } as const;
  await stores.alerts.change(fingerprint, () => ({ value: { ...value, ...times, state, changes: [] }, events: [] }));
}

async function archived(): Promise<{ kind: string; id: string; content: Record<string, unknown> }[]> {
  const names = (await readdir(directory)).filter((name) => name.includes(".archive-"));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  return texts.flatMap((text) => text.trim().split("\n")).map((line) => JSON.parse(line));
}

describe("what is older than its retention", () => {
  test("is written into the archive, with its hash in the ledger, and leaves nothing behind in the store", async () => {
    await incident("old", closed);
    await run("F-OLD", { kind: "expired", atMs: AT }, "old");
    await alarm("arn:old", "ok");
    await card({ id: "alert:old", kind: "alert", subject: "arn:old", sentAtMs: AT });

    await applyAt(AT + 91 * DAY_MS);

    const lines = await archived();
    expect(lines.map(({ kind, id }) => `${kind} ${id}`)).toEqual(["runs F-OLD", "incidents old", "alerts arn:old"]);
    const [ofRun, ofIncident] = lines;
    expect(ofRun?.content).toMatchObject({
      journal: [{ entry: { kind: "expired" }, seal: expect.any(String) }],
      events: [{ says: "asked" }],
      calls: { round: 0 },
    });
    expect(ofIncident?.content).toMatchObject({ document: { id: "old", state: "resolved" }, runs: ["F-OLD"] });
    expect(ofIncident?.content["events"]).toHaveLength(3);
    const [name = ""] = await readdir(directory);
    const [line = ""] = (await readFile(join(directory, name), "utf8")).split("\n");
    const hash = createHash("sha256").update(`${line}\n`).digest("hex");
    expect(ledger[0]).toMatchObject({ kind: "exported", run: name, says: expect.stringContaining(`sha256 ${hash}`) });
    expect((await redis.keys("*")).toSorted()).toEqual([KEYS.events, KEYS.position].toSorted());
    expect(await redis.xlen(KEYS.events)).toBe(0);
  });

  test("is written whole also behind a line that a crash cut off", async () => {
    await incident("old", closed);
    const name = `bot-1.archive-${new Date(AT + 91 * DAY_MS).toISOString().slice(0, 7)}.jsonl`;
    await writeFile(join(directory, name), '{"kind":"incidents","id":"o');

    await applyAt(AT + 91 * DAY_MS);

    const text = await readFile(join(directory, name), "utf8");
    const [torn = "", line = ""] = text.split("\n");
    expect(JSON.parse(line)).toMatchObject({ kind: "incidents", id: "old" });
    const says = `bytes ${torn.length + 1} to ${text.length} of ${name}, sha256 ${createHash("sha256").update(`${line}\n`).digest("hex")}`;
    expect(ledger[0]?.says).toContain(says);
  });

  test("and cannot be read goes 90 days after people were told, as it stands: unless it was open", async () => {
    await incident("over", closed);
    await run("F-OVER", { kind: "expired", atMs: AT }, "over");
    await incident("going-on");
    await redis.hset(KEYS.document("incident", "over"), { schema: 99 });
    await redis.hset(KEYS.run("F-OVER"), { schema: 99 });
    await redis.hset(KEYS.document("incident", "going-on"), { schema: 99 });
    const why = "one event cannot be read";
    for (const id of ["incident over", "run F-OVER", "incident going-on"])
      await tell(redis, { kind: "timeline", id, why });
    const { incidents, runs } = stores;
    const looks = [incidents.get("over"), runs.read("F-OVER"), incidents.get("going-on")];
    await Promise.allSettled(looks);
    for (const aside of await stores.asides.list(10)) await stores.asides.reported(aside, AT + DAY_MS);

    await applyAt(AT + 90 * DAY_MS);
    expect(await archived()).toEqual([]);
    await applyAt(AT + 92 * DAY_MS);
    await applyAt(AT + 93 * DAY_MS);

    const left = (await stores.asides.list(10)).map(({ name }) => name);
    expect(new Set(left)).toEqual(new Set(["incident going-on", "timeline incident going-on"]));
    expect(await redis.keys("*F-OVER*")).toEqual([]);
    expect((await redis.keys("*over*")).filter((key) => !key.includes("runs:"))).toEqual([]);
    expect(await redis.exists(KEYS.document("incident", "going-on"))).toBe(1);
    const lines = (await archived()).filter(({ kind }) => kind === "putAside");
    expect(new Set(lines.map(({ id }) => id))).toEqual(
      new Set(["incident over", "run F-OVER", "timeline incident over", "timeline run F-OVER"]),
    );
    expect(lines.find(({ id }) => id === "incident over")?.content).toMatchObject({
      told: { why: expect.stringContaining("it carries schema 99") },
      stored: {
        [KEYS.document("incident", "over")]: {
          text: { schema: "99", value: expect.stringContaining("over") },
          dump: expect.any(String),
        },
        [KEYS.eventsOf("incident", "over")]: { text: expect.anything() },
      },
    });
    expect(lines.find(({ id }) => id === "run F-OVER")?.content).toMatchObject({
      stored: { [KEYS.journal("F-OVER")]: { text: [expect.stringContaining("expired")] } },
    });
  });

  test("and is read again while it is written down stays where it is", async () => {
    await run("F-OVER", { kind: "expired", atMs: AT }, "over");
    await redis.hset(KEYS.run("F-OVER"), { schema: 99 });
    await stores.runs.read("F-OVER").catch(() => undefined);
    const ending = createEndings(stores, { redis, now }).putAside;
    const last = await ending.last("run F-OVER");
    await redis.hdel(KEYS.putAside, "run F-OVER");

    expect(await last?.remove()).toBe(false);
    expect(await redis.exists(KEYS.run("F-OVER"))).toBe(1);
  });

  test("and could not be read: the text that a new one replaced goes 90 days after people were told, what is open is kept", async () => {
    await alarm("arn:spoilt", "alarm");
    await alarm("arn:string", "alarm");
    await incident("spoilt");
    await redis.hset(KEYS.document("alert", "arn:spoilt"), { schema: 99 });
    await redis.del(KEYS.document("alert", "arn:string"));
    await redis.set(KEYS.document("alert", "arn:string"), "a hand was here");
    await redis.hset(KEYS.document("incident", "spoilt"), { schema: 99 });
    await stores.alerts.get("arn:spoilt");
    await stores.alerts.get("arn:string");
    await stores.incidents.get("spoilt").catch(() => undefined);

    await applyAt(AT + 200 * DAY_MS);
    expect(await stores.asides.list(10)).toHaveLength(3);
    for (const aside of await stores.asides.list(10)) await stores.asides.reported(aside, nowMs);
    await applyAt(AT + 289 * DAY_MS);
    expect(await stores.asides.list(10)).toHaveLength(3);
    await applyAt(AT + 291 * DAY_MS);

    expect((await stores.asides.list(10)).map(({ name }) => name)).toEqual(["incident spoilt"]);
    expect(await redis.keys("*put-aside:replaced*")).toEqual([]);
    const lines = (await archived()).filter(({ kind }) => kind === "putAside");
    expect(new Set(lines.map(({ id }) => id))).toEqual(new Set(["alert arn:spoilt", "alert arn:string"]));
    expect(lines.find(({ id }) => id === "alert arn:spoilt")?.content).toMatchObject({
      told: { why: expect.stringContaining("it carries schema 99") },
      stored: {
        [KEYS.replaced("alert", "arn:spoilt")]: {
          text: { schema: "99", value: expect.stringContaining("arn:spoilt") },
        },
      },
    });
    expect(lines.find(({ id }) => id === "alert arn:string")?.content).toMatchObject({
      stored: { [KEYS.replaced("alert", "arn:string")]: { dump: expect.any(String) } },
    });
  });

  test("stays while it is open: an incident, a run, an alarm that rings, and the cards of all three", async () => {
    await incident("open");
    await run("F-OPEN", undefined, "open");
    await alarm("arn:rings", "alarm");
    await card({ id: "incident:open", kind: "incident", subject: "open", sentAtMs: AT });
    await card({ id: "plan:F-OPEN", kind: "plan", subject: "F-OPEN", sentAtMs: AT });
    await card({ id: "notice:unsent", kind: "notice", subject: "not sent yet", sentAtMs: undefined });

    await applyAt(AT + 400 * DAY_MS);

    expect(await stores.incidents.openIds()).toEqual(["open"]);
    expect(await eventsOf(redis, "incident", "open")).toHaveLength(2);
    expect((await stores.runs.read("F-OPEN"))?.state).toBe("waiting-for-keys");
    expect(await stores.alerts.get("arn:rings")).toBeDefined();
    const cards = ["incident:open", "plan:F-OPEN", "notice:unsent"].map((id) => stores.cards.get(id));
    expect((await Promise.all(cards)).every((each) => each !== undefined)).toBe(true);
    expect(await archived().catch(() => [])).toEqual([]);
  });

  test("goes when it is over, also after it had been open beyond every retention", async () => {
    await incident("long");
    await applyAt(AT + 400 * DAY_MS);
    await stores.incidents.change("long", (value) => {
      const resolved = value && ({ ...value, state: "resolved", closedAtMs: nowMs } as const);
      return resolved && { value: resolved, events: [] };
    });

    await applyAt(AT + 489 * DAY_MS);
    expect(await stores.incidents.get("long")).toBeDefined();
    await applyAt(AT + 491 * DAY_MS);
    expect(await stores.incidents.get("long")).toBeUndefined();
  });

  test("goes in small batches, and nothing goes that was not written down", async () => {
    for (let number = 0; number < 45; number += 1) await incident(`old${number}`, closed);
    const full: Archive = { write: () => Promise.reject(new Error("the disk is full")) };

    await expect(applyAt(AT + 91 * DAY_MS, full)).rejects.toThrow("the disk is full");
    expect(await redis.zcard(KEYS.settledDocuments("incident"))).toBe(45);

    expect(await applyAt(AT + 91 * DAY_MS)).toBe(3);
    expect(await redis.zcard(KEYS.settledDocuments("incident"))).toBe(0);
    expect(await archived()).toHaveLength(45);
  });

  test("of the stream only what stands nowhere else is written down", async () => {
    await incident("young");
    const about = { kind: "store.accepted", door: "engine", facts: {} } as const;
    await stores.seen.change("x", () => undefined);
    await stores.notes.change("n", () => ({
      value: { says: {} },
      events: [
        { ...about, atMs: AT, says: "old" },
        { ...about, atMs: AT + 60 * DAY_MS, says: "young" },
      ],
    }));

    await applyAt(AT + 61 * DAY_MS);

    expect(await archived()).toMatchObject([{ kind: "events", content: { says: "old" } }]);
    expect((await readEvents(redis, "", 10)).map(({ event }) => event.says)).toEqual(["young"]);
    expect(await eventsOf(redis, "incident", "young")).toHaveLength(1);
  });
});

test("the id of a click or a webhook is known for 49 hours, and forgotten then", async () => {
  expect([await firstTime(redis, "slack:1", AT), await firstTime(redis, "slack:1", AT + 1)]).toEqual([true, false]);

  await applyAt(AT + 48 * 3_600_000);
  expect(await redis.zcard(KEYS.once)).toBe(1);
  await applyAt(AT + 50 * 3_600_000);
  expect(await redis.exists(KEYS.once)).toBe(0);
});

test("what AWS said of a service that left the file goes 30 days after it was asked for last", async () => {
  await stores.discovered.change("gone", () => ({ value: { found: NOTHING_FOUND, askedAtMs: AT }, events: [] }));
  await stores.discovered.change("there", () => ({
    value: { found: NOTHING_FOUND, askedAtMs: AT + 30 * DAY_MS },
    events: [],
  }));

  await applyAt(AT + 31 * DAY_MS);

  expect(await stores.discovered.get("gone")).toBeUndefined();
  expect(await stores.discovered.get("there")).toBeDefined();
});

describe("files beside the ledger", () => {
  const LINE = { mark: "m", chain: "c", entry: { atMs: AT, run: "F-1", epoch: 1, kind: "intent", says: "asked" } };
  const OLD = ["bot-1.0007-2026-01-31.jsonl", "bot-1.archive-2026-01.jsonl", "bot-1.jsonl.torn-20260131101112"];
  const KEPT = [
    ...[
      "bot-1.jsonl",
      "bot-1.jsonl.torn-20260228101112",
      "bot-1.0008-2026-02-28.jsonl",
      "bot-1.archive-2026-02.jsonl",
      "discovered-bot-1.json",
    ],
    ...["bot-2.0001-2026-01-31.jsonl", "bot-2.archive-2026-01.jsonl", "bot-1.0007-2026-01-31.jsonl.copy"],
  ];
  const at = (day: string) => Date.parse(day) + RETENTION.closedFiles.keepMs;
  beforeEach(async () => {
    for (const name of [...OLD, ...KEPT]) await writeFile(join(directory, name), `content of ${name}`);
  });

  test("that were closed go when their time is over, their hash in the ledger first; no other process's, and none that is written", async () => {
    await applyAt(at("2026-02-02"));

    expect((await readdir(directory)).toSorted()).toEqual(KEPT.toSorted());
    const hashes = OLD.map((name) => createHash("sha256").update(`content of ${name}`).digest("hex"));
    expect(ledger.map(({ kind, run, says }) => [kind, run, says.split("sha256 ")[1]])).toEqual(
      OLD.map((name, index) => ["removed", name, hashes[index]]),
    );
  });

  test("of a process that is not used any more go 400 days after its newest line, its ledger last", async () => {
    const line = (atMs: number) => `${JSON.stringify({ ...LINE, entry: { ...LINE.entry, atMs } })}\n`;
    const written = Date.parse("2026-02-10");
    const other = ["bot-3.0001-2026-01-31.jsonl", "bot-3.archive-2026-03.jsonl", "discovered-bot-3.json"];
    for (const name of other) await writeFile(join(directory, name), name);
    await writeFile(join(directory, "bot-2.jsonl"), `${line(AT)}${line(written + 10 * DAY_MS)}`);
    await writeFile(join(directory, "bot-3.jsonl"), `${line(AT)}${line(written)}`);
    const marked = { "bot-2": LINE.mark, "bot-3": `${LINE.mark} earlier`, "bot-1": "own" };
    for (const [name, mark] of Object.entries(marked)) await redis.set(KEYS.ledgerMark(name), mark);
    for (const name of Object.keys(marked)) await keepsItsOwn(name);

    await applyAt(at("2026-02-11"));

    expect([await ownOf("bot-3"), await ownOf("bot-2")]).toEqual([[], ALL_OWN]);
    expect((await readdir(directory)).toSorted()).toEqual([...KEPT, "bot-2.jsonl"].toSorted());
    expect(ledger.map(({ run }) => run).filter((name) => name.includes("bot-3"))).toEqual([...other, "bot-3.jsonl"]);
    expect(await redis.mget(Object.keys(marked).map(KEYS.ledgerMark))).toEqual([LINE.mark, null, "own"]);
  });

  test("of a name that another machine still writes under go, and its mark stays: it would take the store for lost", async () => {
    const atMs = Date.parse("2026-02-10");
    await writeFile(join(directory, "bot-3.jsonl"), `${JSON.stringify({ ...LINE, entry: { ...LINE.entry, atMs } })}\n`);
    await redis.set(KEYS.ledgerMark("bot-3"), "newer new");
    await keepsItsOwn("bot-3");

    await applyAt(at("2026-02-11"));

    expect(await ownOf("bot-3")).toEqual(ALL_OWN);
    expect(await readdir(directory)).not.toContain("bot-3.jsonl");
    expect(await redis.get(KEYS.ledgerMark("bot-3"))).toBe("newer new");
  });

  test.each([
    ["and has spoken for itself: the store may be another one", true, ALL_OWN],
    ["and is not heard of: a look before this one was cut off", false, []],
  ])("of a name whose mark the store does not know, %s", async (_what, hasTestified, left) => {
    const atMs = Date.parse("2026-02-10");
    await writeFile(join(directory, "bot-3.jsonl"), `${JSON.stringify({ ...LINE, entry: { ...LINE.entry, atMs } })}\n`);
    if (hasTestified) await redis.hset(KEYS.testimonies, "bot-3", "{}");
    await keepsItsOwn("bot-3");

    await applyAt(at("2026-02-11"));

    expect(await ownOf("bot-3")).toEqual(left);
    expect(await redis.hexists(KEYS.testimonies, "bot-3")).toBe(hasTestified ? 1 : 0);
  });

  test("stay while they are younger, and where the ledger cannot be written", async () => {
    await applyAt(at("2026-01-31"));
    expect(await readdir(directory)).toHaveLength(OLD.length + KEPT.length);

    const full = { append: () => Promise.reject(new Error("the disk is full")) };
    await expect(
      createClosedFiles({ ...beside(), ledger: full }).removeBefore(Date.parse("2026-03-01")),
    ).rejects.toThrow("the disk is full");
    expect(await readdir(directory)).toHaveLength(OLD.length + KEPT.length);
  });
});

test("times of a kind of step go two years after the last of them, and are written down", async () => {
  const time = (atMs: number) => ({ run: `F-${atMs}`, step: "add", tookMs: 1_000, atMs });
  const times = [time(AT), time(AT + 100 * DAY_MS)];
  await stores.stepTimes.change("production:add:eu-west-1", () => ({ value: { times }, events: [] }));

  await applyAt(AT + 829 * DAY_MS);
  expect(await stores.stepTimes.get("production:add:eu-west-1")).toBeDefined();
  await applyAt(AT + 831 * DAY_MS);

  expect(await stores.stepTimes.get("production:add:eu-west-1")).toBeUndefined();
  expect(await archived()).toMatchObject([{ kind: "stepTimes", content: { document: { times } } }]);
});

describe("the table", () => {
  test("keeps an alarm for longer than a signal can come again, so that replaying it changes nothing (G10)", () => {
    expect(RETENTION.signals.keepMs).toBeGreaterThanOrEqual(72 * 3_600_000);
    expect(RETENTION.alerts.keepMs).toBeGreaterThan(RETENTION.signals.keepMs);
    expect(RETENTION.cards.keepMs).toBeGreaterThanOrEqual(RETENTION.alerts.keepMs);
  });

  test("stands in the operations manual as it stands in the code, with the key of everything that is in Redis", async () => {
    const manual = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");

    for (const table of [retentionTable(), keysTable()]) expect(manual).toContain(`\n\n${table}\n\n`);
  });

  test("has a row for every kind of document, and for no other", async () => {
    const sources = ["app/stores.ts", "store/learned-times.ts"].map(
      (name) => new URL(`../../src/${name}`, import.meta.url),
    );
    const texts = await Promise.all(sources.map((source) => readFile(source, "utf8")));
    const kinds = texts.flatMap((text) =>
      [...text.matchAll(/kind: "([a-z-]+)",\s+version: /g)].map(([, kind = ""]) => kind),
    );

    expect(kinds.length).toBeGreaterThan(10);
    expect(new Set(Object.keys(DOCUMENTS_KEPT_AS))).toEqual(new Set(kinds));
  });
});
