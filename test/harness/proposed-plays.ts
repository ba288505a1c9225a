import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../../src/domain/plan-run/run.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { example } from "./example.ts";
import { AT } from "./observed.ts";
import { PLAYS, type Play } from "./plays.ts";
import { quietCloud } from "./quiet-cloud.ts";

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
