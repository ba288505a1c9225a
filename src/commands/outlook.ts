import { messageOf } from "../domain/errors.ts";
import { likenessOf, withLearned } from "../domain/plan-run/learned-times.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Observation } from "../domain/service/observation.ts";
import type { Service } from "../domain/service/service.ts";
import { openQuestions } from "../flows/resources/settings-of.ts";
import { OUTLOOK } from "../flows/runbooks/index.ts";
import type { Planned, PlanRequest } from "../flows/runbooks/runbook.ts";
import type { LearnedTimes } from "../ports/learned-times.ts";
import type { Outlook } from "../views/standing.ts";

export interface OutlookDeps {
  readonly inventory: () => Inventory;
  readonly times: Pick<LearnedTimes, "of">;
}

/** What a move asked for now, with nothing else said, would be: a plan made from a look that was taken, and kept nowhere. */
export async function outlookOf(
  service: Service,
  observed: Observation,
  { inventory, times }: OutlookDeps,
): Promise<Outlook> {
  const nowMs = observed.atMs;
  const questions = openQuestions(service, nowMs);
  if (questions.length > 0) return { kind: "refused", reasons: questions };
  const planned = plannedFrom({ service, observed, inventory: inventory() });
  if (planned.kind === "refused") return planned;
  const { plan } = planned;
  const learned = await Promise.all(plan.steps.map((step) => times.of(likenessOf(step, plan))));
  return { kind: "plan", plan: withLearned(plan, learned) };
}

/** A look from before the file had a resource makes no plan; the other services are shown all the same. */
function plannedFrom(seen: Pick<PlanRequest, "service" | "observed" | "inventory">): Planned {
  const nobody = { id: "outlook", reason: "the board", requester: "", incident: undefined };
  try {
    return OUTLOOK.plan({ ...nobody, ...seen, nowMs: seen.observed.atMs }, {});
  } catch (error) {
    return { kind: "refused", reasons: [messageOf(error)] };
  }
}
