import { type Region, ROUTE53_CONTROL_PLANE, type ServiceFile } from "../../domain/service/service.ts";
import { KNOWN_REGIONS } from "../load-balancers.ts";
import { type Finding, type Path, sayList } from "../problem.ts";
import { mostSimilar } from "../similar.ts";
import { eachService, eachSite, type Rule, rule } from "./rule.ts";

/** Two regions that can stand in for each other, and a bot that stands in neither. */
export const SITE_RULES: readonly Rule[] = [
  rule({
    name: "region-known",
    severity: "error",
    because: "A region that does not exist is found out when it is needed.",
    needs: ["aws", "services"],
    check: ({ aws, services }) => [
      ...unknownRegion(aws.home, ["aws", "home"]),
      ...eachService(services, ({ home, standby }, path) => [
        ...unknownRegion(home, [...path, "home"]),
        ...unknownRegion(standby, [...path, "standby"]),
      ]),
    ],
  }),
  rule({
    name: "two-regions",
    severity: "error",
    because: "A standby in the region that failed is no standby.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ home, standby }, path) =>
        home === standby
          ? [{ path: [...path, "standby"], what: `home and standby are both ${home}`, instead: "write another region" }]
          : [],
      ),
  }),
  rule({
    name: "a-site-for-each-region",
    severity: "error",
    because: "Everything that moves is described in the region it moves from and in the region it moves to.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ home, standby, sites }, path) =>
        exactly([...path, "sites"], Object.keys(sites), [home, standby]),
      ),
  }),
  rule({
    name: "bot-stands-elsewhere",
    severity: "error",
    because: "A bot that dies with the region it should evacuate helps nobody.",
    needs: ["aws", "services"],
    check: ({ aws, services }) => {
      const protectedBy = Object.keys(services).filter((name) => regionsOf(services[name]).includes(aws.home));
      if (protectedBy.length === 0) return [];
      return [
        {
          path: ["aws", "home"],
          what: `TwoKey runs in ${aws.home}, which is a region of ${sayList(protectedBy)}`,
          instead: "run TwoKey in a third region and write that one",
        },
      ];
    },
  }),
  rule({
    // Seed errors 28 and 52: alarms and record changes depend on the region that failed.
    name: "control-plane-in-protected-region",
    severity: "warning",
    because: "The Route 53 API lives in us-east-1 and fails with it, although DNS goes on answering.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, (service, path, name) =>
        (["home", "standby"] as const)
          .filter((side) => service[side] === ROUTE53_CONTROL_PLANE)
          .map((side) => ({
            path: [...path, side],
            what: `when ${ROUTE53_CONTROL_PLANE} fails, records of ${name} cannot be changed: ${consequence(service, side)}`,
            instead: "choose another region, or prepare a switch that needs no Route 53 API (ARC routing controls)",
          })),
      ),
  }),
  rule({
    name: "tasks-fit",
    severity: "error",
    because: "A maximum below the wanted number scales the service back in.",
    needs: ["services"],
    check: ({ services }) =>
      eachSite(services, ({ compute: { tasks, max_tasks } }, _region, path) =>
        max_tasks === undefined || max_tasks >= tasks
          ? []
          : [
              {
                path: [...path, "compute", "max_tasks"],
                what: `max_tasks is ${max_tasks}, below the ${tasks} tasks that serve users`,
                instead: `write at least ${tasks}`,
              },
            ],
      ),
  }),
  rule({
    name: "standby-carries-the-load",
    severity: "warning",
    because: "After a failover the standby has all the users.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ home, standby, sites }, path) => {
        const [ours, theirs] = [sites[home]?.compute.tasks, sites[standby]?.compute.tasks];
        if (ours === undefined || theirs === undefined || theirs >= ours || home === standby) return [];
        return [
          {
            path: [...path, "sites", standby, "compute", "tasks"],
            what: `the standby would serve everybody with ${theirs} tasks where the home region has ${ours}`,
            instead: `write at least ${ours}, unless fewer were measured to be enough`,
          },
        ];
      }),
  }),
];

const regionsOf = (service: ServiceFile | undefined): Region[] => (service ? [service.home, service.standby] : []);

function unknownRegion(region: string, path: Path): Finding[] {
  if (KNOWN_REGIONS.includes(region)) return [];
  const near = mostSimilar(region, KNOWN_REGIONS);
  return [
    {
      path,
      what: `AWS has no region ${region}`,
      instead: near ? `did you mean ${near}?` : "write a region such as eu-west-1",
    },
  ];
}

/** Reports keys that are missing and keys that are too many. */
export function exactly(path: Path, found: readonly string[], wanted: readonly string[]): Finding[] {
  const asked = [...new Set(wanted)];
  return [
    ...asked
      .filter((key) => !found.includes(key))
      .map((key) => ({ path, what: `${String(path.at(-1))} has no entry for ${key}`, instead: `add ${key}` })),
    ...found
      .filter((key) => !asked.includes(key))
      .map((key) => ({
        path: [...path, key],
        isAboutKey: true as const,
        what: `${key} is neither home (${wanted[0]}) nor standby (${wanted[1]})`,
        instead: "remove it, or correct home or standby",
      })),
  ];
}

function consequence({ traffic }: ServiceFile, side: "home" | "standby"): string {
  if (side === "standby") return "users of the home region are safe, but no failback can move them";
  if (traffic.routing === "failover") {
    return "users move only if the PRIMARY health check turns unhealthy by itself, and nothing can move them back";
  }
  return "users stay on the dead side until the Route 53 API answers again, whatever else the failover has done";
}
