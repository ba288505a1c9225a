import { describe, expect, test } from "@jest/globals";
import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { cardText, plainText } from "../../src/views/card-text.ts";
import { progressCard, runLine } from "../../src/views/run-progress.ts";
import { serviceCard, statusCard } from "../../src/views/status.ts";
import { example } from "../harness/example.ts";
import { AT, homeIsDark } from "../harness/observed.ts";
import { proposed, serviceIn } from "../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT };
const step = (id: string): RunEntry[] => [
  { kind: "intent", ...at, step: id, epoch: 1, attempt: 1 },
  { kind: "done", ...at, step: id, epoch: 1, says: "ok", output: {} },
];
const broken = (id: string): RunEntry[] => [
  { kind: "intent", ...at, step: id, epoch: 1, attempt: 1 },
  { kind: "failed", ...at, step: id, epoch: 1, code: "x", why: "it broke", mustAsk: false },
];
const BEGUN: RunEntry[] = [
  { kind: "started", ...at, keys: ["ana", "ben"] },
  { kind: "claimed", ...at, epoch: 1, worker: "w1" },
];
const run = (...entries: RunEntry[]): RunState => [...BEGUN, ...entries].reduce(transition, proposed(inventory));

test("a run that was let go of says so on its card and in the status, until another process has it", () => {
  const gone: RunEntry = { kind: "cut-off", ...at, epoch: 1, sinceMs: AT - 60_000, callsAtMs: AT + 30_000 };
  const claimed: RunEntry = { kind: "claimed", ...at, epoch: 3, worker: "w2" };
  const paused: RunEntry = { kind: "paused", ...at, by: "ana", door: "slack", why: "ana looks" };
  const service = serviceIn(inventory);
  const said = (...entries: RunEntry[]) => {
    const now = run(...entries);
    const status = { service, run: now, observed: undefined, newest: undefined, incident: undefined };
    return [
      cardText(progressCard(now, inventory, { nowMs: AT })),
      cardText(serviceCard(status, AT)),
      cardText(statusCard([status], undefined, AT)),
    ];
  };
  const line = /Nobody has performed run F-1 since .*: TwoKey's process reaches no region and no vendor\./;

  for (const text of said(gone)) expect(text).toMatch(line);
  for (const text of [...said(gone, claimed), ...said(gone, paused)]) expect(text).not.toMatch(line);
});

