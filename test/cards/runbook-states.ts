import type { RunState } from "../../src/domain/plan-run/run.ts";
import { Journal } from "./run-states.ts";

/** One plan, in each state that the card of its run can show. */
export function statesOf(run: RunState): Readonly<Record<string, RunState>> {
  const ids = run.plan.steps.map(({ id }) => id);
  const irreversible = run.plan.steps.findIndex(({ wayBack }) => wayBack === "irreversible");
  const [first = ""] = ids;
  const done = (steps: readonly string[]) =>
    steps.reduce((journal, id) => journal.done(id, "as it should be", outputOf(run, id)), begun(run));
  const aborted = (journal: Journal) =>
    journal.add((atMs) => ({ kind: "aborted", atMs, by: "grace", door: "slack" })).undoes(run);
  return {
    running: begun(run).asks(first).on(run),
    stopped: done(ids.slice(0, -1))
      .failed(ids.at(-1) ?? "", "AWS refused it: AccessDenied", true)
      .on(run),
    aborted: aborted(irreversible === 0 ? begun(run) : done([first])).on(run),
    verified: done(ids)
      .add((atMs) => ({ kind: "finished", atMs, state: "verified" }))
      .on(run),
  };
}

const outputOf = ({ plan }: RunState, id: string): Record<string, unknown> =>
  plan.steps.some((step) => step.id === id && step.role === "protects") ? { fence: "fenced" } : {};

const begun = ({ plan, digest }: RunState): Journal =>
  plan.keysRequired === 0 ? new Journal().starts([]) : new Journal().keys(digest);
