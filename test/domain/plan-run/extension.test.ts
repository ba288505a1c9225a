import { describe, expect, test } from "@jest/globals";
import { authorityOf } from "../../../src/domain/plan-run/authority.ts";
import { extendedBy, extendedUntil } from "../../../src/domain/plan-run/extension.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { started } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const PROPOSED = proposed(example("inventory"));
const RUNNING = started(PROPOSED.plan, AT).reduce(transition, PROPOSED);
const END = RUNNING.untilMs;
const LENGTH = RUNNING.plan.authorisesUntilMs - RUNNING.plan.madeAtMs;
const MINUTE = 60_000;

/** Somebody says it, reading the run as it stands, or as an old card showed it. */
function says(run: RunState, by: string, when: number | { readonly atMs: number; readonly fromMs: number }): RunState {
  const { atMs, fromMs } = typeof when === "number" ? { atMs: when, fromMs: run.untilMs } : when;
  const said = { by, door: "slack" as const, atMs, fromMs, untilMs: extendedUntil(run) };
  const entry: RunEntry = { kind: "extended", ...said };
  return transition(run, entry);
}
const mayAct = (run: RunState, nowMs: number) => authorityOf({ run, nowMs, freeze: undefined }).may;

describe("a run acts longer than its plan said only when two people want it", () => {
  test("one person moves nothing, however often they say it, and the second one moves the end by the plan's own length", () => {
    const once = says(says(RUNNING, "ana", END - 20 * MINUTE), "ana", END - 19 * MINUTE);
    const twice = says(once, "ben", END - 18 * MINUTE);

    expect(once.untilMs).toBe(END);
    expect(extendedBy(once, END - 19 * MINUTE)).toEqual(["ana"]);
    expect(twice.untilMs).toBe(END + LENGTH);
    expect([mayAct(once, END), mayAct(twice, END), mayAct(twice, END + LENGTH)]).toEqual([false, true, false]);
  });

  test("the person who asked for the plan does not count", () => {
    const { requester } = RUNNING.plan;

    expect(says(says(RUNNING, requester, END - MINUTE), "ana", END - MINUTE).untilMs).toBe(END);
  });

  test("a word counts for 15 minutes, and only for the end date that was read", () => {
    const old = says(says(RUNNING, "ana", END - 16 * MINUTE), "ben", END - 1 * MINUTE);
    const moved = says(says(RUNNING, "ana", END - 5 * MINUTE), "ben", END - 4 * MINUTE);

    expect(old.untilMs).toBe(END);
    expect(extendedBy(moved, END - 3 * MINUTE)).toEqual([]);
    expect(says(moved, "ben", { atMs: END - 3 * MINUTE, fromMs: END }).untilMs).toBe(END + LENGTH);
  });

  test("nothing that is said from the end date on moves it", () => {
    expect(says(says(RUNNING, "ana", END - MINUTE), "ben", END).untilMs).toBe(END);
  });
});
