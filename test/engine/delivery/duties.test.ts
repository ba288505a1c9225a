import { describe, expect, test } from "@jest/globals";
import { OutcomeUnknown, TransientError, UserError } from "../../../src/domain/errors.ts";
import type { DutyOutcome, DutyProgress, DutyRow } from "../../../src/domain/incident/duty.ts";
import { advanceDuties } from "../../../src/engine/delivery/duties.ts";
import { createInVain } from "../../../src/jobs/in-vain.ts";
import { SWEEP_EVERY_MS } from "../../../src/jobs/queues.ts";
import { bridge, until } from "../../flows/incident/bridge.ts";
import { MINUTE, memoryDocuments, testClock } from "../../harness/fakes/index.ts";

interface Doc {
  readonly owed: readonly string[];
  readonly duties: Readonly<Record<string, DutyProgress>>;
}

function desk(perform: DutyRow<Doc>["perform"], waits: Readonly<Record<string, string>> = {}) {
  const clock = testClock();
  const documents = memoryDocuments<Doc>();
  const rows: DutyRow<Doc>[] = (["pages", "chat"] as const).map((queue) => ({
    kind: queue,
    says: queue,
    queue,
    duties: (doc) =>
      doc.owed
        .filter((key) => key.startsWith(queue))
        .map((key) => ({ key, dueAtMs: clock.now(), waitsFor: waits[key], subject: {} })),
    perform,
  }));
  const woken: string[] = [];
  const wake = {
    incidentPages: () => Promise.resolve(void woken.push("pages")),
    incidentChat: () => Promise.resolve(void woken.push("chat")),
  };
  const told: string[] = [];
  const inVain = createInVain({
    clock,
    logger: bridge().silent,
    announce: async (says) => void told.push(says),
    roomOf: async () => undefined,
  });
  const advance = (queue: "pages" | "chat" = "pages", worker = "one") =>
    advanceDuties("d", queue, { documents, rows, clock, logger: bridge().silent, worker, wake, inVain });
  const owe = (...owed: string[]) =>
    documents.change("d", (current) => ({ value: { owed, duties: current?.duties ?? {} }, events: [] }));
  const stateOf = async (key: string) => (await documents.get("d"))?.value.duties[key]?.state;
  return { clock, documents, advance, owe, stateOf, woken, told };
}

const done: DutyOutcome<Doc> = { kind: "done" };

