import { sayTime } from "../domain/duration.ts";
import { messageOf } from "../domain/errors.ts";
import { likenessOf, withLearned } from "../domain/plan-run/learned-times.ts";
import { refusing, type Standing } from "../domain/proof.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import type { Observation } from "../domain/service/observation.ts";
import type { Service } from "../domain/service/service.ts";
import { openQuestions } from "../flows/resources/settings-of.ts";
import { OUTLOOK } from "../flows/runbooks/index.ts";
import type { Planned, PlanRequest } from "../flows/runbooks/runbook.ts";
import type { Clock } from "../ports/clock.ts";
import type { LearnedTimes } from "../ports/learned-times.ts";
import type { Runs } from "../ports/runs.ts";
import { sayWhatAndInstead } from "../views/proofs.ts";
import type { Outlook } from "../views/standing.ts";
import { type ForeseeingDeps, foreseenUnseen } from "./foreseen.ts";

export interface OutlookDeps extends Pick<ForeseeingDeps, "sessionTrouble"> {
  readonly inventory: () => Inventory;
  readonly clock: Pick<Clock, "now">;
  readonly times: Pick<LearnedTimes, "of">;
  readonly runs: Pick<Runs, "coolDownUntil">;
  /** How that stands which TwoKey stands on; undefined: it is not proven here. */
  readonly standings: (() => readonly Standing[]) | undefined;
}

/** What refuses every service's moves now, such as a freeze: sentences. */
export type Stopped = readonly string[];

/** What a move asked for now, with nothing else said, would be: a plan made from a look that was taken, and kept nowhere. */
export async function outlookOf(
  service: Service,
  observed: Observation,
  { stopped, ...deps }: OutlookDeps & { readonly stopped: Stopped },
): Promise<Outlook> {
  const { inventory, times } = deps;
  const reasons = [...stopped, ...(await refusalsOf(service, deps)), ...openQuestions(service, observed.atMs)];
  if (reasons.length > 0) return { kind: "refused", reasons };
  const planned = plannedFrom({ service, observed, inventory: inventory() });
  if (planned.kind === "refused") return planned;
  const { plan } = planned;
  const troubles = foreseenUnseen(plan, deps);
  if (troubles.length > 0) return { kind: "refused", reasons: troubles };
  const learned = await Promise.all(plan.steps.map((step) => times.of(likenessOf(step, plan))));
  return { kind: "plan", plan: withLearned(plan, learned) };
}

/** What TwoKey itself has against a move of it now. */
async function refusalsOf(
  service: Service,
  { runs, standings, clock }: Pick<OutlookDeps, "runs" | "standings" | "clock">,
): Promise<readonly string[]> {
  const nowMs = clock.now();
  const untilMs = await runs.coolDownUntil(service.name);
  const cooling =
    untilMs === undefined || untilMs <= nowMs
      ? []
      : [`It was moved a short while ago. The next run may start at ${sayTime(untilMs, nowMs)}.`];
  const wrong = refusing(standings?.() ?? [], service.name).map(sayWhatAndInstead);
  return [...wrong, ...cooling];
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
