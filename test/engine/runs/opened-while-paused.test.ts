import { expect, test } from "@jest/globals";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { RunHold } from "../../../src/engine/runs/journal.ts";
import { Stopwatch } from "../../../src/engine/runs/stopwatch.ts";
import { pollUntilThere } from "../../../src/engine/runs/until-there.ts";
import type { Runs } from "../../../src/ports/runs.ts";
import type { Verdict } from "../../../src/ports/step.ts";
import { example } from "../../harness/example.ts";
import { clockAt, quietLedger } from "../../harness/fakes/index.ts";
import { started } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const STEP = { step: "fence", epoch: 1 };
const waits: Verdict = { done: false, says: "sessions end", isUnderWay: true };
const isOpen: Verdict = { done: false, says: "it takes writes", refutes: ["db"], letsIn: true };
const isClosed: Verdict = { done: true, says: "it is closed", output: { fence: "fenced" } };

/** A run whose fence was asked for and waits, as the one process that drives it has it. */
async function fencing() {
  const waiting = proposed(example("inventory"));
  let run: RunState = started(waiting.plan, AT).reduce(transition, waiting);
  const writes = (...entries: readonly RunEntry[]) => {
    run = entries.reduce(transition, run);
    return run;
  };
  const runs: Partial<Runs> = {
    read: async () => run,
    append: async (_run, { entries }) => ({ kind: "appended", run: writes(...entries) }),
  };
  const clock = clockAt(() => AT);
  const journal = { runs, clock, ledger: quietLedger(), frozen: async () => undefined } as never;
  const hold = await RunHold.take(journal, run.plan.id, { worker: "one" });
  if (!hold) throw new Error("nobody holds the run");
  writes(
    { kind: "intent", atMs: AT, ...STEP, attempt: 1 },
    { kind: "asked", atMs: AT, ...STEP, requestIds: [], data: {} },
  );
  await hold.refresh();
  return { hold, clock, writes, state: () => run };
}

test("a fence that somebody opens while the run is paused is not over: its progress says so, and it begins again when the run goes on", async () => {
  const { hold, clock, writes, state } = await fencing();
  writes({ kind: "paused", atMs: AT, by: "ana", door: "slack", why: "ana wants to look" });
  await hold.refresh();
  const looks = [waits, isOpen, isOpen, isClosed];
  const resumes = async () => {
    writes({ kind: "resumed", atMs: AT, by: "ana", door: "slack" });
    await hold.refresh();
    return isClosed;
  };
  const progress: string[] = [];

  const ended = await pollUntilThere(
    {
      ...{ hold, step: stepOf(state().plan, "fence"), stopwatch: new Stopwatch(clock), deadlineMs: AT + 60_000 },
      definition: { callsALook: 1, verify: async () => looks.shift() ?? resumes() },
      deps: { clock, progressed: (_run: RunState, _step: string, says: string) => void progress.push(says) },
      context: { signal: new AbortController().signal },
    } as never,
    undefined,
  );

  const opened = "Somebody opened eu-west-1 while its fence waited: it takes writes";
  expect(progress).toEqual(["sessions end", "it takes writes", opened, opened]);
  expect([ended, stateOf(state(), "fence").state]).toEqual(["again", "waiting"]);
});
