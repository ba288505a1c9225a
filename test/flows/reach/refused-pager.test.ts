import { describe, expect, test } from "@jest/globals";
import type { PagerAnswer } from "../../../src/ports/pager.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, ASKED } from "../../harness/fakes/index.ts";
import {
  asks,
  BLIND,
  CLOSED,
  type Course,
  called,
  FENCED,
  FENCING,
  LOOK_EVERY_MS,
  LOST,
  MINUTE,
  OPENED,
  PAUSED,
  PROMOTING,
  refused,
  SEES,
  SHIFT,
  taken,
} from "../../harness/outbreaks.ts";

const HOUR = 60 * MINUTE;
const AGAIN_MS = example("inventory").file.approvals.page_again_every;
const WINDOW_MS = 15 * MINUTE;
const BUSY: PagerAnswer<never> = { kind: "retry", afterMs: 1_000, why: "429" };
const REFUSED: PagerAnswer<never> = { kind: "rejected", code: "invalid", why: "400" };
const SILENT: PagerAnswer<never> = { kind: "unknown", why: "no answer" };
const SILENT_FOR_MS = 8_000;

const COURSES: readonly [string, Course][] = [
  ["the old side is open before the promotion", { begins: [PAUSED], outbreak: [OPENED], end: [CLOSED] }],
  ["the old side is open after the promotion", { begins: [PROMOTING], outbreak: [LOST], end: [FENCING, FENCED] }],
  ["the old side cannot be watched", { begins: [PROMOTING], outbreak: [BLIND], end: [SEES] }],
  ["a vendor refuses a step", { begins: [asks(SHIFT)], outbreak: [refused(SHIFT)], end: [taken(SHIFT)] }],
];

/** It is so for 20 s, every 40 s, between these world times. */
async function flaps(
  at: ReturnType<typeof called>,
  { outbreak, end }: Course,
  [fromMs, toMs]: readonly [number, number],
) {
  for (let ms = fromMs; ms < toMs; ms += 40_000) {
    await at.then(ms, ...outbreak);
    await at.then(ms + 20_000, ...end);
  }
}

/** The most that one of them was sent within a quarter of an hour. */
function mostInAWindow(sent: readonly (readonly [person: string, atMs: number])[]): number {
  const counts = sent.map(
    ([person, fromMs]) => sent.filter(([who, ms]) => who === person && ms >= fromMs && ms < fromMs + WINDOW_MS).length,
  );
  return Math.max(0, ...counts);
}

const each = (readers: readonly string[]): number[] =>
  [...new Set(readers)].map((reader) => readers.filter((other) => other === reader).length);

