import { describe, expect, test } from "@jest/globals";
import { Superseded } from "../../../src/domain/errors.ts";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { KeptInSight, proofOfNow } from "../../../src/engine/runs/kept-in-sight.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud } from "../../harness/fakes/index.ts";
import { started } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const FENCED = fenced();

/** Before its promotion, of a move that promises to lose nothing. */
function fenced(): RunState {
  const run = proposed(example("inventory"), { mode: "planned" });
  const at = { atMs: AT, epoch: 1 };
  const entries: RunEntry[] = [
    ...started(run.plan, AT),
    { kind: "claimed", ...at, worker: "w1" },
    { kind: "intent", ...at, step: "fence", attempt: 1 },
    { kind: "asked", ...at, step: "fence", requestIds: [], data: {} },
    { kind: "done", ...at, step: "fence", says: "fenced", output: { fence: "fenced" } },
  ];
  return entries.reduce(transition, run);
}

/** Looks at it until one fails with what `during` makes of it; `stop` is how the executor ends all looks. */
async function looks(during: (stop: AbortController) => unknown): Promise<void> {
  const stop = new AbortController();
  const verify = async () => {
    throw during(stop);
  };
  const cloud = fakeCloud({});
  const steps = { "fence-primary": { role: "protects", verify } };
  const sight = new KeptInSight({ clock: cloud.clock, cloud, steps } as never);
  await sight.whileDriven({ run: FENCED } as never, { signal: new AbortController().signal, stop: stop.signal });
}

/** The executor lets go of the run. */
function letsGo(stop: AbortController): unknown {
  stop.abort(new Superseded("drive-ended", "It has let go of the run"));
  return stop.signal.reason;
}

describe("the looks at an old side that was fenced, beside the steps of a run", () => {
  test("end without a word when the executor lets go of the run", async () => {
    await expect(looks(letsGo)).resolves.toBeUndefined();
  });

  test("say what else ended them, also where the executor was just letting go of the run", async () => {
    const taken = new Superseded("newer-epoch", "Another executor has taken the run over");

    await expect(looks(() => taken)).rejects.toBe(taken);
    const meanwhile = looks((stop) => {
      letsGo(stop);
      return taken;
    });
    await expect(meanwhile).rejects.toBe(taken);
  });
});

describe("guard earlier row: a row that was written before a time in which nobody looked", () => {
  const { plan } = FENCED;
  const unseen = { fromMs: AT, untilMs: AT + 61_000 };
  const output = { fence: "fenced", markers: { "stores.stock": { writtenAtMs: AT - 1 } } };

  test("proves nothing of it, and is not handed on by the fence", () => {
    expect(proofOfNow(stepOf(plan, "fence"), unseen, output)).toEqual({ fence: "fenced", unseen });
  });

  test("is handed on where somebody looked all the time, and so is all that other steps have measured", () => {
    expect(proofOfNow(stepOf(plan, "fence"), undefined, output)).toBe(output);
    expect(proofOfNow(stepOf(plan, "record-position"), unseen, output)).toBe(output);
  });
});
