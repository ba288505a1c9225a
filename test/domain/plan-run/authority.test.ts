import { describe, expect, test } from "@jest/globals";
import { authorityOf } from "../../../src/domain/plan-run/authority.ts";
import type { RunKey, RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { notOurs, transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { started, turned } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const apply = (run: RunState, ...entries: RunEntry[]) => entries.reduce(transition, run);
const PROPOSED = proposed(inventory);
const RUNNING = apply(PROPOSED, ...started(PROPOSED.plan, AT));
const ask = (run: RunState, nowMs = AT + 1) => authorityOf({ run, nowMs, freeze: undefined });
const withKey = (change: (key: RunKey) => RunKey): RunState => ({
  ...RUNNING,
  keys: RUNNING.keys.map((key, index) => (index === 1 ? change(key) : key)),
});

describe("may a call that changes the cloud leave now? (G18)", () => {
  test("yes, on the keys of two people on this very plan, until its end date", () => {
    expect(ask(RUNNING)).toEqual({ may: true, keys: ["ana", "ben"], untilMs: PROPOSED.plan.authorisesUntilMs });
    expect(ask(RUNNING, PROPOSED.plan.authorisesUntilMs - 1)).toMatchObject({ may: true });
  });

  test("guard freeze: while somebody has stopped every change nothing leaves, for any run", () => {
    const freeze = { id: "Z-1", by: "chloe", atMs: AT, why: "the wrong region", lifts: [] };

    const answer = authorityOf({ run: RUNNING, nowMs: AT + 1, freeze });

    expect(answer).toMatchObject({ may: false, code: "frozen", why: expect.stringContaining("the wrong region") });
  });

  test("guard end date: from that moment on nothing leaves", () => {
    expect(ask(RUNNING, PROPOSED.plan.authorisesUntilMs)).toMatchObject({ may: false, code: "ended" });
  });

  test("guard proof's age: without a way back only on a young proof that the old side is fenced", () => {
    const asked = (atMs: number | undefined) =>
      authorityOf({ run: RUNNING, nowMs: AT + 60_000, freeze: undefined, fenced: { atMs, countsForMs: 15_000 } });

    expect(asked(AT + 45_000)).toMatchObject({ may: true });
    for (const old of [AT + 44_999, undefined])
      expect(asked(old)).toMatchObject({ may: false, code: "fence-proof-old" });
    expect(asked(AT + 30_000)).toMatchObject({
      why: expect.stringContaining("eu-west-1 is fenced was shown 30 s ago"),
    });
  });

  test("guard seen open: nor on a proof from before it was seen open, however young", () => {
    const at = { atMs: AT, epoch: 1 };
    const promoting = apply(
      RUNNING,
      { kind: "claimed", ...at, worker: "w1" },
      { kind: "intent", ...at, step: "fence", attempt: 1 },
      { kind: "done", ...at, step: "fence", says: "fenced", output: { fence: "fenced" } },
      { kind: "intent", ...at, step: "promote", attempt: 1 },
    );
    const lost: RunEntry = { kind: "fence-lost", ...at, step: "fence", why: "it stands open", seenClosedMs: AT };
    const fenced = { atMs: AT + 1, countsForMs: 15_000 };
    const asked = (run: RunState) => authorityOf({ run, nowMs: AT + 1, freeze: undefined, fenced });

    expect(asked(promoting)).toMatchObject({ may: true });
    expect(asked(apply(promoting, lost))).toMatchObject({ may: false, code: "fence-proof-old" });
    expect(ask(apply(promoting, lost))).toMatchObject({ may: true });
  });

  test("guard live run: nothing leaves for a run that has not started, is stuck, is closed or went on elsewhere", () => {
    const waiting = apply(PROPOSED, turned(PROPOSED.plan, "ana", AT), turned(PROPOSED.plan, "ben", AT));
    const closed = apply(RUNNING, { kind: "abandoned", atMs: AT, why: "the store was lost" });

    for (const run of [
      waiting,
      closed,
      { ...RUNNING, state: "stuck" as const },
      { ...waiting, state: "running" as const },
    ])
      expect(ask(run)).toMatchObject({ may: false, code: "not-live" });
  });

  test("guard signed plan: a stored plan that was changed is not the one that people signed", () => {
    const [first, ...rest] = RUNNING.plan.steps;
    if (!first) throw new Error("a plan has steps");
    const changed = { ...RUNNING.plan, steps: [{ ...first, input: { ...first.input, instance: "another" } }, ...rest] };

    expect(ask({ ...RUNNING, plan: changed })).toMatchObject({ may: false, code: "plan-changed" });
  });

  test("guard authentic keys: a key on another plan does not count on this one", () => {
    const other = { ...PROPOSED.plan, id: "F-2" };
    const { kind: _kind, ...key } = turned(other, "ben", AT);

    expect(ask(withKey(() => key))).toMatchObject({ may: false, code: "key-not-authentic" });
  });

  test("guard sealed journal: a line that TwoKey has not written stops everything, whatever it says", () => {
    expect(ask(notOurs(RUNNING))).toMatchObject({
      may: false,
      code: "journal-not-ours",
      why: expect.stringContaining(`line ${RUNNING.length + 1} of the journal of ${RUNNING.plan.id}`),
    });
  });

  test("guard enough keys: one person twice, or the requester, is not two people", () => {
    const { plan } = PROPOSED;
    const twice = apply(PROPOSED, ...started(plan, AT, ["ana", "ana"]));
    const one = apply(PROPOSED, ...started(plan, AT, ["ana"]));
    const own = apply(PROPOSED, ...started(plan, AT, ["ana", plan.requester]));

    for (const run of [twice, one, own]) expect(ask(run)).toMatchObject({ may: false, code: "keys-missing" });
  });
});
