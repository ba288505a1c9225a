import type { Plan, RestOf } from "../../../domain/plan-run/plan.ts";
import type { RunState } from "../../../domain/plan-run/run.ts";
import type { Region } from "../../../domain/service/service.ts";
import { trafficOf } from "../../resources/site.ts";
import { commonOf, seenAt } from "../plan-parts.ts";
import type { Planned } from "../runbook.ts";
import { assumptionsFrom } from "./drift.ts";
import { acceptancesFor, type Judgement, judge } from "./judgement.ts";
import type { FailoverRequest } from "./request.ts";
import { failoverSteps } from "./steps.ts";

/** From a service and one look at the world to an immutable plan with every choice made. Pure. */
export function planFailover(request: FailoverRequest): Planned {
  const judgement = judge(request);
  if (judgement.refusals.length > 0) return { kind: "refused", reasons: judgement.refusals };
  return { kind: "plan", plan: planFrom(request, judgement) };
}

function planFrom(request: FailoverRequest, judgement: Judgement): Plan {
  const { service, observed, to, mode, nowMs, inventory } = request;
  const { approvals } = inventory.file;
  const { continues } = request;
  const lagLimit = judgement.lagLimitSeconds;
  return {
    ...commonOf(request),
    runbook: "failover",
    title: `${continues ? "Finish moving" : "Move"} ${service.name} to ${to}`,
    from: judgement.from,
    to,
    ...(continues ? { restOf: restOf(continues) } : {}),
    pastNoReturn: continues?.pastNoReturn === true || judgement.promoted !== undefined,
    mode,
    authorisesUntilMs: nowMs + service.fence_watch,
    coolDownMs: service.cool_down,
    keysRequired: approvals.required,
    steps: failoverSteps(request, judgement),
    assumptions: [
      // A promotion that was asked for may show at any moment: that is this move's own effect, not drift (G3).
      ...assumptionsFrom(service, observed, to).filter(
        ({ fact }) => !(fact === "standby-source" && continues?.pastNoReturn && !judgement.promoted),
      ),
      ...(lagLimit === undefined
        ? []
        : [{ kind: "bounded" as const, fact: "lag-seconds", says: "replication lag", limit: lagLimit }]),
    ],
    acceptances: acceptancesFor(request, judgement),
    unchecked: [...judgement.unchecked],
    facts: factsOf(request, judgement.from),
    dataLoss: judgement.dataLoss,
  };
}

const restOf = ({ plan, intents }: RunState): RestOf => ({ run: plan.id, intents });

/** Everything that was seen, with its own age: a sample of the lag is minutes older than the look that found it. */
function factsOf({ service, observed, to }: FailoverRequest, from: Region): NonNullable<Plan["facts"]> {
  const ofSites = [from, to].flatMap((region) => {
    const site = observed.sites[region];
    return [
      ...seenAt(`database of ${region}`, site?.database),
      ...seenAt(`service of ${region}`, site?.compute),
      ...seenAt(`security group of ${region}`, site?.firewall),
    ];
  });
  const lag = observed.sites[to]?.lag;
  const sample = lag?.known ? lag.value : lag?.lastGood;
  return [
    ...ofSites,
    ...seenAt(`records of ${trafficOf(service).name}`, observed.trafficRecords),
    ...(sample ? [{ what: "replication lag", atMs: sample.measuredAtMs }] : []),
  ];
}
