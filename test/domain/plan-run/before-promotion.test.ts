import { expect, test } from "@jest/globals";
import { sayTime } from "../../../src/domain/duration.ts";
import { isKeptInSight, isOpenBefore, openedSince } from "../../../src/domain/plan-run/before-promotion.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { newsOf } from "../../../src/domain/plan-run/run-news.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { runNewsCard } from "../../../src/views/run-news.ts";
import { example } from "../../harness/example.ts";
import { fenced } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const at = { atMs: AT, epoch: 1 } as const;
const who = { atMs: AT, by: "ana", door: "slack" } as const;
const inventory = example("inventory");

/** An unplanned move whose old side is fenced, with more. */
const fencedWith = (...more: readonly RunEntry[]) => fenced(proposed(inventory), "fenced", more);

const SEEN_OPEN: RunEntry = { kind: "seen-open", ...at, step: "fence", fromMs: AT - 1, resources: ["stores.stock"] };
const PAUSED: RunEntry = { kind: "paused", ...who, why: "we look" };
const FAILED: RunEntry = { kind: "failed", ...at, step: "scale-out", code: "x", why: "it broke", mustAsk: true };
const ABORTED: RunEntry = { kind: "aborted", ...who };
const UNDOING: RunEntry = { kind: "undo-intent", ...at, step: "fence" };
const STUCK: RunEntry = { kind: "undo-failed", ...at, step: "fence", why: "it is denied" };
const PROMOTING: RunEntry = { kind: "intent", ...at, step: "promote", attempt: 1 };

test("guard opened on purpose: is looked at while the run goes on or waits, and never while it unwinds or is stuck", () => {
  for (const waits of [[], [PAUSED], [FAILED]]) expect(isKeptInSight(fencedWith(...waits))).toBe(true);
  for (const undoes of [[ABORTED], [ABORTED, UNDOING, STUCK], [PAUSED, ABORTED]])
    expect(isKeptInSight(fencedWith(SEEN_OPEN, ...undoes))).toBe(false);
  const stuck = fencedWith(SEEN_OPEN, ABORTED, UNDOING, STUCK);
  expect(whoIsNeeded(stuck, inventory, AT)?.why).not.toMatch(/seen open/);
});

test("past the promotion's intent, and while the fence is made again, it is no longer a side that is kept in sight before the promotion", () => {
  expect(isKeptInSight(fencedWith(PROMOTING))).toBe(false);
  expect(isKeptInSight(fencedWith(SEEN_OPEN, { kind: "fence-again", ...at, step: "fence" }))).toBe(false);
});

const CLOSED: RunEntry = { kind: "seen-closed", ...at, step: "fence", seenMs: AT };
const AGAIN_MS = AT + 20 * 60_000;
const CLOSED_BEFORE_AGAIN_MS = AGAIN_MS - 15_000;
const AGAIN: RunEntry = {
  ...{ kind: "seen-open", atMs: AGAIN_MS, epoch: 1, step: "fence" },
  ...{ fromMs: CLOSED_BEFORE_AGAIN_MS, resources: ["workloads.api"] },
};

test("guard opened twice: the second opening is told and calls people like the first, and more of the same one is no news", () => {
  const told = (...seen: readonly RunEntry[]) => {
    const run = fencedWith(PAUSED, ...seen);
    const news = newsOf(run, AT).find(({ kind }) => kind === "seen-open");
    return [news?.key, whoIsNeeded(run, inventory, AT)?.reason];
  };
  const more: RunEntry = { ...SEEN_OPEN, atMs: AT + 30_000, resources: ["workloads.api"] };

  const first = told(SEEN_OPEN);
  const second = told(SEEN_OPEN, CLOSED, AGAIN);
  expect(told(SEEN_OPEN, more)).toEqual(first);
  expect(first[1]).toBe(`opened-before:${AT}`);
  expect(second[1]).toBe(`opened-before:${AGAIN_MS}`);
  expect(second[0]).not.toBe(first[0]);
});

test("guard own opening: each opening says what stands open in it and when all was last seen closed before it; what is lost counts from the first", () => {
  const run = fencedWith(PAUSED, SEEN_OPEN, CLOSED, AGAIN);
  const key = newsOf(run, AT).find(({ kind }) => kind === "seen-open")?.key ?? "";
  const since = sayTime(CLOSED_BEFORE_AGAIN_MS);

  const why = whoIsNeeded(run, inventory, AGAIN_MS)?.why;
  expect(why).toContain(`seen open before the promotion (workloads.api). It was last seen closed at ${since}`);
  const told = { run, inventory, nowMs: AGAIN_MS, needed: undefined };
  expect(runNewsCard(key, told)?.text).toContain(`It was last seen closed at ${since}.`);
  expect(runNewsCard(key, { ...told, run: transition(run, CLOSED) })?.text).toMatch(/and is closed again since/);
  expect(openedSince(run)).toMatchObject({ fromMs: AT - 1, resources: ["stores.stock", "workloads.api"] });
});

test("guard over by date: after the end date it is not looked at and nobody is called to close it, since the way home opens it", () => {
  const open = fencedWith(SEEN_OPEN, PAUSED);
  expect(whoIsNeeded(open, inventory, open.untilMs - 1)?.why).toMatch(/seen open/);
  expect(whoIsNeeded(open, inventory, open.untilMs)).toBeUndefined();
  const ended = transition(open, { kind: "sight-ended", ...at, step: "fence" });
  expect([isKeptInSight(ended), isOpenBefore(ended)]).toEqual([false, false]);
  expect(newsOf(ended, AT).map(({ kind }) => kind)).not.toContain("seen-open");
});

test("is open from the look that saw it until one that sees it closed, and again with the next opening, which began with the first", () => {
  expect(
    [[SEEN_OPEN], [SEEN_OPEN, CLOSED], [SEEN_OPEN, CLOSED, AGAIN]].map((seen) => isOpenBefore(fencedWith(...seen))),
  ).toEqual([true, false, true]);
  expect(whoIsNeeded(fencedWith(SEEN_OPEN, CLOSED), inventory, AT)).toBeUndefined();
});