describe("a fence that the keys accepted as not proven", () => {
  const fenceLine = (...entries: RunEntry[]) => {
    const { parts } = progressCard(run(...entries), inventory, { nowMs: AT });
    const lines = parts.flatMap((part) => (part.kind === "lines" ? part.lines.map((line) => plainText(line)) : []));
    return lines.find((line) => line.includes("Fence eu-west-1"));
  };
  const fenced = (fence: string): RunEntry[] => [
    { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
    { kind: "done", ...at, step: "fence", epoch: 1, says: "ok", output: { fence } },
  ];

  test.each(["cannot-know", "not-proven"])("is never shown as done while its side may write: %s", (seen) => {
    expect(fenceLine(...fenced(seen))).toMatch(/^– not proven · 1\. Fence eu-west-1/);
  });

  test("counts as done for nobody who reads no further than the count", () => {
    const counted = (seen: string) => cardText(progressCard(run(...fenced(seen)), inventory, { nowMs: AT }));

    expect(counted("cannot-know")).toContain(`0 of ${ids.length} steps done, 1 not proven`);
    expect(counted("fenced")).toContain(`1 of ${ids.length} steps done after`);
  });

  test("is not what a step is that people left out: each is counted by its own word", () => {
    const began = run(...fenced("cannot-know"));
    const [, next = ""] = ids;
    const left = {
      ...began,
      steps: { ...began.steps, [next]: { ...stateOf(began, next), state: "skipped" as const } },
    };
    const counted = cardText(progressCard(left, inventory, { nowMs: AT }));

    expect(counted).toContain(`0 of ${ids.length} steps done, 1 not proven, 1 skipped`);
  });

  test("is shown as done where a write failed", () => {
    expect(fenceLine(...fenced("fenced"))).toMatch(/^✓ done · 1\. Fence eu-west-1/);
  });
});

const ids = proposed(inventory).plan.steps.map(({ id }) => id);

describe("how long users wait", () => {
  const dark = proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) });
  const timeIn = (over: { nowMs: number; downSinceMs?: number }, ...entries: RunEntry[]) =>
    cardText(progressCard([...BEGUN, ...entries].reduce(transition, dark), inventory, over)).replaceAll("\u00a0", " ");
  const MINUTE = 60_000;

  test("is counted from the outage against the objective, with a forecast, while the run goes on", () => {
    const shown = timeIn({ nowMs: AT + MINUTE, downSinceMs: AT - 3 * MINUTE });

    expect(shown).toMatch(/Users are still down, for 4 min \(objective 30 min\); about \d+ min left\./);
    expect(timeIn({ nowMs: AT + MINUTE })).toContain("after 1 min; the objective is 30 min.");
    expect(timeIn({ nowMs: AT + 60 * MINUTE, downSinceMs: AT })).toContain("; it takes longer than expected.");
  });

  test("has a forecast in which the time that people took to decide does not count", () => {
    const paused: RunEntry = { kind: "paused", ...at, by: "ana", door: "slack", why: "we look first" };
    const resumed: RunEntry = { kind: "resumed", atMs: AT + 60 * MINUTE, by: "ana", door: "slack" };
    const left = (shown: string) => /; (about \d+ (?:min|s) left|it takes longer than expected)/.exec(shown)?.[1];

    const soon = timeIn({ nowMs: AT + MINUTE, downSinceMs: AT });
    const later = timeIn({ nowMs: AT + 61 * MINUTE, downSinceMs: AT }, paused, resumed);

    expect(left(soon)).toMatch(/^about \d+ min left$/);
    expect(left(later)).toBe(left(soon));
    expect(later).toContain("Users are still down, for 1 h 1 min");
  });

  test("goes on while the run waits for people, without a forecast, and ends with the run", () => {
    const paused: RunEntry = { kind: "paused", ...at, by: "ana", door: "slack", why: "we look first" };
    const down = { nowMs: AT + MINUTE, downSinceMs: AT - 3 * MINUTE };

    expect(timeIn(down, paused)).toMatch(/Users are still down, for 4 min \(objective 30 min\)\./);
    const ended: RunEntry = { kind: "finished", ...at, state: "verified" };
    const all = dark.plan.steps.flatMap(({ id }) => step(id));
    expect(timeIn(down, ...all, ended)).not.toContain("Users are still down");
  });
});

test("a verified run whose old side is not fenced never says that nothing is left to do", () => {
  const all = ids.flatMap((id) => step(id));
  const shown = cardText(
    progressCard(run(...all, { kind: "finished", ...at, state: "verified" }), inventory, { nowMs: AT }),
  );

  expect(shown).toContain("is not proven to be fenced");
  expect(shown).not.toContain("othing is left");
});

test("nobody is called down while the old side looks healthy and is not fenced", () => {
  const shown = cardText(progressCard(run(), inventory, { nowMs: AT, downSinceMs: AT - 60_000 }));

  expect(run().plan.acceptances.some(({ id }) => id === "healthy-primary")).toBe(true);
  expect(shown).not.toContain("Users are");
});

