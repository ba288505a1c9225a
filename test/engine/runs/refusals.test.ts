import { expect, test } from "@jest/globals";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { Refusals } from "../../../src/engine/runs/held-up.ts";
import type { RunHold } from "../../../src/engine/runs/journal.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const STEP = "shift-traffic";
const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** A step that a vendor refuses at each try, with the world time that passes from each try to the next. */
function refusedStep() {
  let nowMs = AT;
  const begun: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    { kind: "intent", atMs: AT, step: STEP, epoch: 1, attempt: 1 },
  ];
  let run = begun.reduce(transition, proposed(example("inventory")));
  const clock: Clock = {
    now: () => nowMs,
    speed: 1,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
  // What else holds a run is not asked for here.
  const hold = {
    epoch: 1,
    get run() {
      return run;
    },
    append: async (decide: (now: RunState) => { readonly entry: RunEntry } | undefined) => {
      const entered = decide(run);
      if (entered) run = transition(run, entered.entry);
      return entered;
    },
    note: async () => undefined,
  } as unknown as RunHold;
  const refusals = new Refusals({
    ...{ hold, step: stepOf(run.plan, STEP), context: { signal: new AbortController().signal } },
    deps: { clock, changed: () => undefined, progressed: () => undefined },
  });
  const waitsMs = async () => {
    const beforeMs = nowMs;
    await refusals.waitOut(10 * SECOND, "Throttling");
    return nowMs - beforeMs;
  };
  return { waitsMs, sinceMs: () => nowMs - AT };
}

test("a step that is refused is tried again as the vendor asks, after two minutes once a minute, and after an hour every five minutes", async () => {
  const { waitsMs, sinceMs } = refusedStep();
  const waits = async (tries: number) => {
    const all = new Set<number>();
    for (let tried = 0; tried < tries; tried += 1) all.add(await waitsMs());
    return { all: [...all], untilMs: sinceMs() };
  };

  expect(await waits(12)).toEqual({ all: [10 * SECOND], untilMs: 2 * MINUTE });
  expect(await waits(58)).toEqual({ all: [MINUTE], untilMs: HOUR });
  expect(await waits(84)).toEqual({ all: [5 * MINUTE], untilMs: 8 * HOUR });
});
