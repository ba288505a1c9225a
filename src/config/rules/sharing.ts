import { resourcesOf, type Service, type ServiceFile } from "../../domain/service/service.ts";
import { kindOf } from "../../flows/resources/index.ts";
import type { SharedThing } from "../../flows/resources/kind.ts";
import { settled } from "../../flows/resources/settle.ts";
import type { Finding, Path, ProblemSeverity } from "../problem.ts";
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

export const SHARING_RULES: readonly Rule[] = SHARED.map((row) =>
  rule({
    ...{ name: nameOf(row), severity: row.severity, because: row.because },
    needs: ["services"],
    check: ({ services }) => sharedOf(row, Object.entries(services).flatMap(inFile)),
  }),
);

/** The same of what AWS said, for `twokey check`: what the file itself says is a problem of the file. */
export function sharedByDiscovery(services: readonly Service[]): { rule: string; what: string; instead: string }[] {
  const known = services.flatMap(({ found, name, ...service }) =>
    resourcesOf(service).flatMap((placed) => {
      const { kind, resource } = settled({ ...service, name, found }, placed);
      return hadBy(name, placed.path, kind.shares?.(resource, service.regions));
    }),
  );
  const written = services.flatMap((service) => inFile([service.name, service]));
  return SHARED.flatMap((row) => {
    const inText = sharedOf(row, written).map(({ what }) => what);
    const found = sharedOf(row, known).filter(({ what }) => !inText.includes(what));
    return found.map(({ what, instead }) => ({ rule: nameOf(row), what, instead }));
  });
}

function nameOf({ what }: Sharing): string {
  return `${what}-of-one-service`;
}

function sharedOf({ what, instead }: Sharing, things: readonly Had[]): Finding[] {
  const found = sharedBetween(
    firstOfEach(things).filter((thing) => thing.what === what),
    ({ says, owner }, first) => ({ what: `${owner} and ${first.owner} share the ${says}`, instead }),
  );
  // What is written once for every region is told of once.
  return found.filter(({ path }, at) => found.findIndex((other) => String(other.path) === String(path)) === at);
}

interface Had extends SharedThing {
  readonly owner: string;
}

const inFile = ([owner, service]: readonly [string, ServiceFile]): Had[] =>
  resourcesOf(service).flatMap(({ role, resource, path }) =>
    hadBy(owner, path, kindOf(role, resource).shares?.(resource, service.regions)),
  );

const hadBy = (owner: string, place: Path, things: readonly SharedThing[] = []): Had[] =>
  things.map((thing) => ({ ...thing, owner, path: ["services", owner, ...place, ...thing.path] }));

/** One service may have a thing several times. */
const firstOfEach = (things: readonly Had[]): Had[] =>
  things.filter(
    ({ owner, what, key }, at) =>
      things.findIndex((other) => other.owner === owner && other.what === what && other.key === key) === at,
  );
