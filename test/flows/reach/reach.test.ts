import { describe, expect, test } from "@jest/globals";
import type { CallMemory, Calls } from "../../../src/flows/reach/calls.ts";
import { backOffMs, OCCASIONS, type OccasionName } from "../../../src/flows/reach/occasions.ts";
import { type Need, type ReachDeps, reach } from "../../../src/flows/reach/reach.ts";
import type { PageRequest, PagerAnswer } from "../../../src/ports/pager.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, ASKED, clockAt, pagersWith, recordedMail, silent } from "../../harness/fakes/index.ts";

const { people } = example("inventory");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const AGAIN_MS = 5 * MINUTE;
const RETRY: PagerAnswer<never> = { kind: "retry", afterMs: 100, why: "busy" };
const REFUSED: PagerAnswer<never> = { kind: "rejected", code: "invalid", why: "400" };
const OCCASION_NAMES = Object.keys(OCCASIONS) as readonly OccasionName[];

/** A pager and a mail server that answer as they are told, a memory, and a clock that is moved. */
function desk(more: Partial<ReachDeps> = {}) {
  let calls: Calls | undefined;
  let nowMs = 0;
  let changes = 0;
  const asked: string[] = [];
  const loudness: Pick<PageRequest, "severity" | "urgent">[] = [];
  const answers = {
    trigger: ACCEPTED as PagerAnswer,
    resolve: ACCEPTED as PagerAnswer,
  };
  const mail = recordedMail();
  const memory: CallMemory = {
    read: async () => calls,
    change: async (decide) => {
      changes += 1;
      calls = decide(calls)?.value ?? calls;
    },
  };
  const pagers = pagersWith(
    {
      trigger: async ({ dedupKey, severity, urgent }) => {
        asked.push(`trigger ${dedupKey}`);
        loudness.push({ severity, urgent });
        return answers.trigger;
      },
      call: async ({ pageKey, users }) => {
        asked.push(`call ${pageKey} ${users.join()}`);
        return ASKED;
      },
      resolve: async (key) => {
        asked.push(`resolve ${key}`);
        return answers.resolve;
      },
    },
    [mail.pager],
  );
  const clock = clockAt(() => nowMs);
  return {
    asked,
    mail,
    loudness,
    answers,
    memory: () => calls,
    changes: () => changes,
    at: async (ms: number, need: Need | undefined, directly?: () => Promise<void>) => {
      nowMs = ms;
      await reach(need, {
        ...{ pagers, memory, clock, logger: silent, againMs: AGAIN_MS },
        ...more,
        ...(directly === undefined ? {} : { directly }),
      });
    },
  };
}

const need = (occasion: OccasionName, over: Partial<Need> = {}): Need => ({
  ...{ occasion, reason: "why", why: "It broke", people: people.slice(0, 2), key: "dr:key", page: "page" },
  about: { source: "s", details: {}, links: [], state: "stopped" },
  ...over,
});

