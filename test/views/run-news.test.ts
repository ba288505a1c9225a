import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { newsOf } from "../../src/domain/plan-run/run-news.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { whoIsNeeded } from "../../src/flows/reach/run-needs.ts";
import { runNewsCard } from "../../src/views/run-news.ts";
import { example } from "../harness/example.ts";
import { AT, homeIsDark } from "../harness/observed.ts";
import { proposed, serviceIn } from "../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT };
const step = (id: string) => ({ ...at, step: id, epoch: 1 });

const KEY: RunEntry = { kind: "key-turned", ...at, by: "ana", door: "slack", digest: "d", accepted: [] };
const STARTED: RunEntry[] = [
  { ...KEY, by: "ben" },
  { kind: "started", ...at, keys: ["ana", "ben"] },
  { kind: "claimed", ...at, epoch: 1, worker: "w1" },
];
const FAILED: RunEntry[] = [
  { kind: "intent", ...step("fence"), attempt: 1 },
  { kind: "failed", ...step("fence"), code: "x", why: "it broke\n@channel", mustAsk: true },
];
const FENCING: RunEntry[] = [
  { kind: "intent", ...step("fence"), attempt: 1 },
  { kind: "done", ...step("fence"), says: "", output: { fence: "cannot-know" } },
];
const PROMOTING: RunEntry = { kind: "intent", ...step("promote"), attempt: 1 };
const LATE_FENCE: RunEntry[] = [
  { kind: "watch-intent", ...step("fence") },
  { kind: "fenced-later", ...step("fence"), says: "eu-west-1 came back and is fenced: a write fails" },
];
const OPEN: RunEntry = { kind: "fence-lost", ...step("fence"), why: "it takes writes", seenClosedMs: AT };

const run = (...entries: readonly RunEntry[]): RunState => entries.reduce(transition, proposed(inventory));
const keysOf = (state: RunState) => newsOf(state, AT).map(({ kind }) => kind);
const told = (state: RunState, kind: string) => {
  const key = newsOf(state, AT).findLast((news) => news.kind === kind)?.key ?? "none";
  return runNewsCard(key, { run: state, inventory, nowMs: AT, needed: whoIsNeeded(state, inventory, AT) });
};

