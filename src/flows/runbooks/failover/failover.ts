import type { Inventory } from "../../../domain/service/inventory.ts";
import { besides } from "../../../domain/service/service.ts";
import { observeRegion } from "../../observe.ts";
import type { Runbook, Words } from "../runbook.ts";
import { blockedOf, driftOf, notAgreedTo, passingOf } from "./drift.ts";
import { RULES } from "./lint.ts";
import { measure } from "./measure.ts";
import { lookAtOldSide } from "./old-side.ts";
import { planFailover } from "./plan.ts";
import { FailoverWish } from "./request.ts";
import { targetOf } from "./target.ts";

/** Moves a service to another of its regions: fence the old side, promote, prove, move users, verify. */
export const failover: Runbook<FailoverWish> = {
  name: "failover",
  about: "move a service to another region",
  needs: "two keys",
  usage: "[to <region>] [planned|unplanned]",
  example: "inventory because eu-west-1 is dark",
  lint: RULES,
  wish: FailoverWish,
  words,
  fields,
  plan: (request, { to, mode }) => {
    const { service } = request;
    if (to !== undefined && !service.regions.includes(to)) {
      const why = `${service.name} does not run in ${to}; its regions are ${service.regions.join(", ")}.`;
      return { kind: "refused", reasons: [why] };
    }
    if (to !== undefined) return planFailover({ ...request, mode, to });
    return planFailover({ ...request, mode, ...targetOf({ ...request, mode }) });
  },
  wishOf: ({ to, mode }) => ({ to, mode }),
  drift: async (run, { service, cloud, signal }) => {
    const { assumptions, to } = run.plan;
    const seen = { service, to, observed: await observeRegion(service, to, { cloud, signal }) };
    const now = { ...seen, answering: cloud.answers.of(to), nowMs: cloud.clock.now() };
    return {
      voids: [...driftOf(assumptions, seen), ...blockedOf(run, seen), ...notAgreedTo(run, now)],
      passing: passingOf(run, seen),
    };
  },
  oldSide: lookAtOldSide,
  measure,
};

/** Words in any order. */
function words(typed: readonly string[]): Words {
  const wish: Record<string, unknown> = {};
  for (let index = 0; index < typed.length; index += 1) {
    const word = typed[index] ?? "";
    if (word === "to" && typed[index + 1] !== undefined) {
      wish["to"] = typed[index + 1];
      index += 1;
    } else if (word === "planned" || word === "unplanned") wish["mode"] = word;
    else return { kind: "not-understood", word };
  }
  return { kind: "wish", wish };
}

function fields({ services }: Inventory) {
  const regions = [...new Set(services.flatMap((service) => [...besides(service, service.home), service.home]))];
  return [
    {
      id: "to",
      label: "Target region",
      kind: "choice" as const,
      choices: regions.map((region) => [region, region] as const),
      optional: true,
      hint: "Left empty: the first other region in twokey.yaml that is ready.",
    },
    {
      id: "mode",
      label: "Mode",
      kind: "choice" as const,
      initial: "unplanned",
      choices: [
        ["unplanned", "Unplanned: the old side is in trouble"],
        ["planned", "Planned: stop writers, lose nothing"],
      ] as const,
    },
  ];
}
