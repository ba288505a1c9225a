import type { Assumption, Plan, RestOf } from "../../../domain/plan-run/plan.ts";
import type { RunState } from "../../../domain/plan-run/run.ts";
import { factsIn } from "../../../domain/service/observation.ts";
import { tellApart } from "../../resources/places.ts";
import { commonOf, seenAt } from "../plan-parts.ts";
import type { Planned } from "../runbook.ts";
import { acceptancesFor } from "./acceptances.ts";
import { assumptionsFrom } from "./drift.ts";
import { type Judgement, judge } from "./judgement.ts";
import { lagFact } from "./link-since.ts";
import type { FailoverRequest } from "./request.ts";
import { failoverSteps } from "./steps.ts";

/** From a service and one look at the world to an immutable plan with every choice made. Pure. */
export function planFailover(request: FailoverRequest): Planned {
  const judgement = judge(request);
  if (judgement.refusals.length > 0) return { kind: "refused", reasons: [...new Set(judgement.refusals)] };
  return { kind: "plan", plan: planFrom(request, judgement) };
}

function planFrom(request: FailoverRequest, judgement: Judgement): Plan {
  const { service, to, mode, nowMs, inventory, continues, passedOver = [] } = request;
  const { approvals } = inventory.file;
  const left = [
    ...judgement.stores.flatMap(({ at, move, moving }) => move.leftFor(at, moving)),
    ...judgement.all.flatMap((at) => at.kind.entrance?.leftFor?.(at, judgement) ?? []),
  ];
  const staying = [
    ...judgement.stores.flatMap(({ at, move }) => move.staying?.(at) ?? []),
    ...judgement.all.flatMap((at) => at.kind.entrance?.staying?.(at) ?? []),
  ];
  const isPromoted = judgement.stores.some(({ moving }) => moving.promoted !== undefined);
  return {
    ...commonOf(request),
    runbook: "failover",
    title: `${continues ? "Finish moving" : "Move"} ${service.name} to ${to}`,
    from: judgement.from,
    to,
    ...(passedOver.length > 0 ? { passedOver: [...passedOver] } : {}),
    ...(continues ? { restOf: restOf(continues) } : {}),
    pastNoReturn: continues?.pastNoReturn === true || isPromoted,
    mode,
    authorisesUntilMs: nowMs + service.fence_watch,
    coolDownMs: service.cool_down,
    keysRequired: approvals.required,
    steps: failoverSteps(request, judgement),
    assumptions: assumptionsOf(request, judgement),
    acceptances: acceptancesFor(request, judgement),
    unchecked: [...judgement.unchecked],
    ...(left.length > 0 ? { leftForPeople: left } : {}),
    ...(staying.length > 0 ? { staying: [...new Set(staying)] } : {}),
    facts: factsOf(request, judgement),
    dataLoss: judgement.dataLoss,
  };
}

const restOf = ({ plan, intents }: RunState): RestOf => ({ run: plan.id, intents });

function assumptionsOf({ continues, to }: FailoverRequest, { all, stores, isDark }: Judgement): Assumption[] {
  const promotes = continues?.pastNoReturn
    ? stores.filter(({ moving }) => !moving.promoted).map(({ at }) => at.id)
    : [];
  const bounded = stores.flatMap(({ at, behind, moving }): Assumption[] => {
    // With the old side dark the loss is agreed to as a position, and a position never goes back: a lag that grows is no news.
    if (!behind?.lag.known || moving.promoted || isDark) return [];
    const limit = Math.max(behind.rpoMs / 1_000, behind.lag.value.seconds);
    return [{ kind: "bounded", fact: lagFact(all, at), says: tellApart(all).words("replication lag", at), limit }];
  });
  return [...assumptionsFrom(all, to, promotes), ...bounded];
}

/** Everything that was seen, with its own age: a sample of the lag is minutes older than the look that found it. */
function factsOf({ observed, to }: FailoverRequest, { from, all, stores }: Judgement): NonNullable<Plan["facts"]> {
  const { words } = tellApart(all);
  const ofRegions = [from, to].flatMap((region) =>
    factsIn(observed, region).flatMap(([id, { facts }]) => {
      const at = all.find((each) => each.id === id);
      return facts.flatMap(({ what, seen }) => seenAt(`${at ? words(what, at) : what} of ${region}`, seen));
    }),
  );
  const beyond = Object.values(observed.resources).flatMap(({ facts }) => facts);
  const samples = stores.flatMap(({ at, behind }) => {
    const sample = behind?.lag.known ? behind.lag.value : behind?.lag.lastGood;
    return sample ? [{ what: words("replication lag", at), atMs: sample.measuredAtMs }] : [];
  });
  return [...ofRegions, ...beyond.flatMap(({ what, seen }) => seenAt(what, seen)), ...samples];
}