describe("the executor of duties", () => {
  test("guard broken duty: one that breaks again and again is said once, with its cause, and its neighbours are done", async () => {
    let isBroken = true;
    const { clock, advance, owe, stateOf, told } = desk(async (_doc, duty) => {
      if (isBroken && duty.key === "pages:1") throw new Error("no rung", { cause: new TypeError("of undefined") });
      return done;
    });
    await owe("pages:1", "pages:2");

    for (let tries = 0; tries < 8; tries += 1) {
      await advance();
      clock.move(MINUTE);
    }
    expect([await stateOf("pages:1"), await stateOf("pages:2")]).toEqual(["unknown", "done"]);
    expect(told).toEqual([expect.stringMatching(/incident d, “pages”. no rung ← of undefined/)]);

    isBroken = false;
    await advance();
    expect([await stateOf("pages:1"), told.length]).toEqual(["done", 1]);
  });

  test.each([
    ["a setting that people mend", new UserError("no-channel", "There is no such channel")],
    ["a vendor that is away", new TransientError("slack-away", "Slack is away")],
    ["an answer that was lost", new OutcomeUnknown("slack-silent", "nobody can say")],
  ])("one that fails again and again by %s is no fault of TwoKey, and is not said to be broken", async (_by, error) => {
    let tries = 0;
    const { clock, advance, owe, told } = desk(async () => {
      tries += 1;
      throw error;
    });
    await owe("pages:1");

    for (let each = 0; each < 8; each += 1) {
      await advance();
      clock.move(5 * MINUTE);
    }

    expect([tries, told]).toEqual([8, []]);
  });

  test("two processes at once perform each duty once", async () => {
    const performed: string[] = [];
    const { advance, owe } = desk((_doc, duty) => {
      performed.push(duty.key);
      return Promise.resolve(done);
    });
    await owe("pages:1", "pages:2", "pages:3");
    await Promise.all([advance("pages", "one"), advance("pages", "two"), advance("pages", "three")]);
    expect(performed.toSorted((a, b) => a.localeCompare(b))).toEqual(["pages:1", "pages:2", "pages:3"]);
  });

  test("the intent is stored before anything is asked", async () => {
    let seen: string | undefined;
    const { advance, owe, stateOf } = desk(async () => {
      seen = await stateOf("pages:1");
      return done;
    });
    await owe("pages:1");
    await advance();
    expect([seen, await stateOf("pages:1")]).toEqual(["claimed", "done"]);
  });

  test("a claim whose holder died is taken over when it runs out, and looks first", async () => {
    const looks: boolean[] = [];
    let dies: boolean = true;
    const { advance, owe, clock } = desk((_doc, _duty, attempt) => {
      looks.push(attempt.lookFirst);
      return dies ? new Promise(() => undefined) : Promise.resolve(done);
    });
    await owe("pages:1");
    void advance("pages", "dead");
    await until(() => looks.length === 1);
    dies = false;
    expect(await advance()).toBe(clock.now() + 6_000);
    // It died: nothing of it runs when the time passes.
    clock.move(6_000);
    expect(await advance()).toBeUndefined();
    expect(looks).toEqual([false, true]);
  });

  test("a claim on a page ends early enough after a crash for a sweep and a call within 10 s of its due time", async () => {
    const { advance, owe, documents } = desk(() => new Promise(() => undefined));
    await owe("pages:1");
    void advance("pages", "dead");
    const claim = () => documents.get("d").then((stored) => stored?.value.duties["pages:1"]);
    await until(async () => (await claim())?.state === "claimed");
    const { intentAtMs = 0, claimedUntilMs = 0 } = (await claim()) ?? {};
    expect(claimedUntilMs - intentAtMs + SWEEP_EVERY_MS).toBeLessThanOrEqual(8_000);
  });

  test("a holder that lives keeps its claim through a slow call, but not for ever", async () => {
    let calls = 0;
    let allowed: boolean | undefined;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { advance, owe, clock, documents, stateOf } = desk(async (_doc, _duty, attempt) => {
      calls += 1;
      await held;
      allowed = await attempt.stillOwed();
      return done;
    });
    await owe("pages:1");
    const slow = advance("pages", "slow");
    const endsAtMs = async () => (await documents.get("d"))?.value.duties["pages:1"]?.claimedUntilMs ?? 0;
    await until(() => calls === 1);
    const startMs = clock.now();
    for (let passedMs = 2_000; passedMs <= 20_000; passedMs += 2_000) {
      clock.move(2_000);
      await until(async () => (await endsAtMs()) === clock.now() + 6_000);
      void advance("pages", "two");
    }
    expect(calls).toBe(1);
    release();
    await slow;
    expect([allowed, await stateOf("pages:1")]).toEqual([true, "done"]);
    expect(await endsAtMs()).toBeLessThanOrEqual(startMs + 30_000);
  });

  test("a holder that never ends loses its claim after half a minute", async () => {
    let calls = 0;
    const { advance, owe, clock, documents } = desk(() => {
      calls += 1;
      return calls === 1 ? new Promise(() => undefined) : Promise.resolve(done);
    });
    await owe("pages:1");
    void advance("pages", "hung");
    await until(() => calls === 1);
    const endsAtMs = async () => (await documents.get("d"))?.value.duties["pages:1"]?.claimedUntilMs ?? 0;
    const startMs = clock.now();
    while (clock.now() < startMs + 28_000) {
      clock.move(2_000);
      const expectedMs = Math.min(clock.now() + 6_000, startMs + 30_000);
      if (clock.now() < startMs + 28_000) await until(async () => (await endsAtMs()) === expectedMs);
    }
    clock.move(2_000);
    await advance("pages", "two");
    expect(calls).toBe(2);
  });

  test("who held a claim that ran out learns that it may not act, and cannot write its outcome", async () => {
    let allowed: boolean | undefined;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let first: boolean = true;
    const { advance, owe, clock, stateOf } = desk(async (_doc, _duty, attempt) => {
      if (!first) return done;
      first = false;
      await held;
      allowed = await attempt.stillOwed();
      return { kind: "failed", why: "too late" };
    });
    await owe("pages:1");
    const slow = advance("pages", "slow");
    await until(() => !first);
    clock.move(6_000);
    await advance("pages", "two");
    release();
    await slow;
    expect([allowed, await stateOf("pages:1")]).toEqual([false, "done"]);
  });

  test("one queue does not wait for the other, nor a quick duty for a slow one", async () => {
    const performed: string[] = [];
    const { advance, owe } = desk(
      (_doc, duty) => {
        performed.push(duty.key);
        return duty.key === "chat:slow" ? new Promise(() => undefined) : Promise.resolve(done);
      },
      { "chat:after": "chat:quick" },
    );
    await owe("chat:slow", "chat:quick", "chat:after", "pages:1");
    void advance("chat");
    await advance("pages");
    await until(() => performed.length === 4);
    expect(performed.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "chat:after",
      "chat:quick",
      "chat:slow",
      "pages:1",
    ]);
  });

  test("a queue that makes something due in the other wakes it", async () => {
    const { advance, owe, woken } = desk(() => Promise.resolve(done));
    await owe("pages:1", "chat:1");
    await advance("pages");
    expect(woken).toEqual(["chat"]);
  });

  test("an unknown outcome is looked up, a refusal is tried again much later, a withdrawn duty leaves no trace", async () => {
    const outcomes: Record<string, () => Promise<DutyOutcome<Doc>>> = {
      "pages:unknown": () => Promise.reject(new OutcomeUnknown("lost", "no answer")),
      "pages:refused": () => Promise.reject(new UserError("scope", "a permission is missing")),
    };
    const { advance, owe, clock, documents } = desk((_doc, duty) => outcomes[duty.key]?.() ?? Promise.resolve(done));
    await owe("pages:unknown", "pages:refused");
    expect(await advance()).toBe(clock.now() + 1_000);
    const duties = (await documents.get("d"))?.value.duties;
    expect(duties?.["pages:unknown"]).toMatchObject({ state: "unknown", why: "no answer" });
    expect(duties?.["pages:refused"]).toMatchObject({ state: "failed", retryAtMs: clock.now() + 300_000 });
  });
});
