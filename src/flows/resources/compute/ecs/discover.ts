import type { Known } from "../../../../domain/service/observed.ts";
import type { Scaling } from "../../../../ports/compute.ts";
import { answersOf } from "../../answers.ts";
import type { Answers, Asking, KnownOf, Subject } from "../../kind.ts";
import { inRegion, isWorker } from "./parts.ts";
import type { Ecs } from "./settings.ts";

/** The target groups of the service, the load balancers that send to the one that is meant, and what scales it. */
export async function discover(settings: Ecs, { region }: Subject, asking: Asking): Promise<Known<Answers>> {
  const { cluster = "", service = "" } = inRegion(settings, region);
  const found = await asking.discovery.service(region, { cluster, service }, asking.signal);
  if (!found.known) return found;
  const { targetGroups } = found.value;
  const counted = {
    ...answersOf({ [GROUPS]: [targetGroups.length] }),
    ...maximumIn(await asking.discovery.scaling(region, { cluster, service }, asking.signal)),
  };
  if (isWorker(settings)) return { ...found, value: counted };
  const written = settings.in?.[region];
  const meant = written?.target_group ?? (targetGroups.length === 1 ? targetGroups[0] : undefined);
  if (meant === undefined) return { ...found, value: { ...counted, ...answersOf({ target_group: targetGroups }) } };
  const balancers = await asking.discovery.loadBalancers(region, meant, asking.signal);
  if (!balancers.known) return balancers;
  const name = written?.load_balancer?.dns_name?.toLowerCase();
  const candidates = balancers.value.filter(({ dnsName }) => name === undefined || dnsName === name);
  return {
    ...found,
    value: {
      ...counted,
      ...answersOf({
        target_group: targetGroups,
        "load_balancer.dns_name": balancers.value.map(({ dnsName }) => dnsName),
        "load_balancer.zone": candidates.length === 1 ? candidates.map(({ zone }) => zone) : [],
      }),
    },
  };
}

/**
 * A side that was fenced has 0 for its maximum until it is given back: what was remembered before goes on counting, as where
 * auto scaling alone gives no answer.
 */
function maximumIn(scaling: Known<Scaling | "not-scaled">): Answers {
  if (!scaling.known) return {};
  if (scaling.value === "not-scaled") return answersOf({ max_tasks: ["none"] });
  return answersOf({ max_tasks: scaling.value.max === 0 ? [] : [scaling.value.max] });
}

/** How many target groups the service has at AWS. No setting: `contradictions` alone reads it. */
const GROUPS = "target_groups";

/** A worker that AWS sends users to, or a service for users that AWS sends nobody to. */
export function contradictions(settings: Ecs, { says, facts }: KnownOf): string[] {
  const groups = facts[GROUPS]?.value;
  if (groups === undefined || isWorker(settings) === (groups === 0)) return [];
  return isWorker(settings)
    ? [
        `${says} is written with healthy_means: running-tasks, but AWS has a target group for it. Write what its health check proves: writable-database or process.`,
      ]
    : [
        `${says} is written with healthy_means: ${settings.healthy_means}, but AWS has no target group for it. Write running-tasks, or give the service its target group.`,
      ];
}
