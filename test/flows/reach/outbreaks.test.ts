import { describe, expect, test } from "@jest/globals";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { newsOf } from "../../../src/domain/plan-run/run-news.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import type { Calls } from "../../../src/flows/reach/calls.ts";
import { callPeople } from "../../../src/flows/reach/run-calls.ts";
import { example } from "../../harness/example.ts";
import {
  ACCEPTED,
  ASKED,
  clockAt,
  memoryDocuments,
  pagersWith,
  RecordedChat,
  silent,
} from "../../harness/fakes/index.ts";
import { fenced } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const MINUTE = 60_000;
const LOOK_EVERY_MS = 15_000;
const nothing = async () => undefined;
const wake = {
  ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing, incidentChat: nothing },
  card: nothing,
};

/** An entry at a world time. */
type At = (atMs: number) => RunEntry;
const at = (atMs: number) => ({ atMs, epoch: 1 });
const OPENED: At = (atMs) => ({
  ...{ kind: "seen-open", ...at(atMs), step: "fence", fromMs: atMs - LOOK_EVERY_MS, resources: ["stores.stock"] },
});
const CLOSED: At = (atMs) => ({ kind: "seen-closed", ...at(atMs), step: "fence", seenMs: atMs });
const LOST: At = (atMs) => ({
  ...{ kind: "fence-lost", ...at(atMs), step: "fence", why: "it takes writes", seenClosedMs: atMs - LOOK_EVERY_MS },
});
const FENCING: At = (atMs) => ({ kind: "watch-intent", ...at(atMs), step: "fence" });
const FENCED: At = (atMs) => ({ kind: "fenced-later", ...at(atMs), step: "fence", says: "a write fails" });
const BLIND: At = (atMs) => ({
  ...{ kind: "watch-blind", ...at(atMs), step: "fence", why: "AccessDenied", seenClosedMs: atMs - LOOK_EVERY_MS },
});
const SEES: At = (atMs) => ({ kind: "watch-sees", ...at(atMs), step: "fence" });
const SHIFT = "shift-traffic";
const refused =
  (step: string): At =>
  (atMs) => ({ kind: "held-up", ...at(atMs), step, sinceMs: atMs - 2 * MINUTE, why: "Throttling" });
const taken =
  (step: string): At =>
  (atMs) => ({ kind: "asked", ...at(atMs), step, requestIds: ["r"], data: {} });
const UNDOING: At = (atMs) => ({ kind: "undo-intent", ...at(atMs), step: "fence" });
const STUCK: At = (atMs) => ({ kind: "undo-failed", ...at(atMs), step: "fence", why: "it is denied" });
const unwind =
  (by: string): At =>
  (atMs) => ({ kind: "vote", atMs, by, door: "slack", decision: "unwind", step: "fence", position: 2 });
const PAUSED: At = (atMs) => ({ kind: "paused", atMs, by: "ana", door: "slack", why: "we look" });
const HALTED: At = (atMs) => ({ kind: "paused", atMs, door: "engine", why: "the ledger takes no line", halted: true });
const RESUMED: At = (atMs) => ({ kind: "resumed", atMs, by: "ana", door: "slack" });
const ABORTED: At = (atMs) => ({ kind: "aborted", atMs, by: "ana", door: "slack" });
const PROMOTING: At = (atMs) => ({ kind: "intent", ...at(atMs), step: "promote", attempt: 1 });
const fails =
  (step: string): At =>
  (atMs) => ({ kind: "failed", ...at(atMs), step, code: "x", why: "it broke", mustAsk: true });
const asks =
  (step: string): At =>
  (atMs) => ({ kind: "intent", ...at(atMs), step, attempt: 1 });

/** A run whose old side is fenced, with more, and what is called for it at each look. */
function called(...begins: readonly At[]) {
  let run: RunState = fenced(
    proposed(inventory),
    "fenced",
    begins.map((entry) => entry(AT)),
  );
  let nowMs = AT;
  const asked: string[] = [];
  const atMinutes: number[] = [];
  const said: string[] = [];
  const deps = {
    ...{ calls: memoryDocuments<Calls>(), cards: memoryDocuments<CardDue>(), inventory: () => inventory },
    ...{ chat: new RecordedChat(clockAt()), channelOf: async () => undefined, clock: clockAt(() => nowMs) },
    ...{ logger: silent, wake },
    pagers: pagersWith({
      ...{ trigger: async () => ACCEPTED, resolve: async () => ACCEPTED },
      call: async ({ pageKey, message }) => {
        asked.push(pageKey);
        atMinutes.push((nowMs - AT) / MINUTE);
        said.push(message);
        return ASKED;
      },
    }),
  };
  const look = async () => {
    await callPeople(run, deps);
    await callPeople(run, deps);
  };
  /** What happens, after this world time since the run began, and the looks until then. */
  const then = async (afterMs: number, ...entries: readonly At[]) => {
    for (; nowMs + LOOK_EVERY_MS <= AT + afterMs; nowMs += LOOK_EVERY_MS) await look();
    nowMs = AT + afterMs;
    for (const entry of entries) {
      run = transition(run, entry(nowMs));
      await look();
    }
    return asked.length;
  };
  return { then, asked, atMinutes, said, opened: () => newsOf(run, nowMs).find(({ kind }) => kind === "opened")?.key };
}

interface Course {
  readonly begins: readonly At[];
  readonly outbreak: readonly At[];
  readonly end: readonly At[];
}

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