describe("how long users wait for a planned move", () => {
  const planned = (...entries: RunEntry[]): RunState =>
    [...BEGUN, ...entries].reduce(transition, proposed(inventory, { mode: "planned" }));
  const fenced: RunEntry[] = [
    { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
    { kind: "done", ...at, step: "fence", epoch: 1, says: "ok", output: { fence: "fenced" } },
  ];
  const timeIn = (state: RunState) =>
    cardText(progressCard(state, inventory, { nowMs: AT + 60_000, downSinceMs: 0 })).replaceAll("\u00a0", " ");

  test("begins with the fence, which takes the service from them, and with no alarm of before", () => {
    expect(timeIn(planned())).toContain("after 1 min; the objective is 30 min.");
    expect(timeIn(planned(...fenced))).toMatch(/Users are down since eu-west-1 was fenced \(objective 30 min\); about/);
  });

  test("ends with the first step that moves them", () => {
    const { plan } = planned();
    const first = plan.steps.findIndex(({ role }) => role === "moves-users");
    const rest = plan.steps.slice(0, first + 1).flatMap(({ id }) => (id === "fence" ? [] : step(id)));

    expect(first).toBeGreaterThan(0);
    expect(timeIn(planned(...fenced, ...rest))).not.toContain("Users are down");
  });
});

describe("a run that waits for people", () => {
  const paused: RunEntry = { kind: "paused", ...at, by: "ana", door: "slack", why: "we look first" };
  const textOf = (state: RunState) => cardText(progressCard(state, inventory, { nowMs: AT }));

  test("says that nothing starts, and that what is under way goes on", () => {
    const asked: RunEntry = { kind: "asked", ...at, step: "fence", epoch: 1, requestIds: ["r-1"], data: {} };
    const [intent] = step("fence");
    if (intent === undefined) throw new Error("a step begins");

    expect(textOf(run(paused))).toContain("No step starts until people decide.");
    expect(textOf(run(intent, asked, paused))).toContain("What AWS has accepted goes on. No other step starts.");
  });

  test("after the promotion says too that TwoKey goes on with the old side", () => {
    const before = ids.slice(1, ids.indexOf("promote"));
    const fenced: RunEntry = { kind: "done", ...at, step: "fence", epoch: 1, says: "ok", output: { fence: "fenced" } };
    const late = run(...step("fence").slice(0, 1), fenced, ...before.flatMap(step), ...step("promote"), paused);

    expect(textOf(late)).toContain("If somebody opens eu-west-1 again, TwoKey still tries to fence it.");
    expect(textOf(run(paused))).not.toContain("TwoKey still fences");
  });

  test("says in its headline that the keys are void", () => {
    const voided: RunEntry = { kind: "voided", because: "facts", ...at, why: ["lag is 74 s"] };

    expect(textOf(run(voided))).toContain(": paused – the keys are void");
    expect(textOf(run(paused))).not.toContain("void");
  });
});

describe("how a run ended", () => {
  const measured = ids.filter((id) => id !== "check-public").flatMap(step);
  const finished: RunEntry = { kind: "finished", ...at, state: "verified" };

  test("is verified where everything was measured", () => {
    const ended = run(...measured, ...step("check-public"), finished);

    expect(progressCard(ended, inventory, { nowMs: AT }).text).toContain(": verified,");
    expect(plainText(runLine(ended))).toContain("is verified");
  });

  test("is not called verified where people went on without a check", () => {
    const skip = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "skip", step: "check-public", position: ids.length },
    });
    const ended = run(...measured, ...broken("check-public"), skip("ana"), skip("ben"), finished);

    expect(progressCard(ended, inventory, { nowMs: AT }).text).toContain("not fully verified");
    expect(progressCard(ended, inventory, { nowMs: AT }).text).toContain("Not measured");
    expect(plainText(runLine(ended))).toContain("not fully verified");
  });

  test("is not called as it was before where people went on without an undo", () => {
    const skip = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "skip", step: "fence", position: 3 },
    });
    const ended = run(
      ...step("fence"),
      ...broken("record-position"),
      { kind: "undo-intent", ...at, step: "fence", epoch: 1 },
      { kind: "undo-failed", ...at, step: "fence", epoch: 1, why: "denied" },
      ...[skip("ana"), skip("ben")],
      { kind: "finished", ...at, state: "unwound" },
    );

    expect(progressCard(ended, inventory, { nowMs: AT }).text).toContain("not undone");
    expect(progressCard(ended, inventory, { nowMs: AT }).text).not.toMatch(/Rolled back|as before/);
  });
});

