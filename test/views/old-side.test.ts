import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { cardText, plainText } from "../../src/views/card-text.ts";
import { oldSideLine } from "../../src/views/old-side.ts";
import { progressCard } from "../../src/views/run-progress.ts";
import { serviceCard } from "../../src/views/status.ts";
import { example } from "../harness/example.ts";
import { AT, homeIsDark } from "../harness/observed.ts";
import { proposed, serviceIn } from "../harness/plans.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const at = { atMs: AT };
const step = { ...at, step: "fence", epoch: 1 };
const fence = (says: string): RunEntry => ({ kind: "done", ...step, says, output: { fence: says } });
const FENCED_FOR_ALL: RunEntry = {
  ...{ kind: "done", ...step, says: "fenced" },
  output: { fence: "fenced", ended: { "stores.stock": "every session ended with a restart" } },
};
const PROMOTE: RunEntry = { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 };
const VERIFIED: RunEntry = { kind: "finished", ...at, state: "verified" };

function run(...entries: RunEntry[]): RunState {
  const begun: RunEntry[] = [
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...step, attempt: 1 },
  ];
  return [...begun, ...entries].reduce(transition, proposed(inventory, { observed: homeIsDark(service) }));
}

const vote = (by: string): RunEntry => ({
  kind: "vote",
  ...at,
  by,
  door: "slack",
  decision: "stop-watch",
  step: "fence",
  position: 0,
});

describe("what people read about the old side", () => {
  test.each<[string, RunEntry[], RegExp | undefined]>([
    ["nothing where a failing write proved the fence", [fence("fenced"), PROMOTE], undefined],
    [
      "once verified, that it is fenced again if somebody opens it, and how people end that",
      [FENCED_FOR_ALL, PROMOTE, VERIFIED],
      /^eu-west-1 is fenced\. Until .* TwoKey fences it again if somebody opens it.*stop-watch F-1$/,
    ],
    [
      "guard earlier sessions unproven: that only new sessions are proven to be refused, where nothing has ended the earlier ones",
      [fence("fenced"), PROMOTE, VERIFIED],
      /^eu-west-1 is fenced for new sessions\. That earlier ones have ended is not proven: programs that stayed connected may still write\. Until .* TwoKey fences it again if somebody opens it.*stop-watch F-1$/,
    ],
    [
      "that somebody opened it again, and whose writes are at stake",
      [fence("fenced"), PROMOTE, { kind: "fence-lost", ...step, why: "a write succeeds", seenClosedMs: AT - 20_000 }],
      /^eu-west-1 was fenced and is not any more, seen so .*: a write succeeds\. It is fenced again\. What it takes until then is not in eu-central-1; it was last seen closed .*\(20 s ago\)$/,
    ],
    [
      "what happens if it answers before the promotion",
      [fence("cannot-know")],
      /may still take writes; the key holders accepted that\. If it answers before the promotion, it is fenced first$/,
    ],
    [
      "that a part which nobody could fence is looked at again, and no promise beside that",
      [fence("not-proven")],
      /may still take writes; the key holders accepted that\. TwoKey looks at it again before the promotion$/,
    ],
    [
      "until when it is watched",
      [fence("cannot-know"), PROMOTE, VERIFIED],
      /not proven.*What it takes now may not be in eu-central-1\. If you can reach it: Close eu-west-1 .*TwoKey fences it when it answers, until .*stop-watch F-1/,
    ],
    [
      "that it is being closed",
      [fence("cannot-know"), PROMOTE, { kind: "watch-intent", ...step }],
      /it answers again, and TwoKey began to close it at .*\. No test write was refused there yet, so it may still take writes/,
    ],
    [
      "that a part of it is being closed, and which one gave no answer",
      [fence("cannot-know"), PROMOTE, { kind: "watch-intent", ...step, leftAlone: ["stores.guests"] }],
      /what answers again has been closed since .*stores\.guests gave no answer/,
    ],
    [
      "that closing it failed",
      [
        fence("cannot-know"),
        PROMOTE,
        { kind: "watch-intent", ...step },
        { kind: "watch-failed", ...step, why: "denied" },
      ],
      /failed at .*denied/,
    ],
    [
      "when it was fenced",
      [fence("cannot-know"), PROMOTE, VERIFIED, { kind: "fenced-later", ...step, says: "fenced" }],
      /came back and was fenced at/,
    ],
    [
      "between when and when it stood open after that",
      [
        ...[
          fence("fenced"),
          PROMOTE,
          { kind: "fence-lost", ...step, why: "a write succeeds", seenClosedMs: AT - 20_000 } as const,
        ],
        ...[{ kind: "watch-intent", ...step } as const, { kind: "fenced-later", ...step, says: "fenced" } as const],
      ],
      /^eu-west-1 was opened, seen so .*, and was fenced again at .*\. What it took meanwhile is not in eu-central-1/,
    ],
    ["who ended the watch", [fence("cannot-know"), PROMOTE, vote("ana"), vote("ben")], /stopped by ana and ben/],
  ])("%s", (_what, entries, said) => {
    const line = oldSideLine(run(...entries), AT);

    if (said) expect(plainText(line ?? "", { nowMs: AT })).toMatch(said);
    else expect(line).toBeUndefined();
  });

  test("stands on the progress card, in its text, and in the status of the service after the run", () => {
    const verified = run(fence("cannot-know"), PROMOTE, VERIFIED);
    const line = plainText(oldSideLine(verified, AT) ?? "none", { nowMs: AT });

    expect(progressCard(verified, inventory, { nowMs: AT }).text).toContain(line);
    const shown = { service, observed: undefined, incident: undefined, run: undefined, newest: verified };
    expect(cardText(serviceCard(shown, AT), { nowMs: AT })).toContain(line);
  });
});

describe("a run that is verified on an older proof", () => {
  const ended = (unseen?: { seenClosedMs: number; why?: string }) => {
    const verified = run(fence("fenced"), PROMOTE, { ...VERIFIED, ...(unseen && { unseen }) });
    return progressCard(verified, inventory, { nowMs: AT }).text;
  };

  test("says on its card that the old side gave no answer at the end, and when it was last seen closed", () => {
    expect(ended()).not.toMatch(/last seen closed/);
    expect(ended({ seenClosedMs: AT - 60_000 })).toMatch(
      /eu-west-1 gave no answer at the end\. It was last seen closed at \d/,
    );
  });

  test("says what was missing, where some of it answered", () => {
    expect(ended({ seenClosedMs: AT - 60_000, why: "its write check gives no answer" })).toMatch(
      /Nobody could prove at the end that eu-west-1 is still fenced: its write check gives no answer\. It was last seen closed at/,
    );
  });
});
