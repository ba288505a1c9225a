import { resourcesOf, type ServiceFile } from "../../domain/service/service.ts";
import { kindOf } from "../../flows/resources/index.ts";
import type { SharedThing } from "../../flows/resources/kind.ts";
import type { Path, ProblemSeverity } from "../problem.ts";
import { type Rule, rule, sharedBetween } from "./rule.ts";

interface Sharing {
  readonly what: SharedThing["what"];
  readonly severity: ProblemSeverity;
  readonly because: string;
  readonly instead: string;
}

/** What two services can have in common although each resource is their own. Only what the file says is seen. */
const SHARED: readonly Sharing[] = [
  {
    what: "security-group",
    severity: "error",
    because: "The fence of one service closes the group, and with it the other's database.",
    instead: "give each database a security group of its own",
  },
  {
    what: "database-record",
    severity: "error",
    because: "A failover of one service would lead the other to a database that is not its own.",
    instead: "give each database a name of its own, or describe both services as one",
  },
  {
    what: "cluster",
    severity: "warning",
    because: "Services that move at one time take room and quota from each other in one cluster.",
    instead: "give each a cluster or a capacity provider of its own, or see that there is room for both at once",
  },
  {
    what: "load-balancer",
    severity: "warning",
    because: "A fault or a limit of a shared load balancer meets both services, and its health is read for each.",
    instead: "give each a load balancer of its own, or move both together",
  },
];

export const SHARING_RULES: readonly Rule[] = SHARED.map(({ what, severity, because, instead }) =>
  rule({
    ...{ name: `${what}-of-one-service`, severity, because },
    needs: ["services"],
    check: ({ services }) => {
      const found = sharedBetween(
        firstOfEach(services).filter((thing) => thing.what === what),
        ({ says, owner }, first) => ({ what: `${owner} and ${first.owner} share the ${says}`, instead }),
      );
      // What is written once for every region is told of once.
      return found.filter(({ path }, at) => found.findIndex((other) => String(other.path) === String(path)) === at);
    },
  }),
);

interface Had extends SharedThing {
  readonly owner: string;
}

/** One service may have a thing several times. */
function firstOfEach(services: Readonly<Record<string, ServiceFile>>): (Had & { readonly path: Path })[] {
  const all = Object.entries(services).flatMap(([owner, service]) =>
    resourcesOf(service).flatMap(({ role, resource, path }) =>
      (kindOf(role, resource).shares?.(resource, service.regions) ?? []).map((thing) => ({
        ...thing,
        ...{ owner, path: ["services", owner, ...path, ...thing.path] },
      })),
    ),
  );
  const byOwner = new Map(all.toReversed().map((thing) => [`${thing.owner} ${thing.what} ${thing.key}`, thing]));
  return [...byOwner.values()].toReversed();
}
