import { expect, test } from "@jest/globals";
import { firstToCapture } from "../../../src/domain/plan-run/fence.ts";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
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
