import type { Known } from "../../../../domain/service/observed.ts";
import { answersOf } from "../../answers.ts";
import type { Answers, Asking, Subject } from "../../kind.ts";
import { inRegion } from "./parts.ts";
import type { Ecs } from "./settings.ts";

/** The target groups of the service, and the load balancers that send to the one that is meant. */
export async function discover(settings: Ecs, { region }: Subject, asking: Asking): Promise<Known<Answers>> {
  const { cluster = "", service = "" } = inRegion(settings, region);
  const found = await asking.discovery.service(region, { cluster, service }, asking.signal);
  if (!found.known) return found;
  const { targetGroups } = found.value;
  const written = settings.in?.[region];
  const meant = written?.target_group ?? (targetGroups.length === 1 ? targetGroups[0] : undefined);
  if (meant === undefined) return { ...found, value: answersOf({ target_group: targetGroups }) };
  const balancers = await asking.discovery.loadBalancers(region, meant, asking.signal);
  if (!balancers.known) return balancers;
  const name = written?.load_balancer?.dns_name?.toLowerCase();
  const candidates = balancers.value.filter(({ dnsName }) => name === undefined || dnsName === name);
  return {
    ...found,
    value: answersOf({
      target_group: targetGroups,
      "load_balancer.dns_name": balancers.value.map(({ dnsName }) => dnsName),
      "load_balancer.zone": candidates.length === 1 ? candidates.map(({ zone }) => zone) : [],
    }),
  };
}
