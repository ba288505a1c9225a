import type { RunState } from "../../src/domain/plan-run/run.ts";
import { Journal, MINUTE, plannedPlan, runStates } from "./run-states.ts";

const step = { step: "fence", epoch: 1 } as const;

/** Every step before that one is done. */
function stepsBefore({ plan, digest }: RunState, step: string): Journal {
  const ids = plan.steps.map(({ id }) => id);
  const outputs: Readonly<Record<string, Record<string, unknown>>> = { fence: { fence: "fenced" } };
  return ids
    .slice(0, ids.indexOf(step))
    .reduce((journal, id) => journal.done(id, "as it should be", outputs[id]), new Journal().keys(digest));
}

function named(states: Readonly<Record<string, RunState>>, name: string): RunState {
  const run = states[name];
  if (!run) throw new Error(`the gallery has no run that is ${name}`);
  return run;
}

/** Runs whose old side, vendor or end date gives people something to do. */
export function watchStates(): Readonly<Record<string, RunState>> {
  const states = runStates();
  const [verified, running, paused] = [named(states, "verified"), named(states, "running"), named(states, "paused")];
  const after = () => new Journal().wait(10 * MINUTE);
  const opened = () =>
    after().add((atMs) => ({
      ...{ kind: "fence-lost", atMs, ...step, seenClosedMs: atMs - MINUTE },
      why: "stores.main lets somebody in again: a rule of sg-0inv1db was put back",
    }));
  const tried = (journal: Journal) => journal.add((atMs) => ({ kind: "watch-intent", atMs, ...step }));
  const plan = plannedPlan();
  return {
    opened: opened().on(verified),
    unfenced: tried(after())
      .add((atMs) => ({ kind: "watch-failed", atMs, ...step, why: "EC2 refuses: UnauthorizedOperation" }))
      .on(named(states, "unfenced")),
    fenced: tried(opened())
      .add((atMs) => ({ kind: "fenced-later", atMs, ...step, says: "fenced: a write on the old database fails" }))
      .on(verified),
    "seen-open": after()
      .add((atMs) => ({ kind: "seen-open", atMs, ...step, fromMs: atMs - MINUTE, resources: ["stores.main"] }))
      .on(paused),
    "held-up": stepsBefore(plan, "shift-traffic")
      .add((atMs) => ({ kind: "intent", atMs, step: "shift-traffic", epoch: 1, attempt: 1 }))
      .wait(10 * MINUTE)
      .add((atMs) => ({
        ...{ kind: "held-up", atMs, step: "shift-traffic", epoch: 1, sinceMs: atMs - 9 * MINUTE },
        why: "Route 53 gives no answer (HTTP 503)",
      }))
      .on(plan),
    "cut-off": stepsBefore(plan, "shift-traffic")
      .add((atMs) => ({ kind: "intent", atMs, step: "shift-traffic", epoch: 1, attempt: 1 }))
      .wait(2 * MINUTE)
      .add((atMs) => ({ kind: "cut-off", atMs, epoch: 1, sinceMs: atMs - MINUTE, callsAtMs: atMs }))
      .on(plan),
    "ending-running": running,
    "ending-guard": verified,
  };
}