describe("while the pager accepts nothing", () => {
  test.each(COURSES)(
    "guard told of what flaps: each person gets three mails and three direct messages in a quarter of an hour at most (%s)",
    async (_what, course) => {
      const at = called(...course.begins);
      at.pager.now = BUSY;
      await flaps(at, course, [MINUTE, HOUR]);

      expect(mostInAWindow(at.mailedMs)).toBe(3);
      for (const count of [...each(at.mailedMs.map(([person]) => person)), ...each(at.direct())]) {
        expect(count).toBeGreaterThanOrEqual(10);
        expect(count).toBeLessThanOrEqual(12);
      }
    },
  );

  test.each(COURSES)("it is asked to ring at each outbreak, as before (%s)", async (_what, course) => {
    const at = called(...course.begins);
    at.pager.now = REFUSED;
    await flaps(at, course, [MINUTE, HOUR]);

    expect(at.tries()).toBeGreaterThanOrEqual((HOUR - MINUTE) / 40_000);
  });

  test("the third mail says that more are held back, and no earlier one does", async () => {
    const [, course] = COURSES[1] ?? [];
    if (!course) throw new Error("no course");
    const at = called(...course.begins);
    at.pager.now = BUSY;
    await flaps(at, course, [MINUTE, 10 * MINUTE]);

    const ofAna = at.mail.calls.filter(({ pageKey }) => pageKey.endsWith(":ana")).map(({ message }) => message);
    expect(ofAna.map((message) => /It comes and goes: you are told/.test(message))).toEqual([false, false, true]);
  });

  test("guard told all night: people are told of what stands round after round, as long as it goes on, and no more often", async () => {
    const at = called(PROMOTING);
    at.pager.now = BUSY;
    await at.then(MINUTE, LOST);
    await at.then(AGAIN_MS);
    expect(new Set(each(at.mailedMs.map(([person]) => person)))).toEqual(new Set([1]));
    await at.then(8 * HOUR);

    for (const reader of new Set(at.mailedMs.map(([person]) => person))) {
      const times = at.mailedMs.filter(([person]) => person === reader).map(([, ms]) => ms);
      const apart = times.slice(1).map((ms, nth) => ms - (times[nth] ?? 0));
      expect(Math.min(...apart)).toBeGreaterThanOrEqual(AGAIN_MS);
      // The pager is tried once a minute then, and a round begins with such a try.
      expect(Math.max(...apart)).toBeLessThanOrEqual(AGAIN_MS + MINUTE + LOOK_EVERY_MS);
      expect(times.length).toBeGreaterThanOrEqual((8 * HOUR) / (AGAIN_MS + MINUTE + LOOK_EVERY_MS));
    }
    expect(new Set(at.mailed).size).toBe(at.mailed.length);
    expect(new Set(each(at.direct()))).toEqual(new Set(each(at.mailedMs.map(([person]) => person))));
  });

  test("what was not told of yet is, if it goes on until then, once in a round", async () => {
    const at = called(PROMOTING);
    at.pager.now = BUSY;
    for (const minute of [1, 2, 3]) {
      await at.then(minute * MINUTE, LOST);
      await at.then(minute * MINUTE + LOOK_EVERY_MS, FENCING, FENCED);
    }
    await at.then(4 * MINUTE, LOST);
    await at.then(15 * MINUTE);
    const before = at.mailedMs.length;
    await at.then(16 * MINUTE + AGAIN_MS);

    expect(at.mailedMs.length).toBe((before / 3) * 4);
    expect(new Set(each(at.direct()))).toEqual(new Set([4]));
  });

  test("guard part that goes on: one thing that goes on beside another that flaps is told of once", async () => {
    const at = called(PROMOTING, asks(SHIFT));
    at.pager.now = BUSY;
    await at.then(MINUTE, refused(SHIFT));
    await flaps(at, { begins: [], outbreak: [LOST], end: [FENCING, FENCED] }, [2 * MINUTE, HOUR]);

    expect(mostInAWindow(at.mailedMs)).toBe(4);
    expect(Math.max(...each(at.direct()))).toBeLessThanOrEqual(13);
  });

  test("guard silent pager: no look takes longer for the calls before, which it does not end either", async () => {
    const at = called(PROMOTING);
    Object.assign(at.pager, { now: SILENT, takesMs: SILENT_FOR_MS });
    await flaps(at, { begins: [], outbreak: [LOST], end: [FENCING, FENCED] }, [MINUTE, HOUR]);

    expect(at.longestLookMs()).toBeLessThanOrEqual(2 * SILENT_FOR_MS);
    expect(mostInAWindow(at.mailedMs)).toBe(3);
  });
});