describe("what a run says in its room, each in a message of its own", () => {
  test("a key that was turned, with who may turn the next one", () => {
    const first = told(run(KEY), "key");

    expect(first?.text).toMatch(
      /^Key 1 of 2: @Ana Keller agreed to F-1 \(Move inventory to .*\)\. One more person must agree by .*: @Ben Osei/,
    );
    expect(JSON.stringify(first?.parts)).toContain('{"person":"ben"}');
  });

  test("its start is the last key; what was said before still stands", () => {
    const started = run(KEY, ...STARTED);

    expect(keysOf(started)).toEqual(["key", "started"]);
    expect(told(started, "started")?.text).toMatch(/^@Ana Keller and @Ben Osei agreed: F-1 .* has started\./);
    expect(told(started, "key")?.text).toMatch(/^Key 1 of 2: @Ana Keller agreed to F-1 \([^)]*\)\.$/);
  });

  test("a stop, in one line and with whom it waits for, until it has passed", () => {
    const stopped = run(KEY, ...STARTED, ...FAILED);
    const stop = newsOf(stopped, AT).find(({ kind }) => kind === "waits")?.key ?? "";

    expect(told(stopped, "waits")?.text).toMatch(
      /^F-1 .* is stopped: it broke @channel\. Its card says what you can do\. @Chloe Martin, @Ana Keller, @Ben Osei and @Farid Haddad$/,
    );
    const again = run(KEY, ...STARTED, ...FAILED, { kind: "retried", ...at, by: "ana", door: "slack", step: "fence" });
    expect(runNewsCard(stop, { run: again, inventory, nowMs: AT, needed: undefined })).toBeUndefined();
    expect(keysOf(again)).toEqual(["key", "started"]);

    // What goes on meanwhile is no further stop; one after it is.
    const keyOf = (state: RunState) => newsOf(state, AT).find(({ kind }) => kind === "waits")?.key;
    const noted = transition(stopped, {
      kind: "vote",
      ...at,
      by: "ana",
      door: "slack",
      decision: "skip",
      step: "fence",
      position: stopped.intents,
    });
    expect(keyOf(noted)).toBe(stop);
    const twice = [{ kind: "intent", ...step("fence"), attempt: 2 } as const, FAILED[1] ?? PROMOTING].reduce(
      transition,
      again,
    );
    expect(keyOf(twice)).toMatch(/^waits:stopped:/);
    expect(keyOf(twice)).not.toBe(stop);
  });

  test("the point of no return, and what becomes of the old side after it", () => {
    const dark = proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) });
    const past = (...entries: readonly RunEntry[]) =>
      [...STARTED, ...FENCING, PROMOTING, ...entries].reduce(transition, dark);

    expect(told(past(), "no-return")?.text).toMatch(
      /^F-1 .* has passed the point of no return\. “.*” cannot be undone\. The run can no longer be aborted\. @Farid Haddad and @Ben Osei$/,
    );
    expect(told(past(...LATE_FENCE), "fenced")?.text).toBe(
      "eu-west-1 came back and is fenced: a write fails. @Farid Haddad and @Ben Osei",
    );
    const open = past(...LATE_FENCE, OPEN);
    expect(keysOf(open)).toEqual(["key", "started", "no-return", "opened"]);
    expect(told(open, "opened")?.text).toMatch(
      /^eu-west-1 was fenced and is open again\. What it takes now may not be in eu-central-1\. TwoKey tries to fence it again, and says here when it has\. @/,
    );
    const closed = [...LATE_FENCE].reduce(transition, open);
    expect(told(closed, "fenced")?.text).toMatch(
      /^eu-west-1 was opened and is fenced again\. What it took since .* not in eu-central-1\. @Farid Haddad and @Ben Osei$/,
    );
    const again = [
      { kind: "fence-lost", ...step("fence"), why: "it takes writes", seenClosedMs: AT + 1 } as const,
      ...LATE_FENCE,
    ].reduce(transition, closed);
    expect(told(again, "fenced")?.text).toMatch(
      /not in eu-central-1\. It was opened before as well: what it took since [\d:]+Z may not be in eu-central-1\. @/,
    );
    const failed = past(LATE_FENCE[0] ?? OPEN, { kind: "watch-failed", ...step("fence"), why: "denied" });
    expect(told(failed, "unfenced")?.text).toMatch(
      /^eu-west-1 answers again and could not be fenced: denied\. What it takes now may not be in eu-central-1\. TwoKey tries again\. Close eu-west-1 by hand now: step 1a? of the commands/,
    );
    const verified = past({ kind: "finished", ...at, state: "verified" });
    expect(told(verified, "verified")?.text).toMatch(
      /is verified\. Users are served by eu-central-1\. How many of the newest writes were lost is not known\. eu-west-1 is not proven to be fenced and may still take writes\. One thing is left to people: .*\. @Farid/,
    );
  });

  test("an old side that was seen open before the promotion, and a word of lost writes where all is not proven again", () => {
    const seen: RunEntry = { kind: "seen-open", ...step("fence"), fromMs: AT - 15_000, resources: ["stores.stock"] };
    const fenced: RunEntry[] = [
      FENCING[0] ?? KEY,
      { kind: "done", ...step("fence"), says: "", output: { fence: "fenced" } },
    ];
    const open = [...STARTED, ...fenced, seen].reduce(transition, proposed(inventory, { mode: "planned" }));

    expect(keysOf(open)).toEqual(["key", "started", "seen-open"]);
    expect(told(open, "seen-open")?.text).toMatch(
      /^eu-west-1 was fenced, and was seen open again before the promotion\. It was last seen closed at \d\d:\d\d:\d\dZ\. Nothing is promoted until it is fenced again\. TwoKey fences it again first\. @/,
    );
    const unplanned = [...STARTED, ...fenced, seen].reduce(transition, proposed(inventory));
    expect(told(unplanned, "seen-open")?.text).toMatch(
      /before the promotion\. It was last seen closed at [\d:]+Z\. What it takes until it is closed may not be in eu-central-1\. Nothing is promoted/,
    );
    const shut = transition(unplanned, { kind: "seen-closed", ...step("fence"), seenMs: AT + 60_000 });
    expect(told(shut, "seen-open")?.text).toMatch(
      /is closed again since .* What it took from [\d:]+Z to [\d:]+Z may not be in eu-central-1\. TwoKey fences it again before/,
    );
    const back = transition(open, { kind: "aborted", ...at, by: "ana", door: "slack" });
    expect(keysOf(back)).toEqual(["key", "started", "unwinding"]);
  });

  test("its end, to the person who asked for it", () => {
    const verified = run(KEY, ...STARTED, { kind: "finished", ...at, state: "verified" });
    expect(told(verified, "verified")?.text).toMatch(
      /^F-1 .* is verified\. Users are served by .*\. Writes .* may be missing\. Nothing is asked of you now\. @Farid/,
    );

    const back = run(
      KEY,
      ...STARTED,
      { kind: "aborted", ...at, by: "ana", door: "slack" },
      { kind: "finished", ...at, state: "unwound" },
    );
    expect(told(back, "unwound")?.text).toMatch(/^F-1 .* was rolled back: .*@Farid/);
    expect(told({ ...back, why: "", undoSkipped: ["fence"] }, "unwound")?.text).toMatch(
      /was rolled back\. Not undone: “Fence .*”\. Look at eu-west-1 before anything else\. @/,
    );

    const refused = run(KEY, { kind: "refused", ...at, by: "ben", door: "slack" });
    expect(told(refused, "closed")?.text).toMatch(/^F-1 .* is closed: .*Ben Osei.*@Farid/);
  });
});
