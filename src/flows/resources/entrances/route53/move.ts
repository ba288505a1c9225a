import type { Acceptance, PlannedStep } from "../../../../domain/plan-run/plan.ts";
import type { Region } from "../../../../domain/service/region.ts";
import { besides } from "../../../../domain/service/service.ts";
import { FAMILIES, type Family } from "../../../../ports/probe.ts";
import { planned } from "../../../../ports/step.ts";
import { awaitDns, ledAway } from "../../../steps/await-dns.ts";
import { lastSaid } from "../../../steps/by-hand.ts";
import { stayingOf } from "../../../steps/record-sets.ts";
import { concerned, recordsBefore, sameRecords, setIdOf } from "../../../steps/records.ts";
import { RecordsInput, SECOND } from "../../../steps/schemas.ts";
import { settleDns } from "../../../steps/settle-dns.ts";
import type { EntranceAbilities } from "../../abilities.ts";
import { knownValue } from "../../known-value.ts";
import { DNS_BY_HAND, isByHand, slotOfName } from "../../names.ts";
import type { LoadBalancer, Traffic } from "../../parts.ts";
import type { Move, Place, Slot } from "../../place.ts";
import { changeByHand, changeOf, type Leading, ownSets, type RecordChange } from "./change.ts";
import { type Route53At, type Route53Seen, trafficOf } from "./look.ts";
import { sayTraffic, trafficKey } from "./parts.ts";
import type { Route53 } from "./settings.ts";
import { shiftTraffic } from "./shift-traffic.ts";

/** An alias to a load balancer is answered with the load balancer's own TTL. */
const LOAD_BALANCER_TTL_MS = 60 * SECOND;

/** Changes where the names lead; by hand where Route 53 gives no answer. */
export const move: EntranceAbilities<Route53, Route53Seen> = {
  to: ({ to }) => to,
  needsBalancer: ({ names }) => names.some(({ routing }) => routing === "weighted" || routing === "failover"),
  followsHealth: (place) => trafficOf(place).some(({ routing }) => routing !== "simple"),

  refusals: (at, moving) => trafficOf(at).flatMap((traffic) => nameRefusals(at, { moving, traffic })),

  acceptances: (at, moving) => [
    ...(trafficOf(at).some((traffic) => isByHand(at.seen.names[trafficKey(traffic)], moving)) ? [DNS_BY_HAND] : []),
    ...ipv6Acceptances(at, moving),
  ],

  unchecked: ipv6Unseen,

  leftFor: (at, moving) =>
    trafficOf(at).flatMap((traffic) => [
      ...pairLeft(at, { moving, traffic }),
      ...(isByHand(at.seen.names[trafficKey(traffic)], moving) && traffic.isPrivate
        ? [`${sayTraffic(traffic)} still leads its networks to ${moving.from}. Point it at ${moving.to} by hand.`]
        : []),
    ]),

  staying: ({ seen }) => Object.values(seen.names).flatMap((found) => (found.known ? stayingOf(found.value) : [])),

  move(at, moving, slot) {
    const all = trafficOf(at);
    return all.flatMap((traffic) => {
      const own = slotOfName(slot, trafficKey(traffic), all);
      const leading = leadingOf(at, traffic, moving.to);
      if (!isByHand(at.seen.names[trafficKey(traffic)], moving)) return recordSteps(at, { moving, leading }, own);
      // What nobody here can look at is left to people, with words.
      return traffic.isPrivate ? [] : byHandSteps(leading, own);
    });
  },

  direct: (place, region) =>
    trafficOf(place).flatMap((traffic) => (traffic.routing === "simple" ? traffic.values[region] : undefined) ?? [])[0],

  leadsTo: (at, region) =>
    trafficOf(at)
      .filter(({ isPrivate }) => !isPrivate)
      .map((traffic) => ({
        ...{ name: traffic.name, newSide: frontIn(at, region).dns_name },
        ...familiesOf(at.seen.names[trafficKey(traffic)]),
      })),

  movedSets: (at) =>
    trafficOf(at).map((traffic) => {
      const found = at.seen.names[trafficKey(traffic)];
      const { zone, name } = traffic;
      const own = ownSets(traffic);
      const moved = found?.known ? concerned(found.value, own) : own;
      return { zone, name, moved: moved.map(setIdOf) };
    }),

  async ledBack(step, context) {
    if (step.does !== shiftTraffic.name) return ledAway(step, context);
    const { cloud, signal } = context;
    const { zone, name, before, after } = RecordsInput.parse(step.input);
    // Users who were led to the new side when this was planned do not move back by staying there.
    if (sameRecords(before, after)) return undefined;
    const records = await cloud.traffic.records(zone, name, signal);
    const isBack = records.known && sameRecords(concerned(records.value, before), before);
    return isBack ? { why: `${name} leads to the old side again`, isToOldSide: true } : undefined;
  },
};

/** A name that is another one's own, by CNAME, has no addresses of its own; nothing is known of one that nobody could read. */
function familiesOf(found: Route53Seen["names"][string] | undefined): { readonly families?: Family[] } {
  const types = new Set(found?.known ? found.value.map(({ type }) => type) : []);
  const families = FAMILIES.filter((family) => types.has(family));
  return families.length === 0 ? {} : { families };
}

