import { expect, test } from "@jest/globals";
import { type Decision, refusal } from "../../../src/domain/plan-run/decision.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { notOurs, transition } from "../../../src/domain/plan-run/run-transition.ts";
import { findPerson } from "../../../src/domain/service/inventory.ts";
import { example } from "../../harness/example.ts";
import { started } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT, epoch: 1 } as const;
const WAITING = proposed(inventory);
const begun = (...more: readonly RunEntry[]): RunState =>
  [...started(WAITING.plan, AT), { kind: "claimed", ...at, worker: "w1" } as const, ...more].reduce(
    transition,
    WAITING,
  );
const PAUSED = begun({ kind: "paused", atMs: AT, by: "ana", door: "slack", why: "we look" });
const STOPPED = begun(
  { kind: "intent", ...at, step: "fence", attempt: 1 },
  { kind: "failed", ...at, step: "fence", code: "x", why: "it broke", mustAsk: true },
);

const says = (decision: Decision, run: RunState) =>
  refusal(decision, run, { person: findPerson(inventory, "ana"), inventory });
const OTHERS = /line \d+ of the journal of F-1 was not written by TwoKey: somebody else can write to Redis/;

test.each<[Decision, RunState]>([
  ["reject", WAITING],
  ["extend", PAUSED],
  ["resume", PAUSED],
  ["retry", STOPPED],
  ["take-over", STOPPED],
  ["skip", STOPPED],
])(
  "guard sealed run: “%s” is refused where the journal holds a line that TwoKey has not written, and says so",
  (decision, run) => {
    expect(says(decision, run)).toBeUndefined();
    expect(says(decision, notOurs(run))).toMatch(OTHERS);
  },
);

test("what gives such a run no more authority is left to people: to withdraw it, to pause it, to give back and to plan again", () => {
  const requester = findPerson(inventory, WAITING.plan.requester);

  expect(refusal("withdraw", notOurs(WAITING), { person: requester, inventory })).toBeUndefined();
  for (const decision of ["abort", "replan"] as const) expect(says(decision, notOurs(PAUSED))).toBeUndefined();
  expect(says("pause", notOurs(begun()))).toBeUndefined();
});
