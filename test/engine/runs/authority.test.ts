import { afterEach, describe, expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import { canonicalJson } from "../../../src/domain/json.ts";
import { fenceOf } from "../../../src/domain/plan-run/fence.ts";
import type { FreezeSaid } from "../../../src/domain/plan-run/freeze.ts";
import { planDigest, stepOf } from "../../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import { Captured, type RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { driveRun } from "../../../src/engine/runs/executor.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { KEYS } from "../../../src/store/keys.ts";
import { createRuns } from "../../../src/store/runs.ts";
import { sealedWith, sealIn } from "../../../src/store/seal.ts";
import { Seen } from "../../../src/store/seen.ts";
import { noteSeen, recall } from "../../../src/store/seen-in-ledger.ts";
import { drive, executorDeps, openLedger } from "../../harness/drive.ts";
import { mutationsOf, runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { entryIn, JOURNAL, started as keysAndStart, LEDGER_KEY, turned } from "../../harness/keys.ts";
import { quoted } from "../../harness/quoted.ts";
import { trafficOf } from "../../harness/site.ts";
import { standingOf } from "../../harness/standing.ts";

const SPEED = 150;
let at: FailoverWorld;
afterEach(() => at.stop());

async function started(): Promise<void> {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  await startRun(at);
}

async function journalOf(id = "F-1"): Promise<RunEntry[]> {
  const redis = await at.bench.connect();
  return (await redis.lrange(KEYS.journal(id), 0, -1)).map(entryIn);
}

/** Drives with a clock on which the plan's end date is over from the moment that `isOver` says so. */
async function driveBeyondTheEnd(isOver: (run: RunState) => boolean, steps = STEPS): Promise<RunState> {
  const { untilMs } = await runOf(at);
  let over: number | undefined;
  const ledger = await openLedger(at);
  const { clock } = at;
  const deps = {
    ...executorDeps(at, ledger, { steps }),
    clock: { speed: clock.speed, now: () => over ?? clock.now(), sleep: clock.sleep.bind(clock) },
    changed: (run: RunState) => {
      if (over !== undefined || !isOver(run)) return;
      over = untilMs;
      callsUntilThen = mutationsOf(at).length;
    },
  };
  let callsUntilThen = -1;
  await driveRun("F-1", deps, AbortSignal.timeout(60_000));
  await ledger.close();
  // One call may have been on its way: nothing that was asked for after that leaves.
  expect(callsUntilThen).toBeGreaterThanOrEqual(0);
  expect(mutationsOf(at).slice(callsUntilThen)).toEqual([]);
  return runOf(at);
}

describe("every call that changes the cloud passes one question (G18)", () => {
  test("the journal says with each intent whose keys it rests on, and until when", async () => {
    await started();

    expect(await drive(at)).toMatchObject({ state: "verified" });

    const intents = (await journalOf()).filter(({ kind }) => kind === "intent");
    expect(intents.length).toBeGreaterThan(4);
    const { untilMs } = await runOf(at);
    for (const intent of intents) expect(intent).toMatchObject({ authorised: { keys: ["ana", "ben"], untilMs } });
  });

  test("a key that somebody wrote into the store moves nothing, and people are asked", async () => {
    await started();
    const redis = await at.bench.connect();
    const { plan } = await runOf(at);
    const lines = await redis.lrange(KEYS.journal("F-1"), 0, -1);
    const position = lines.findIndex((line) => line.includes('"by":"ben"'));
    const others = sealedWith(new Secret("not the ledger's key"));
    const place = { run: "F-1", position, after: sealIn(lines[position - 1] ?? "") ?? "" };
    const forged = others.write(turned(plan, "ben", at.clock.now()), place);
    await redis.lset(KEYS.journal("F-1"), position, JSON.stringify(forged));

    const run = await drive(at);

    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain(`line ${position + 1} of the journal of F-1 was not written by TwoKey`);
    expect(mutationsOf(at)).toEqual([]);
  });

  test("guard sealed journal: lines that somebody pushed into it give nothing back, open nothing, and people are asked", async () => {
    await started();
    const redis = await at.bench.connect();
    const anywhere = { protocol: "-1", source: { kind: "ipv4", cidr: "0.0.0.0/0" } };
    const fence = fenceOf(await runOf(at));
    const [store = ""] = Object.keys(Captured.parse(fence?.input["captured"]));
    const captured = { [store]: { "sg-0dd0dd0dd0dd0dd0d": [anywhere] } };
    const now = { atMs: at.clock.now() };
    await redis.rpush(
      KEYS.journal("F-1"),
      JSON.stringify({ kind: "intent", ...now, epoch: 0, step: "fence", attempt: 1, captured }),
      JSON.stringify({ kind: "aborted", ...now, by: "chloe", door: "slack" }),
    );

    const run = await drive(at);

    expect(mutationsOf(at)).toEqual([]);
    expect(run).toMatchObject({ state: "paused", voided: true, captured: undefined });
    expect(run.why).toContain("of the journal of F-1 was not written by TwoKey");
  });

  test("a plan that somebody changed in the store moves nothing", async () => {
    await started();
    const redis = await at.bench.connect();
    const stored = (await redis.hget(KEYS.run("F-1"), "plan")) ?? "";
    await redis.hset(KEYS.run("F-1"), "plan", stored.replace('"backupRetentionDays":', '"backupRetentionDays":1'));
    expect(await redis.hget(KEYS.run("F-1"), "plan")).not.toBe(stored);

    expect(await drive(at)).toMatchObject({ state: "paused", voided: true });

    expect(mutationsOf(at)).toEqual([]);
  });
});

describe("a journal of which TwoKey has seen more than stands there moves nothing (G18)", () => {
  const cut = async (lines: number) => {
    const redis = await at.bench.connect();
    await redis.ltrim(KEYS.journal("F-1"), 0, -1 - lines);
  };
  const abort = async () => {
    const aborted = { kind: "aborted", atMs: at.clock.now(), by: "chloe", door: "slack" } as const;
    await at.memory.runs.append(await runOf(at), { entries: [aborted], events: [] });
  };

  test("guard cut journal: where somebody cut off that it was aborted, nothing leaves, and people are asked", async () => {
    await started();
    await abort();
    await cut(1);

    const run = await drive(at);

    expect(mutationsOf(at)).toEqual([]);
    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toMatch(
      quoted(
        "… lines of the journal of … that TwoKey has seen do not stand there any more: somebody else can write to Redis, or Redis went back in time",
      ),
    );
  });

  test("guard cut journal: nor in a process that started since, whose ledger file holds what was there", async () => {
    await started();
    await abort();
    const ledger = await openLedger(at);
    await noteSeen(ledger, at.seen, at.clock.now());
    await ledger.close();
    await cut(1);
    const redis = await at.bench.connect();
    const seen = new Seen();
    const again = await openLedger(at);
    recall(again, seen);
    const runs = createRuns(redis, () => at.clock.now(), sealedWith(LEDGER_KEY, seen));

    await driveRun("F-1", { ...executorDeps(at, again), runs }, AbortSignal.timeout(60_000));

    await again.close();
    expect(mutationsOf(at)).toEqual([]);
    expect(await runs.read("F-1")).toMatchObject({ state: "paused", voided: true });
  });

  test("guard older journal: nor where an older copy of it was put back and written on", async () => {
    await started();
    const redis = await at.bench.connect();
    const before = await redis.lrange(KEYS.journal("F-1"), 0, -1);
    await abort();
    await redis.del(KEYS.journal("F-1"));
    await redis.rpush(KEYS.journal("F-1"), ...before);
    // A process that has seen less writes on.
    const forgetful = createRuns(redis, () => at.clock.now(), JOURNAL);
    const run = await forgetful.read("F-1");
    if (!run) throw new Error("the run is there");
    const paused = { kind: "paused", atMs: at.clock.now(), door: "slack", why: "later" } as const;
    const resumed = { kind: "resumed", atMs: at.clock.now(), by: "chloe", door: "slack" } as const;
    await forgetful.append(run, { entries: [paused, resumed], events: [] });

    expect(await drive(at)).toMatchObject({ state: "paused", voided: true });

    expect(mutationsOf(at)).toEqual([]);
  });

  test("guard text of the plan: a text that makes its end date past forgets no refusal", async () => {
    await started();
    const redis = await at.bench.connect();
    const { plan, untilMs } = await runOf(at);
    const stored = (await redis.hget(KEYS.run("F-1"), "plan")) ?? "";
    await redis.hset(KEYS.run("F-1"), "plan", canonicalJson({ ...plan, authorisesUntilMs: at.clock.now() - 1 }));
    await abort();
    const ledger = await openLedger(at);
    await noteSeen(ledger, at.seen, at.clock.now());
    await runOf(at);
    await noteSeen(ledger, at.seen, at.clock.now());
    await redis.hset(KEYS.run("F-1"), "plan", stored);
    await cut(1);

    expect(await drive(at)).toMatchObject({ state: "paused", voided: true });

    expect(mutationsOf(at)).toEqual([]);
    expect(ledger.memory.journals.get("F-1")).toMatchObject({ untilMs });
    await ledger.close();
  });

  test("guard plan of TwoKey: a plan that somebody put there, with its digest, moves nothing whatever keys it gets", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const redis = await at.bench.connect();
    await startRun(at);
    const made = (await runOf(at)).plan;
    const plan = { ...made, id: "F-9", reason: "as somebody else would have it" };
    await redis.hset(KEYS.run("F-9"), {
      ...(await redis.hgetall(KEYS.run("F-1"))),
      plan: canonicalJson(plan),
      digest: planDigest(plan),
    });
    const run = await at.memory.runs.read("F-9");
    if (!run) throw new Error("the run is there");
    await at.memory.runs.append(run, { entries: keysAndStart(plan, at.clock.now()), events: [] });

    expect(await drive(at, { run: "F-9" })).toMatchObject({ state: "paused", voided: true });

    expect(mutationsOf(at)).toEqual([]);
  });
});

describe("a freeze stops every change at once", () => {
  const EVENT = { kind: "installation.frozen", door: "slack", says: "stop", facts: {} } as const;

  test("whatever step is next, and the run goes on where it stood when two have lifted it and somebody resumed it", async () => {
    await started();
    const put = (said: FreezeSaid) => at.memory.freezes.say([said], { ...EVENT, atMs: said.atMs });
    await put({ kind: "frozen", id: "Z-1", by: "chloe", atMs: at.clock.now(), why: "the wrong service" });

    const paused = await drive(at);

    expect(paused).toMatchObject({ state: "paused", voided: false });
    expect(paused.why).toContain("the wrong service");
    expect(mutationsOf(at)).toEqual([]);
    await put({ kind: "lifted", id: "Z-1", by: ["ana", "ben"], atMs: at.clock.now() });
    const resumed = { kind: "resumed", atMs: at.clock.now(), by: "chloe", door: "slack" } as const;
    await at.memory.runs.append(paused, { entries: [resumed], events: [] });
    expect(await drive(at)).toMatchObject({ state: "verified" });
  });
});

describe("a retry looks first", () => {
  test("a promotion that was tried and never happened is asked for only on the facts that people signed (G3)", async () => {
    await started();
    const effect = { kind: "error", status: 400, code: "AccessDenied" } as const;
    at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect, times: 1 });
    expect(await drive(at)).toMatchObject({ state: "stopped", pastNoReturn: true });
    const { zone, name } = trafficOf(at.service);
    const found = await at.cloud.traffic.records(zone, name);
    if (!found.known) throw new Error(found.why);
    const records = found.value.map((record) => ({ ...record, weight: 50 }));
    await at.others.traffic.upsert({ zone, records, comment: "somebody else" });
    const before = mutationsOf(at);
    const retried = { kind: "retried", atMs: at.clock.now(), by: "chloe", door: "slack", step: "promote" } as const;
    await at.memory.runs.append(await runOf(at), { entries: [retried], events: [] });

    const run = await drive(at);

    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain(name);
    expect(mutationsOf(at)).toEqual(before);
  });
});

