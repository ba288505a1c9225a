import { describe, expect, test } from "@jest/globals";
import {
  ABORTED,
  asks,
  BLIND,
  CLOSED,
  type Course,
  called,
  FENCED,
  FENCING,
  fails,
  HALTED,
  LOOK_EVERY_MS,
  LOST,
  MINUTE,
  OPENED,
  PAUSED,
  PROMOTING,
  RESUMED,
  refused,
  SEES,
  SHIFT,
  STUCK,
  taken,
  UNDOING,
  unwind,
} from "../../harness/outbreaks.ts";

describe("whatever people are called for", () => {
  test.each<[string, Course]>([
    ["the old side is open before the promotion", { begins: [fails("scale-out")], outbreak: [OPENED], end: [CLOSED] }],
    [
      "the old side is open after the promotion",
      { begins: [PROMOTING, fails("promote")], outbreak: [LOST], end: [FENCING, FENCED] },
    ],
    ["the old side cannot be watched, before", { begins: [fails("scale-out")], outbreak: [BLIND], end: [SEES] }],
    [
      "the old side cannot be watched, after",
      { begins: [PROMOTING, fails("promote")], outbreak: [BLIND], end: [SEES] },
    ],
    [
      "a vendor refuses a step while the old side is open",
      { begins: [OPENED, asks(SHIFT)], outbreak: [refused(SHIFT)], end: [taken(SHIFT)] },
    ],
    ["an undo fails", { begins: [ABORTED], outbreak: [UNDOING, STUCK], end: [unwind("ana"), unwind("ben")] }],
    ["TwoKey cannot go on", { begins: [], outbreak: [HALTED], end: [RESUMED] }],
  ])(
    "guard another outbreak: a later one calls at once by a call of its own, also while the run waits (%s)",
    async (_what, { begins, outbreak, end }) => {
      const { then, asked } = called(...begins);
      await then(MINUTE, ...outbreak);
      await then(2 * MINUTE, ...end);
      const before = await then(20 * MINUTE);

      expect(await then(20 * MINUTE, ...outbreak)).toBe(before + 1);
      expect(new Set(asked).size).toBe(asked.length);
    },
  );

  test.each<[string, Course]>([
    ["an undo fails", { begins: [ABORTED], outbreak: [UNDOING, STUCK], end: [unwind("ana"), unwind("ben")] }],
    ["TwoKey cannot go on", { begins: [], outbreak: [HALTED], end: [RESUMED] }],
  ])(
    "guard another stop: what a person's decision ended calls at once, however soon it is so again (%s)",
    async (_what, { begins, outbreak, end }) => {
      const { then, asked } = called(...begins);
      await then(MINUTE, ...outbreak);
      const before = await then(2 * MINUTE, ...end);

      expect(await then(2 * MINUTE + 1, ...outbreak)).toBe(before + 1);
      expect(new Set(asked).size).toBe(asked.length);
    },
  );

  test.each<[string, Course]>([
    ["the old side is open before the promotion", { begins: [PAUSED], outbreak: [OPENED], end: [CLOSED] }],
    ["the old side is open after the promotion", { begins: [PROMOTING], outbreak: [LOST], end: [FENCING, FENCED] }],
    ["the old side cannot be watched", { begins: [PROMOTING], outbreak: [BLIND], end: [SEES] }],
    ["a vendor refuses a step", { begins: [asks(SHIFT)], outbreak: [refused(SHIFT)], end: [taken(SHIFT)] }],
  ])(
    "guard flapping outbreak: what comes and goes rings three times in a quarter of an hour at most (%s)",
    async (_what, { begins, outbreak, end }) => {
      const { then, asked, atMinutes, said } = called(...begins);
      for (let minute = 1; minute < 60; minute += 2) {
        await then(minute * MINUTE, ...outbreak);
        await then((minute + 1) * MINUTE, ...end);
      }

      expect(atMinutes.slice(0, 3)).toEqual([1, 3, 5]);
      expect(asked.length).toBeGreaterThanOrEqual(10);
      expect(asked.length).toBeLessThanOrEqual(12);
      expect(new Set(asked).size).toBe(asked.length);
      expect(said.map((each) => /It comes and goes/.test(each)).slice(0, 3)).toEqual([false, false, true]);
    },
  );

  test("guard flapping outbreak: two things that take turns ring no more often than each of them may", async () => {
    const { then, asked } = called(PROMOTING);
    for (let minute = 1; minute < 60; minute += 2) {
      await then(minute * MINUTE, BLIND);
      await then((minute + 1) * MINUTE, SEES, LOST, FENCING, FENCED);
    }

    expect(asked.length).toBeLessThanOrEqual(24);
    expect(new Set(asked).size).toBe(asked.length);
  });

  test("guard calls of the future: what a clock that went back says of later holds no outbreak back", async () => {
    const at = called(PROMOTING);
    for (const minute of [61, 62, 63]) {
      await at.then(minute * MINUTE, LOST);
      await at.then(minute * MINUTE + LOOK_EVERY_MS, FENCING, FENCED);
    }
    expect(at.asked).toHaveLength(3);
    at.back(60 * MINUTE);
    await at.then(4 * MINUTE, LOST);
    expect(at.asked).toHaveLength(4);
  });

  test("guard held back: what is held back rings when there is room again, if it goes on until then", async () => {
    const { then, atMinutes } = called(PROMOTING);
    for (const minute of [1, 2, 3]) {
      await then(minute * MINUTE, LOST);
      await then(minute * MINUTE + LOOK_EVERY_MS, FENCING, FENCED);
    }
    await then(4 * MINUTE, LOST);
    await then(17 * MINUTE);

    expect(atMinutes).toEqual([1, 2, 3, 16]);
  });

  test("guard second opening rings and is told in the room: however soon it follows after the first one", async () => {
    const { then, asked, opened } = called(PROMOTING);
    await then(MINUTE, LOST);
    const first = opened();
    const before = await then(MINUTE + LOOK_EVERY_MS, FENCING, FENCED);

    expect(await then(2 * MINUTE, LOST)).toBe(before + 1);
    expect(new Set(asked).size).toBe(asked.length);
    expect(new Set([undefined, first, opened()]).size).toBe(3);
  });

  test("guard told when there is room: of openings that follow each other the room hears of three in a quarter of an hour", async () => {
    const { then, opened } = called(PROMOTING);
    const told: (string | undefined)[] = [];
    for (const minute of [1, 2, 3, 4]) {
      await then(minute * MINUTE, LOST);
      told.push(opened());
      if (minute < 4) await then(minute * MINUTE + LOOK_EVERY_MS, FENCING, FENCED);
    }
    expect(new Set(told.slice(0, 3)).size).toBe(3);
    expect(told.map((key) => key !== undefined)).toEqual([true, true, true, false]);

    await then(16 * MINUTE);
    expect(opened()).toMatch(/^opened:/);
    expect(told).not.toContain(opened());
  });

  test("guard another outbreak: another step that is refused calls at once, however soon", async () => {
    const { then, asked } = called(asks("scale-out"), asks(SHIFT));
    await then(MINUTE, refused("scale-out"));
    const before = await then(2 * MINUTE, taken("scale-out"));

    expect(await then(2 * MINUTE + LOOK_EVERY_MS, refused(SHIFT))).toBe(before + 1);
    expect(new Set(asked).size).toBe(asked.length);
  });
});