describe.each(OCCASION_NAMES)("the occasion %s", (occasion) => {
  test("rings first by the pager's incident, then everybody by name, and tells each by mail, once", async () => {
    const { asked, mail, at } = desk();
    await at(0, need(occasion));
    await at(1_000, need(occasion));
    expect(asked).toEqual(["trigger dr:key", "call page:0 PUANA01,PUBEN01"]);
    expect(mail.calls.map(({ pageKey }) => pageKey)).toEqual(["page:0:ana", "page:0:ben"]);
  });

  test("is paged only when a pager that rings has accepted it: a mail is told, never an answer", async () => {
    const { answers, at, memory } = desk();
    answers.trigger = RETRY;
    await at(0, need(occasion));
    expect(memory()).toMatchObject({ told: ["mail:ana", "mail:ben"], outcome: expect.stringContaining("retry") });
    expect(memory()?.pagedAtMs).toBeUndefined();
  });

  test("is not asked for at every look while nothing is accepted: a few triggers a minute, and no end to it", async () => {
    const { answers, asked, at } = desk();
    answers.trigger = RETRY;
    const triggers = () => asked.filter((each) => each.startsWith("trigger")).length;
    for (let ms = 0; ms < MINUTE; ms += 2_000) await at(ms, need(occasion));
    expect(triggers()).toBeLessThanOrEqual(6);
    for (let ms = MINUTE; ms <= 10 * MINUTE; ms += 2_000) await at(ms, need(occasion));
    expect(triggers()).toBeGreaterThanOrEqual(10);
    expect(triggers()).toBeLessThanOrEqual(16);
    answers.trigger = ACCEPTED;
    await at(11 * MINUTE, need(occasion));
    expect(asked.filter((each) => each.startsWith("call"))).toHaveLength(1);
  });

  test("does not wait for Slack, and is called although Slack never answers", async () => {
    const { asked, at, memory } = desk();
    const said = at(0, need(occasion), () => new Promise(() => undefined));
    for (let turn = 0; turn < 50 && memory()?.pagedAtMs === undefined; turn += 1) await new Promise(setImmediate);
    expect(memory()?.pagedAtMs).toBe(0);
    expect(asked).toContain("call page:0 PUANA01,PUBEN01");
    void said;
  });

  test("ends at the pager when nobody is needed any more, and another reason is another incident there", async () => {
    const { asked, at, memory } = desk();
    await at(0, need(occasion));
    await at(1_000, need(occasion, { reason: "other", key: "dr:other", page: "other" }));
    await at(2_000, undefined);
    expect(asked).toEqual(expect.arrayContaining(["resolve dr:key", "trigger dr:other", "resolve dr:other"]));
    expect(memory()?.open).toEqual([]);
  });

  test("guard one stands: the call before ends at the pager only when that has taken the next one", async () => {
    const { answers, asked, at } = desk();
    await at(0, need(occasion));
    answers.trigger = RETRY;
    await at(1_000, need(occasion, { reason: "other", key: "dr:other", page: "other" }));
    expect(asked).not.toContain("resolve dr:key");
    answers.trigger = ACCEPTED;
    await at(10 * MINUTE, need(occasion, { reason: "other", key: "dr:other", page: "other" }));
    expect(asked).toContain("resolve dr:key");
  });

  test("guard news again: is called at once when what was over begins again, however alike it reads", async () => {
    const { asked, at } = desk();
    await at(0, need(occasion));
    await at(10_000, undefined);
    await at(20_000, need(occasion));

    expect(asked.filter((each) => each === "trigger dr:key")).toHaveLength(2);
  });

  test("is no news where its reason tells apart what comes back from what begins: people are called again when it is time", async () => {
    const { asked, at } = desk({ isToldApart: true });
    await at(0, need(occasion));
    await at(10_000, undefined);
    await at(20_000, need(occasion));

    expect(asked.filter((each) => each === "trigger dr:key")).toHaveLength(1);
  });

  test("guard stand down: is written down once, and not at every look after that", async () => {
    const { at, changes } = desk({ isToldApart: true });
    await at(0, need(occasion));
    await at(2_000, undefined);
    const before = changes();
    await at(4_000, undefined);

    expect(changes()).toBe(before);
  });

  test("guard stand down: is not resolved at every look while the pager does not take that either, and in the end it is", async () => {
    const { answers, asked, at, memory } = desk();
    const resolves = () => asked.filter((each) => each.startsWith("resolve")).length;
    await at(0, need(occasion));
    answers.resolve = RETRY;
    for (let ms = 2_000; ms < MINUTE; ms += 2_000) await at(ms, undefined);
    expect(resolves()).toBeGreaterThanOrEqual(2);
    expect(resolves()).toBeLessThanOrEqual(6);
    answers.resolve = ACCEPTED;
    await at(3 * MINUTE, undefined);
    expect(memory()).toMatchObject({ open: [] });
    expect(memory()?.standDown).toBeUndefined();
  });

  test(`is called again ${OCCASIONS[occasion].again === "never" ? "never" : "round after round"}`, async () => {
    const { asked, at } = desk();
    await at(0, need(occasion));
    await at(AGAIN_MS, need(occasion));
    const again = OCCASIONS[occasion].again === "never" ? [] : ["call page:1 PUANA01,PUBEN01"];
    expect(asked.filter((each) => each.startsWith("call page:1"))).toEqual(again);
  });

  test("guard clock back: is called, and tried again, although the clock went back behind its newest call and failure", async () => {
    const { answers, asked, at, memory } = desk();
    const triggers = () => asked.filter((each) => each.startsWith("trigger")).length;
    await at(10 * HOUR, need(occasion));
    await at(9 * HOUR, need(occasion));
    expect(triggers()).toBe(2);
    expect(asked.filter((each) => each.startsWith("call"))).toEqual(Array(2).fill("call page:0 PUANA01,PUBEN01"));
    expect(memory()?.pagedAtMs).toBe(9 * HOUR);

    answers.trigger = RETRY;
    const other = need(occasion, { reason: "other", key: "dr:other", page: "other" });
    await at(9 * HOUR + MINUTE, other);
    expect(triggers()).toBe(3);
    await at(8 * HOUR, other);
    expect(triggers()).toBe(4);
  });

  const isOnce = OCCASIONS[occasion].again === "never";
  test(`while the pager refuses, mail and direct messages tell of it ${isOnce ? "once" : "round after round, and no more often"}`, async () => {
    const { answers, mail, at } = desk();
    answers.trigger = REFUSED;
    const directlyAtMs: number[] = [];
    const mailedAtMs: number[] = [];
    for (let ms = 0; ms < HOUR; ms += 2_000) {
      const before = mail.calls.length;
      await at(ms, need(occasion), async () => void directlyAtMs.push(ms));
      if (mail.calls.length > before) mailedAtMs.push(ms);
    }
    const rounds = isOnce ? 1 : HOUR / AGAIN_MS;
    for (const times of [mailedAtMs, directlyAtMs]) {
      expect(times.length).toBeGreaterThanOrEqual(isOnce ? 1 : rounds - 2);
      expect(times.length).toBeLessThanOrEqual(rounds);
      for (const [before, ms] of times.slice(1).map((ms, nth) => [times[nth] ?? 0, ms] as const))
        expect(ms - before).toBeGreaterThanOrEqual(AGAIN_MS);
    }
    expect(new Set(mail.calls.map(({ pageKey }) => pageKey)).size).toBe(mail.calls.length);
  });
});

