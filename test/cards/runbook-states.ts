import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../../src/domain/plan-run/run.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { PLAYS, type Play } from "../harness/plays.ts";
import { quietCloud } from "../harness/quiet-cloud.ts";
import { Journal } from "./run-states.ts";

/** A plan of a runbook on a service, as it is made on an ordinary day. */
export interface Proposed extends Play {
  readonly inventory: Inventory;
  readonly run: RunState;
}

/** Every runbook on every service that can have it: a new one of either appears here by itself. */
export const PROPOSED: readonly Proposed[] = await Promise.all(PLAYS.map(proposedPlay));

async function proposedPlay(play: Play): Promise<Proposed> {
  const inventory = example(play.example);
  const service = inventory.services.find(({ name }) => name === play.service);
  if (!service) throw new Error(`${play.example} has no ${play.service}`);
  const request = {
    ...{ id: "R-2ND6XW", service, inventory, observed: await observe(service, quietCloud(service)), nowMs: AT },
    ...{ reason: "before the release", requester: "farid", incident: undefined },
  };
  const runbook = runbookOf({ runbook: play.runbook, id: request.id });
  const wish = runbook.read(play.words ?? {});
  const made = wish.ok ? runbook.plan(request, wish.wish) : undefined;
  if (made?.kind !== "plan") throw new Error(`${play.title} has no plan: ${made?.reasons.join(" ") ?? "its wish"}`);
  return { ...play, inventory, run: proposedRun(made.plan, planDigest(made.plan)) };
}

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
    verified: done(ids).add((atMs) => ({ kind: "finished", atMs, state: "verified" })).on(run),
  };
}

const outputOf = ({ plan }: RunState, id: string): Record<string, unknown> =>
  plan.steps.some((step) => step.id === id && step.role === "protects") ? { fence: "fenced" } : {};

const begun = ({ plan, digest }: RunState): Journal =>
  plan.keysRequired === 0 ? new Journal().starts([]) : new Journal().keys(digest);
