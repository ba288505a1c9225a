import { resourcesOf, type ServiceFile } from "../../domain/service/service.ts";
import { kindOf } from "../../flows/resources/index.ts";
import { type Finding, type Path, sayList } from "../problem.ts";
import { eachService, type Rule, rule } from "./rule.ts";

/** Users who come through the entrance meet somebody, and the file says whom. */
export const USER_RULES: readonly Rule[] = [
  rule({
    name: "somebody-serves-users",
    severity: "error",
    because: "An entrance with no load balancer behind it leads users to nobody.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, (service, path) => {
        const all = computesOf(service);
        const isAlias = kindOf("entrances", service.entrance).entrance?.needsBalancer(service.entrance);
        const serves = all.some(
          ({ reachedBy }) => reachedBy === "load-balancer" || (!isAlias && reachedBy === "unknown"),
        );
        if (all.length === 0 || serves) return [];
        return [
          {
            path: [...path, "compute"],
            what: `users reach none of ${sayList(all.map(({ name }) => name))}: no load balancer leads to one of them`,
            instead: "add the compute that serves users, or write what the health check of one of them proves",
          },
        ];
      }),
  }),
  rule({
    name: "users-are-led-to-one-compute",
    severity: "error",
    because: "A record leads to one load balancer, and only a person can say which one is meant.",
    needs: ["services"],
    check: ({ services }) => eachService(services, (service, path) => whoServes(service, [...path, "entrance"])),
  }),
];

function whoServes(service: ServiceFile, path: Path): Finding[] {
  const balanced = computesOf(service).flatMap(({ name, reachedBy }) => (reachedBy === "load-balancer" ? [name] : []));
  const to = kindOf("entrances", service.entrance).entrance?.to(service.entrance);
  const [first = "", ...others] = balanced;
  if (to === undefined) {
    if (others.length === 0) return [];
    return [
      {
        path,
        what: `${sayList(balanced)} have a load balancer each, and the entrance does not say which one serves users`,
        instead: `write to: ${first} if users are led to ${first}`,
      },
    ];
  }
  const named = computesOf(service).find(({ name }) => name === to);
  if (named && named.reachedBy !== "nobody") return [];
  return [
    {
      path: [...path, "to"],
      what: named
        ? `${to} is a worker without a load balancer: users cannot be led to it`
        : `there is no compute ${to}`,
      instead: balanced.length > 0 ? `write ${balanced.join(" or ")}` : "remove it",
    },
  ];
}

const computesOf = (service: ServiceFile) =>
  resourcesOf(service).flatMap(({ role, resource, path }) => {
    const reachedBy = kindOf(role, resource).compute?.reachedBy(resource);
    return reachedBy === undefined ? [] : [{ name: path.at(-1) ?? "", reachedBy }];
  });