/** Users who have IPv6 alone were served by the old side. */
function ipv6Acceptances({ seen, ...at }: Route53At, { from, to }: Move): Acceptance[] {
  if (seen.hasIpv6?.[to] !== false || seen.hasIpv6[from] === false) return [];
  const named = dualOf({ seen, ...at });
  return named === ""
    ? []
    : [
        {
          id: "no-ipv6",
          words: `I accept that users who have IPv6 alone cannot reach ${named} in ${to}: its load balancer has no IPv6 address`,
          danger: `Users who have IPv6 alone are cut off: the load balancer of ${to} has no IPv6 address.`,
        },
      ];
}

/** Whose addresses nobody has told of may have none: users who have IPv6 alone would be cut off. */
function ipv6Unseen(at: Route53At, { from, to }: Move): string[] {
  const { hasIpv6 } = at.seen;
  return !hasIpv6 || hasIpv6[to] !== undefined || hasIpv6[from] === false
    ? []
    : [
        `whether the load balancer of ${to} has an IPv6 address, for users of ${dualOf(at)} who have IPv6 alone: no resolver answers`,
      ];
}

/** Names with AAAA sets. */
const dualOf = ({ seen, ...at }: Route53At): string =>
  trafficOf(at)
    .filter((traffic) => familiesOf(seen.names[trafficKey(traffic)]).families?.includes("AAAA"))
    .map(sayTraffic)
    .join(" and ");

const frontIn = (place: Place<Route53>, region: Region): LoadBalancer =>
  knownValue(place.front(region), `The load balancer of ${place.service.name} in ${region}`);

const leadingOf = (place: Place<Route53>, traffic: Traffic, to: Region): Leading => ({
  ...{ traffic, to, front: frontIn(place, to) },
});

function changeIn(at: Route53At, leading: Leading): RecordChange | undefined {
  const found = at.seen.names[trafficKey(leading.traffic)];
  return found?.known ? changeOf(found.value, leading) : undefined;
}

interface Naming {
  readonly moving: Move;
  readonly traffic: Traffic;
}

function nameRefusals(at: Route53At, { moving, traffic }: Naming): string[] {
  const found = at.seen.names[trafficKey(traffic)];
  if (isByHand(found, moving)) return [];
  if (!found?.known)
    return [
      `The records of ${sayTraffic(traffic)} cannot be read: ${found?.why ?? "nobody has looked"}. Users could not be moved. Ask again when they can be read.`,
    ];
  const change = changeOf(found.value, leadingOf(at, traffic, moving.to));
  if (!("refused" in change)) return [];
  return [
    `The records of ${sayTraffic(traffic)} cannot be moved: ${change.refused}. Mend them, or what twokey.yaml says of them.`,
  ];
}

/** A pair that leads to one side is none: what that means, and what makes it one again. */
function pairLeft({ service, ...at }: Route53At, { moving, traffic }: Naming): string[] {
  if (traffic.routing !== "failover") return [];
  const { secondary } = traffic;
  const { to } = moving;
  const meant = `The primary and the secondary record of ${sayTraffic(traffic)} both lead to ${to} then, each with its own health check. Route 53 moves users nowhere else by itself.`;
  const { home } = service;
  const [next] = besides(service, to);
  return to === home && next !== undefined
    ? [
        `${meant} When ${next} is a standby again, point the secondary record (“${secondary}”) at ${frontIn({ ...at, service }, next).dns_name}.`,
      ]
    : [`${meant} A move back to ${home} needs nothing of you there.`];
}

interface Leadings {
  readonly moving: Move;
  readonly leading: Leading;
}

function recordSteps(at: Route53At, { moving, leading }: Leadings, { id, after }: Slot): PlannedStep[] {
  const change = changeIn(at, leading);
  if (!change || "refused" in change) return [];
  const { zone, name, isPrivate } = leading.traffic;
  const ttlMs = Math.max(0, ...change.before.map(({ ttlSeconds = 0 }) => ttlSeconds * SECOND)) || LOAD_BALANCER_TTL_MS;
  const { continues, to: region } = moving;
  const before = recordsBefore({ continues, step: shiftTraffic, zone, name, current: change.before });
  return [
    planned(shiftTraffic, {
      ...{ id: id("shift-traffic"), after },
      input: {
        ...{ region, zone, name, before, after: [...change.after] },
        ...{ write: at.resource.write, mark: [...(at.seen.marks?.[trafficKey(leading.traffic)] ?? [])] },
        ...(isPrivate ? { isPrivate } : {}),
      },
    }),
    settle(name, ttlMs, { id, after: [id("shift-traffic")] }),
  ];
}

/** Said of the block that changes; what it lists first is a look. */
const UNANSWERED = "Route 53 gave no answer when the plan was made. Paste this again until Route 53 takes it.";

function byHandSteps(leading: Leading, { id, after }: Slot): PlannedStep[] {
  const { traffic, to: region, front } = leading;
  const { name } = traffic;
  // By the file, since a record that cannot be read tells no TTL.
  const ttlMs = traffic.routing === "simple" ? traffic.ttl_seconds * SECOND : LOAD_BALANCER_TTL_MS;
  return [
    planned(awaitDns, {
      ...{ id: id("dns-by-hand"), after },
      input: { region, name, newSide: front.dns_name, blocks: lastSaid(UNANSWERED, changeByHand(leading)) },
    }),
    settle(name, ttlMs, { id, after: [id("dns-by-hand")] }),
  ];
}

function settle(name: string, ttlMs: number, { id, after }: Slot): PlannedStep {
  const [afterStep = ""] = after;
  return planned(settleDns, { id: id("settle-dns"), after, input: { name, afterStep, ttlMs } });
}