describe("what is known of lost writes when a move is verified", () => {
  const said = (state: RunState) =>
    plainText(
      progressCard(state, inventory, { nowMs: AT }).parts.flatMap((p) => (p.kind === "lines" ? p.lines : []))[0] ?? "",
    );
  const ended = (
    {
      mode = "unplanned",
      position = AT - 60_000,
      fence = { fence: "fenced" },
    }: {
      readonly mode?: "planned" | "unplanned";
      readonly position?: number | null;
      readonly fence?: Record<string, unknown>;
    },
    ...after: RunEntry[]
  ) => {
    const plan = proposed(inventory, { mode });
    const outputs: Record<string, Record<string, unknown>> = { fence, "record-position": { lastCommitMs: position } };
    const done = plan.plan.steps.flatMap(({ id }): RunEntry[] => [
      { kind: "intent", ...at, step: id, epoch: 1, attempt: 1 },
      { kind: "done", ...at, step: id, epoch: 1, says: "ok", output: outputs[id] ?? {} },
    ]);
    const begun: RunEntry[] = [
      { kind: "started", ...at, keys: ["ana", "ben"] },
      { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    ];
    return [...begun, ...done, { kind: "finished", ...at, state: "verified" } as const, ...after].reduce(
      transition,
      plan,
    );
  };
  const ENDED = { fence: "fenced", ended: { "stores.stock": "every session ended" } };
  const OPENED: RunEntry = {
    ...{ kind: "fence-lost", ...at, step: "fence", epoch: 1 },
    ...{ why: "it takes writes", seenClosedMs: AT },
  };

  test("none of a planned move, where the position and the end of every session are proven", () => {
    expect(said(ended({ mode: "planned", fence: ENDED }))).toBe("Users are served by eu-central-1. No write was lost.");
  });

  test("of a planned move, none of the stopped writers where nobody saw that other sessions ended", () => {
    expect(said(ended({ mode: "planned" }))).toMatch(
      /All that the stopped writers wrote is on the new side\. Missing may be what programs that stayed connected to eu-west-1 wrote there after .*, also tasks of the new side\. Nobody saw whether there were any\./,
    );
  });

  test("of a planned move, nothing where the position is not known", () => {
    expect(said(ended({ mode: "planned", fence: ENDED, position: null }))).toMatch(
      /Whether writes were lost is not known\.$/,
    );
  });

  test("of a planned move whose old side was opened, what it took after that", () => {
    expect(said(ended({ mode: "planned", fence: ENDED }, OPENED))).toMatch(
      /Writes to eu-west-1 after .* may be missing\.$/,
    );
  });

  test("between two times of an unplanned move that shut everybody out, else after the first of them", () => {
    expect(said(ended({ fence: ENDED }))).toMatch(/Writes to eu-west-1 between .* and .* may be missing\.$/);
    expect(said(ended({ fence: { fence: "cannot-know" } }))).toMatch(/Writes to eu-west-1 after .* may be missing\.$/);
    expect(said(ended({ fence: ENDED }, OPENED))).toMatch(/Writes to eu-west-1 after .* may be missing\.$/);
  });

  test("of an unplanned move that had followed until after the old side was closed, none is known", () => {
    expect(said(ended({ fence: ENDED, position: AT + 1_000 }))).toMatch(
      /No lost write is known: eu-west-1 was closed at .*, and eu-central-1 had followed until .*\.$/,
    );
  });
});

describe("the buttons of a run that stopped", () => {
  const shown = (state: RunState) => {
    const { parts } = progressCard(state, inventory, { nowMs: AT });
    return parts.flatMap((part) => (part.kind === "buttons" ? part.buttons.map(({ label }) => label) : []));
  };
  const lines = (state: RunState) => cardText(progressCard(state, inventory, { nowMs: AT }));
  const before = ids.slice(0, ids.indexOf("promote"));

  test("have no Unwind once the promotion was seen to be done: it would undo nothing", () => {
    const stopped = run(...before.flatMap(step), ...step("promote"), ...broken("check-writable"));

    expect(shown(stopped)).toEqual(["Retry", "Skip", "Plan the remaining steps"]);
    expect(lines(stopped)).toContain("Nothing is rolled back any more.");
  });

  test("have it while nobody knows whether the promotion happened, and the card says so", () => {
    const stopped = run(...before.flatMap(step), ...broken("promote"));

    expect(shown(stopped)).toContain("Unwind");
    expect(lines(stopped)).toContain("whether this happened is not proven");
    expect(lines(stopped)).toContain(
      "Unwind: look whether it happened, and undo the rest only if it did not (2 approvers).",
    );
  });

  test("each have their meaning in a line", () => {
    const stopped = run(...before.flatMap(step), ...step("promote"), ...broken("check-writable"));

    for (const label of shown(stopped)) expect(lines(stopped)).toMatch(new RegExp(`\n${label}: [a-z].*\\.`));
  });
});

test("a card of a run that goes on leads to the commands that work without TwoKey, and one that has ended does not", () => {
  const text = (state: RunState) => cardText(progressCard(state, inventory, { nowMs: AT }));
  const foot = "By hand, also when TwoKey is down: the commands are in the thread of plan F-1.";

  expect(text(run())).toContain(foot);
  expect(text(run(...ids.flatMap(step), { kind: "finished", ...at, state: "verified" }))).not.toContain(foot);
});