test("only what has nothing to decide is a warning at the pager, and leaves the reserve alone", async () => {
  const { at, loudness } = desk();
  await at(0, need("unwound"));
  await at(1, need("stopped", { reason: "stopped", key: "dr:stopped" }));

  expect(loudness).toEqual([
    { severity: "warning", urgent: false },
    { severity: "critical", urgent: true },
  ]);
});

describe("a mail that did not go", () => {
  test("is sent again without ringing anybody again, under the same key", async () => {
    const { mail, asked, at, memory } = desk();
    mail.answer.now = RETRY;
    await at(0, need("stopped"));
    mail.answer.now = ASKED;
    await at(2 * MINUTE, need("stopped"));
    expect(asked.filter((each) => each.startsWith("trigger"))).toHaveLength(1);
    expect(mail.calls.filter(({ pageKey }) => pageKey === "page:0:ana")).toHaveLength(2);
    expect(memory()?.told).toEqual(["mail:ana", "mail:ben"]);
  });
});

describe("the back-off", () => {
  test.each(OCCASION_NAMES)("of %s grows and ends", (occasion) => {
    const { firstMs, longestMs } = OCCASIONS[occasion].backOff;
    expect(backOffMs(occasion, 1)).toBe(firstMs);
    expect(backOffMs(occasion, 100)).toBe(longestMs);
    expect(longestMs).toBeLessThanOrEqual(MINUTE);
  });
});