describe("after the end date of the signed plan nothing leaves, by any way (G1)", () => {
  test.each(["fence", "scale-out", "promote", "point-application", "shift-traffic"])(
    "not from %s on, though its intent was written before it",
    async (step) => {
      await started();

      const run = await driveBeyondTheEnd((now) => stateOf(now, step).state === "intended");

      // The jump of the clock is also the end of the patience with a step beside it, which stops a run past its promotion.
      const stopped = step === "promote" && run.state === "stopped";
      if (!stopped) expect(run).toMatchObject({ state: "paused", voided: true });
      if (!stopped) expect(run.why).toContain("/dr by-hand F-1");
    },
  );

  test("nor to give anything back: the run is stuck, and people do it", async () => {
    await started();
    const asPromoted = stepOf((await runOf(at)).plan, "record-position").does;
    const step = STEPS[asPromoted];
    if (!step) throw new Error("the step is in the table");
    const failing = { ...step, run: () => Promise.reject(new StepFailed("x", "it does not go any further")) };

    const run = await driveBeyondTheEnd((now) => now.state === "unwinding", { ...STEPS, [asPromoted]: failing });

    expect(run).toMatchObject({ state: "stuck" });
    expect(run.why).toContain("/dr by-hand F-1");
    const { rules, tasks } = await standingOf(at);
    expect([Object.values(rules).flat(), tasks["api"]?.desired]).toEqual([[], 0]);
  });
});