describe("as soon as the pager accepts", () => {
  test.each(COURSES)(
    "guard rung after all: it rings for the outbreak that goes on, and from then on three times (%s)",
    async (_what, course) => {
      const at = called(...course.begins);
      at.pager.now = BUSY;
      await flaps(at, course, [MINUTE, 20 * MINUTE]);
      await at.then(21 * MINUTE, ...course.outbreak);
      expect(at.asked).toEqual([]);
      at.pager.now = ACCEPTED;
      await at.then(22 * MINUTE + LOOK_EVERY_MS);
      expect(at.asked).toHaveLength(1);

      await at.then(23 * MINUTE, ...course.end);
      await flaps(at, course, [23 * MINUTE + 20_000, 36 * MINUTE]);
      expect(at.asked).toHaveLength(3);
      expect(mostInAWindow(at.mailedMs)).toBe(3);
    },
  );

  test("it rings round after round for what went on meanwhile, and tells of it with each of them", async () => {
    const at = called(PROMOTING);
    at.pager.now = BUSY;
    await at.then(MINUTE, LOST);
    await at.then(10 * MINUTE);
    at.pager.now = ACCEPTED;
    await at.then(22 * MINUTE);

    expect(at.asked).toHaveLength(3);
    // Two rounds before the pager accepted, the second of which it rang, and two more.
    expect(new Set(each(at.mailedMs.map(([person]) => person)))).toEqual(new Set([4]));
  });
});

test("guard mail by itself: a mail server that took nothing has told nobody, however often it was asked", async () => {
  const at = called(PROMOTING);
  const course: Course = { begins: [], outbreak: [LOST], end: [FENCING, FENCED] };
  Object.assign(at.pager, { now: BUSY });
  at.mail.answer.now = BUSY;
  await flaps(at, course, [MINUTE, 10 * MINUTE]);
  at.mail.answer.now = ASKED;
  await at.then(11 * MINUTE, LOST);
  await at.then(12 * MINUTE + LOOK_EVERY_MS);

  expect(new Set(each(at.mailedMs.map(([person]) => person)))).toEqual(new Set([1]));
});

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("whatever comes and goes, and whatever pager and mail answer meanwhile", () => {
  const KINDS = [
    { outbreak: [LOST], end: [FENCING, FENCED] },
    { outbreak: [BLIND], end: [SEES] },
    { outbreak: [refused(SHIFT)], end: [taken(SHIFT)] },
  ] as const;
  const ROUNDS_IN_A_WINDOW = 4;
  /** Commanders and key holders. */
  const OF_OLD_SIDE = new Set(["ana@mycomputer.com", "ben@mycomputer.com", "chloe@mycomputer.com"]);

  test("no mail goes twice, their number is bounded, and what goes on is rung and told of", async () => {
    const first = Math.floor(Math.random() * 2 ** 31);
    for (let seed = first; seed < first + 12; seed += 1) {
      const random = randomFrom(seed);
      const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
      const at = called(PROMOTING, asks(SHIFT));
      const isOn = KINDS.map(() => false);
      let ms = MINUTE;
      for (; ms < HOUR; ms += 5_000 + Math.floor(random() * 60_000)) {
        const kind = Math.floor(random() * KINDS.length);
        await at.then(ms, ...((isOn[kind] ? KINDS[kind]?.end : KINDS[kind]?.outbreak) ?? []));
        isOn[kind] = !isOn[kind];
        if (random() < 0.2) at.pager.now = one([ACCEPTED, BUSY, BUSY, REFUSED, SILENT]);
        if (random() < 0.1) at.mail.answer.now = one([ASKED, BUSY, REFUSED]);
      }
      for (const [kind, { end }] of KINDS.entries()) if (isOn[kind]) await at.then(ms, ...end);
      Object.assign(at.pager, { now: ACCEPTED });
      at.mail.answer.now = ASKED;
      const before = { asked: at.asked.length, mailed: at.mailedMs.length };
      await at.then(ms + MINUTE, LOST);
      await at.then(ms + 18 * MINUTE);

      const told = `seed ${seed}`;
      expect([told, mostInAWindow(at.mailedMs) <= 3 * KINDS.length + ROUNDS_IN_A_WINDOW]).toEqual([told, true]);
      expect([told, new Set(at.mailed).size]).toEqual([told, at.mailed.length]);
      expect([told, at.asked.length > before.asked]).toEqual([told, true]);
      const since = at.mailedMs.slice(before.mailed).map(([person]) => person);
      expect([told, new Set(since)]).toEqual([told, OF_OLD_SIDE]);
    }
  });
});
