import { type Mode, planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../../src/domain/plan-run/run.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import type { Service } from "../../src/domain/service/service.ts";
import { observe } from "../../src/flows/observe.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import type { Planned } from "../../src/flows/runbooks/runbook.ts";
import { example } from "./example.ts";
import { type Change, fakeCloud, ordinaryDay } from "./fakes/index.ts";
import { AT } from "./observed.ts";
import { PLAYS, type Play } from "./plays.ts";

/** A plan of a runbook on a service, as it is made on an ordinary day. */
export interface Proposed extends Play {
  readonly inventory: Inventory;
  readonly run: RunState;
}

/** Every runbook on every service that can have it: a new one of either appears here by itself. */
export const PROPOSED: readonly Proposed[] = await Promise.all(
  PLAYS.map(async (play) => {
    const inventory = example(play.example);
    const made = await planOn(play, inventory);
    if (made.kind !== "plan") throw new Error(`${play.title} has no plan: ${made.reasons.join(" ")}`);
    return { ...play, inventory, run: proposedRun(made.plan, planDigest(made.plan)) };
  }),
);

/** The plan that is made of a play when the world is so and it is wished for in this mode, or why there is none. */
export async function planOn(
  play: Play,
  inventory: Inventory,
  day: { readonly change?: (service: Service) => Change; readonly mode?: Mode } = {},
): Promise<Planned> {
  const service = inventory.services.find(({ name }) => name === play.service);
  if (!service) throw new Error(`${play.example} has no ${play.service}`);
  const request = {
    ...{ id: "R-2ND6XW", service, inventory, nowMs: AT },
    observed: await observe(service, fakeCloud(ordinaryDay(service, day.change?.(service)))),
    ...{ reason: "before the release", requester: "farid", incident: undefined },
  };
  const runbook = runbookOf({ runbook: play.runbook, id: request.id });
  const wish = runbook.read({ ...play.words, ...(day.mode && { mode: day.mode }) });
  if (!wish.ok) throw new Error(`${play.title} has no plan: its wish ${wish.why}`);
  return runbook.plan(request, wish.wish);
}
