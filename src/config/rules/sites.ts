import { sayDuration } from "../../domain/duration.ts";
import { couldBeRegion, KNOWN_REGIONS, partitionOf, type Region } from "../../domain/service/region.ts";
import type { ServiceFile } from "../../domain/service/service.ts";
import { mostSimilar } from "../../domain/similar.ts";
import { type Finding, type Path, sayList } from "../problem.ts";
import { unknownName } from "./people.ts";
import { eachService, type Rule, rule } from "./rule.ts";

/** Regions that can stand in for each other, and a bot that stands in none of them. */
export const SITE_RULES: readonly Rule[] = [
  rule({
    name: "region-known",
    severity: "error",
    because: "A region that does not exist is found out when it is needed.",
    needs: ["aws", "services"],
    check: ({ aws, services }) => regionsNamed(aws.sts, services).flatMap(impossibleRegion),
  }),
  rule({
    name: "region-is-new",
    severity: "warning",
    because: "A region that is newer than this TwoKey works; a slip of the fingers does not.",
    needs: ["aws", "services"],
    check: ({ aws, services }) => regionsNamed(aws.sts, services).flatMap(newRegion),
  }),
  rule({
    name: "two-regions",
    severity: "error",
    because: "A standby in the region that failed is no standby.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ regions }, path) =>
        regions.flatMap((region, at) =>
          regions.indexOf(region) === at
            ? []
            : [{ path: [...path, "regions", at], what: `${region} is named twice`, instead: "write another region" }],
        ),
      ),
  }),
  rule({
    name: "one-partition",
    severity: "error",
    because: "Accounts, roles and replication end at the border of a partition (China, GovCloud).",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ regions: [home = "", ...others] }, path) =>
        others.flatMap((region, at) => {
          if (partitionOf(region) === partitionOf(home)) return [];
          return [
            {
              path: [...path, "regions", at + 1],
              what: `${region} lies in the partition ${partitionOf(region)}, ${home} in ${partitionOf(home)}`,
              instead: `write a region of ${partitionOf(home)}`,
            },
          ];
        }),
      ),
  }),
  rule({
    name: "bot-stands-elsewhere",
    severity: "error",
    because: "A bot that dies with the region it should evacuate helps nobody.",
    needs: ["aws", "services"],
    check: ({ aws: { sts }, services }) => {
      const protectedBy = Object.keys(services).filter((name) => services[name]?.regions.includes(sts));
      if (protectedBy.length === 0) return [];
      const at = { path: ["aws", "sts"], what: `TwoKey runs in ${sts}, which is a region of ${sayList(protectedBy)}` };
      if (hasOtherRegion(sts, services)) return [{ ...at, instead: "run TwoKey in a third region and write that one" }];
      const instead = `run a process of TwoKey in each of them: ${partitionOf(sts)} has no third region`;
      return [{ ...at, instead, severity: "warning" }];
    },
  }),
  rule({
    name: "sts-in-the-partition",
    severity: "error",
    because: "Credentials of one partition are worth nothing in another one (China, GovCloud).",
    needs: ["aws", "services"],
    check: ({ aws, services }) => {
      const others = Object.values(services).flatMap(({ regions: [home = ""] }) => home);
      const [other] = others.filter((home) => partitionOf(home) !== partitionOf(aws.sts));
      if (other === undefined) return [];
      return [
        {
          path: ["aws", "sts"],
          what: `${aws.sts} lies in the partition ${partitionOf(aws.sts)}, and ${other} in ${partitionOf(other)}`,
          instead: `write a region of ${partitionOf(other)}`,
        },
      ];
    },
  }),
  rule({
    name: "rto-is-possible",
    severity: "error",
    because: "Nobody recovers in no time.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ rto }, path) =>
        rto > 0
          ? []
          : [{ path: [...path, "rto"], what: "an RTO of zero cannot be met", instead: "write a time such as 15m" }],
      ),
  }),
  rule({
    name: "needs-exist",
    severity: "error",
    because: "A service that waits for one that nobody describes waits without end.",
    needs: ["services"],
    knows: ["services"],
    check: ({ services }, { services: known }) =>
      eachService(services, ({ needs }, path) =>
        needs.flatMap((need, at) =>
          known.includes(need) ? [] : [{ path: [...path, "needs", at], ...unknownName(need, "services", known) }],
        ),
      ),
  }),
  rule({
    name: "needs-have-an-order",
    severity: "error",
    because: "Services that need each other can never be moved one after the other.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ needs }, path, name) =>
        needs.flatMap((need, at) => {
          const way = wayBack(services, need, name);
          if (!way) return [];
          return [
            {
              path: [...path, "needs", at],
              what: `${[name, ...way].join(" needs ")}, so no service can be first`,
              instead: "remove the need that matters least, or describe them as one service",
            },
          ];
        }),
      ),
  }),
  rule({
    name: "budget-fits-rto",
    severity: "error",
    because: "Parts that are longer than the whole promise an RTO that the plan itself breaks.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ budget, rto }, path) => {
        const sum = Object.values(budget ?? {}).reduce<number>((total, ms) => total + (ms ?? 0), 0);
        if (sum <= rto) return [];
        return [
          {
            path: [...path, "budget"],
            what: `the parts together take ${sayDuration(sum)}, more than the RTO (${sayDuration(rto)})`,
            instead: "write shorter parts, or a longer RTO",
          },
        ];
      }),
  }),
];

type Services = Readonly<Record<string, ServiceFile>>;

/** Whether its partition has a region, as far as this TwoKey knows, that no service of the file has. */
function hasOtherRegion(sts: Region, services: Services): boolean {
  const taken = new Set(Object.values(services).flatMap(({ regions }) => regions));
  return KNOWN_REGIONS.some((region) => partitionOf(region) === partitionOf(sts) && !taken.has(region));
}

/** The chain of needs that leads from `from` to `to`; undefined where none does. */
function wayBack(
  services: Readonly<Record<string, ServiceFile>>,
  from: string,
  to: string,
): readonly string[] | undefined {
  const ways: string[][] = [[from]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way; way = ways.shift()) {
    const here = way.at(-1) ?? "";
    if (here === to) return way;
    if (seen.has(here)) continue;
    seen.add(here);
    for (const next of services[here]?.needs ?? []) ways.push([...way, next]);
  }
  return undefined;
}

interface NamedRegion {
  readonly region: Region;
  readonly path: Path;
}

function regionsNamed(sts: Region, services: Readonly<Record<string, ServiceFile>>): NamedRegion[] {
  return [
    { region: sts, path: ["aws", "sts"] },
    ...Object.entries(services).flatMap(([name, { regions }]) =>
      regions.map((region, at) => ({ region, path: ["services", name, "regions", at] })),
    ),
  ];
}

function impossibleRegion({ region, path }: NamedRegion): Finding[] {
  if (KNOWN_REGIONS.includes(region) || couldBeRegion(region)) return [];
  const near = mostSimilar(region, KNOWN_REGIONS);
  return [
    {
      path,
      what: `AWS has no region ${region}`,
      instead: near ? `did you mean ${near}?` : "write a region such as eu-west-1",
    },
  ];
}

function newRegion({ region, path }: NamedRegion): Finding[] {
  if (KNOWN_REGIONS.includes(region) || !couldBeRegion(region)) return [];
  const near = mostSimilar(region, KNOWN_REGIONS);
  return [
    {
      path,
      what: `${region} is not among the regions that this TwoKey knows`,
      instead: `keep it if AWS has it by now${near ? `; did you mean ${near}?` : ""}`,
    },
  ];
}
