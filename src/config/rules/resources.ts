import { sayDuration } from "../../domain/duration.ts";
import { type Resource, rolesOf } from "../../domain/service/resource.ts";
import type { ServiceFile } from "../../domain/service/service.ts";
import { resourcesOf } from "../../domain/service/service.ts";
import { kindOf } from "../../flows/resources/index.ts";
import type { NamedRecord } from "../../flows/resources/kind.ts";
import { zoneOwner } from "../../flows/resources/load-balancers.ts";
import { exactly, strangers } from "../../flows/resources/regions.ts";
import type { Path } from "../problem.ts";
import { eachService, type Rule, rule, sharedBetween } from "./rule.ts";

/** Caches may eat this part of the recovery time, no more. */
const TTL_PART_OF_RTO = 10;

/** What holds for resources of every kind. */
export const RESOURCE_RULES: readonly Rule[] = [
  rule({
    name: "a-site-for-each-region",
    severity: "error",
    because: "Everything that moves is described in the region it moves from and in the region it moves to.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, (service, path) =>
        resourcesOf(service).flatMap(({ role, resource, path: place }) => {
          if (resource.in === undefined) return [];
          const judge = kindOf(role, resource).isByRegion ? exactly : strangers;
          return judge([...path, ...place, "in"], Object.keys(resource.in), service.regions);
        }),
      ),
  }),
  rule({
    name: "role-account",
    severity: "error",
    because: "A role of another account cannot touch the resources described here.",
    needs: ["aws"],
    check: ({ aws }) =>
      (["observe_role", "role", "session_policy"] as const).flatMap((key) => {
        const account = aws[key]?.split(":")[4];
        if (account === undefined || account === aws.account) return [];
        const noun = key === "session_policy" ? "policy" : "role";
        return [
          {
            path: ["aws", key],
            what: `this ${noun} belongs to the account ${account}, not to ${aws.account}`,
            instead: `write the ${noun} of the account ${aws.account}`,
          },
        ];
      }),
  }),
  rule({
    name: "session-policies-of-services",
    severity: "error",
    because:
      "A policy under a name that no service has limits no session, and the run stops at the step that needs it.",
    needs: ["aws", "services"],
    check: ({ aws, services }) =>
      Object.keys(aws.session_policies ?? {}).flatMap((name) => {
        if (Object.hasOwn(services, name)) return [];
        return [
          {
            path: ["aws", "session_policies", name],
            what: `there is no service ${name}`,
            instead: `write one of ${Object.keys(services).join(", ")}`,
          },
        ];
      }),
  }),
  rule({
    name: "session-policies-of-roles",
    severity: "error",
    because:
      "A session names managed policies of its role's own account alone: any other is left out, and the run stops.",
    needs: ["aws", "services"],
    check: ({ aws, services }) =>
      eachService(services, (service, _path, name) => {
        const known = accountsOf(service, aws.account);
        return (aws.session_policies?.[name] ?? []).flatMap((arn, at) => {
          const account = accountIn(arn);
          if (known.includes(account)) return [];
          return [
            {
              path: ["aws", "session_policies", name, at],
              what: `this policy belongs to the account ${account}, and no role of ${name} is of it`,
              instead: `write one of ${known.join(" or ")}`,
            },
          ];
        });
      }),
  }),
  rule({
    name: "runs-have-a-role",
    severity: "warning",
    because: "Only a session of a role can be limited to the calls of one step.",
    needs: ["aws"],
    check: ({ aws }) =>
      aws.role === undefined
        ? [
            {
              path: ["aws"],
              what: "no role is named, so each step acts with all that the process's own credentials may do",
              instead: "add `role`, the role that runs assume",
            },
          ]
        : [],
  }),
  rule({
    name: "record-zone-is-yours",
    severity: "error",
    because: "The zone that holds a record is yours; the zone of a load balancer belongs to AWS.",
    needs: ["services"],
    check: ({ services }) =>
      eachRecord(services, ({ zone, name }, path) => {
        const owner = zone === undefined ? undefined : zoneOwner(zone);
        if (!owner) return [];
        return [
          {
            path: [...path, "zone"],
            what: `${zone} is the zone of ${owner.kind} load balancers in ${owner.region}, not the zone that holds ${name}`,
            instead: "write the id of your own hosted zone; the load balancer's zone goes under load_balancer",
          },
        ];
      }),
  }),
  rule({
    name: "ttl-fits-rto",
    severity: "warning",
    because: "Clients go on asking the dead side until the TTL is over.",
    needs: ["services"],
    check: ({ services }) =>
      eachRecord(services, ({ name, ttlSeconds, hasOwnTtl }, path, { rto }) => {
        if (ttlSeconds === undefined || ttlSeconds * 1_000 * TTL_PART_OF_RTO <= rto) return [];
        const most = Math.max(1, Math.floor(rto / 1_000 / TTL_PART_OF_RTO));
        return [
          {
            path: hasOwnTtl ? [...path, "ttl_seconds"] : path,
            what: `${name} is cached for ${ttlSeconds} s, more than a tenth of the RTO (${sayDuration(rto)})`,
            instead: hasOwnTtl ? `write at most ${most}` : "write a longer RTO; an alias record always has this TTL",
          },
        ];
      }),
  }),
  rule({
    name: "resource-belongs-to-one-service",
    severity: "error",
    because: "A failover of one service would move the other's resources with it.",
    needs: ["services"],
    check: ({ services }) =>
      sharedBetween(eachSubject(services), ({ says, owner }, first) => ({
        what: `${owner} has the same ${says} as ${first.owner}`,
        instead: "describe what shares its resources as one service",
      })),
  }),
];

type Services = Readonly<Record<string, ServiceFile>>;

function eachRecord(
  services: Services,
  check: (record: NamedRecord, path: Path, service: ServiceFile) => ReturnType<typeof exactly>,
) {
  return eachService(services, (service, path) =>
    resourcesOf(service).flatMap(({ role, resource, path: place }) =>
      kindOf(role, resource)
        .records(resource)
        .flatMap((record) => check(record, [...path, ...place, ...record.path], service)),
    ),
  );
}

interface Owned {
  readonly key: string;
  readonly path: Path;
  readonly owner: string;
  readonly says: string;
}

function eachSubject(services: Services): Owned[] {
  return Object.entries(services).flatMap(([owner, service]) =>
    resourcesOf(service).flatMap(({ role, resource, path }) => {
      const kind = kindOf(role, resource);
      return kind
        .subjects(resource, service.regions)
        .filter(({ isOwn }) => isOwn)
        .map(({ key, says, path: place }): Owned => {
          return { key: `${kind.kind}/${key}`, owner, says, path: ["services", owner, ...path, ...place] };
        });
    }),
  );
}

/** Accounts in which runs act for a service: the ordinary one, unless every resource is entered by a role of its own in every region. */
function accountsOf(service: ServiceFile, ordinary: string): readonly string[] {
  const all = resourcesOf(service).flatMap(({ resource }) => accountsEntered(resource, service.regions, ordinary));
  return [...new Set(all)];
}

function accountsEntered(resource: Resource, regions: readonly string[], ordinary: string): readonly string[] {
  const roles = rolesOf(resource);
  const anywhere = roles?.anywhere === undefined ? ordinary : accountIn(roles.anywhere);
  return regions.map((region) => {
    const own = roles?.in[region];
    return own === undefined ? anywhere : accountIn(own);
  });
}

const accountIn = (arn: string): string => arn.split(":")[4] ?? "";
