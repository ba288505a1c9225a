import { describe, expect, test } from "@jest/globals";
import { firstToCapture, hasMore } from "../../../src/domain/plan-run/fence.ts";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { started } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const waiting = proposed(example("inventory"));
const run = started(waiting.plan, AT).reduce(transition, waiting);
const captured = { "stores.stock": { desired: 1 }, "compute.api": { desired: 4 } };

/** For a fence of whose old side an earlier run of the move has touched this much. */
function toCapture(touched: readonly string[]) {
  const fence = stepOf(run.plan, "fence");
  return firstToCapture(run, { ...fence, input: { ...fence.input, captured, touched: [...touched] } });
}

test.each([
  ["nothing", [], captured],
  ["a part", ["stores.stock"], captured],
  ["all", ["stores.stock", "compute.api"], undefined],
])(
  "of an old side of which an earlier run has touched %s, the first intent says how it stands only where a part is untouched",
  (_what, touched, seen) => {
    expect(toCapture(touched)).toEqual(seen);
  },
);

describe("what a group had when it was closed is what undo gives back", () => {
  const rule = (cidr: string) => ({ protocol: "tcp", source: { kind: "ipv4", cidr } });
  const [a, b, c] = [rule("10.0.0.0/8"), rule("192.0.2.7/32"), rule("198.51.100.0/24")];
  const seen = (desired: number, ...rules: object[]) => ({
    "stores.stock": { "sg-1": rules },
    "compute.api": { desired },
  });
  const at = { atMs: AT, epoch: 1, step: "fence" };
  const intent = (now: ReturnType<typeof seen>, attempt = 1): RunEntry => ({
    ...{ kind: "intent", ...at, attempt, captured: now },
  });
  const nextPart = (now: ReturnType<typeof seen>, attempt = 1): RunEntry =>
    ({ ...intent(now, attempt), nextPart: true }) as RunEntry;
  const asked: RunEntry = {
    ...{ kind: "asked", ...at, requestIds: [], data: { silent: {}, later: ["stores.stock"] } },
  };
  const capturedAfter = (...entries: RunEntry[]) =>
    [{ kind: "claimed", atMs: AT, epoch: 1, worker: "w1" } as const, ...entries].reduce(transition, run).captured;

  test("guard captured last: what its fence left for later counts as it stands when that is closed", () => {
    expect(capturedAfter(intent(seen(4, a, b)), asked, nextPart(seen(0, b, c)))).toEqual(seen(4, b, c));
  });

  test("what its next part may have closed already keeps what it had when that was begun", () => {
    expect(capturedAfter(intent(seen(4, a)), asked, nextPart(seen(0, b)), nextPart(seen(0, c)))).toEqual(seen(4, b, c));
  });

  test("what an earlier attempt may have closed keeps what it had, and all that somebody put there since", () => {
    const closed = [intent(seen(4, a, b)), asked, intent(seen(0, b), 2), asked];

    expect(capturedAfter(...closed, nextPart(seen(0, c), 2))).toEqual(seen(4, a, b, c));
  });

  test("a second look at what is half closed takes nothing from the first", () => {
    expect(capturedAfter(intent(seen(4, a, b)), intent(seen(0, b)))).toEqual(seen(4, a, b));
  });

  test("a rule or a group that is not written down is more, and what was closed is not", () => {
    expect([hasMore({ "sg-1": [a, b] }, { "sg-1": [a] }), hasMore({ "sg-2": [] }, { "sg-1": [a] })]).toEqual([
      true,
      true,
    ]);
    expect([hasMore({ "sg-1": [] }, { "sg-1": [a] }), hasMore({ desired: 0 }, { desired: 4 })]).toEqual([false, false]);
  });
});
