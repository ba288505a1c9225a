import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { RdsAt } from "./look.ts";
import type { RdsReplica } from "./settings.ts";
import { namesSource } from "./source.ts";

/**
 * Which region's instance is the writer. A replica names its source, which is enough even while the source's region is
 * dark; two standalone instances are two writers, and nobody but a person can say which one is right. So is one that was
 * promoted while another region's replica still follows the old writer.
 */
export function writer({ seen, resource }: RdsAt): Known<Region> {
  const all = Object.entries(seen.in).map(([region, { database: facts }]) => ({ region, facts }));
  const atMs = Math.min(...all.map(({ facts }) => facts.atMs));
  const standalone = all.filter(({ facts }) => facts.known && facts.value.role === "standalone");
  if (standalone.length > 1)
    return { known: false, cause: "failed", why: "both databases accept writes: neither follows the other", atMs };
  const sources = all.flatMap(({ facts }) =>
    facts.known && facts.value.role === "replica" ? [facts.value.source] : [],
  );
  const others = all.filter(({ facts }) => !facts.known || facts.value.role !== "replica");
  const named = others.filter(({ region }) => sources.every((source) => followsFrom(resource, source, region)));
  const [only] = others.length === 1 ? others : named.length === 1 ? named : [];
  const promoted = standalone.find(({ region }) => region !== only?.region);
  if (sources.length > 0 && only && promoted)
    return {
      ...{ known: false, cause: "failed", atMs },
      why: `the database in ${promoted.region} accepts writes, and a replica still follows the one in ${only.region}`,
    };
  if (sources.length > 0 && only) return { known: true, value: only.region, atMs };
  return {
    ...{ known: false, cause: "unreachable", atMs },
    why: "the databases could not be seen well enough to tell the writer",
  };
}

const followsFrom = (resource: RdsReplica, source: string | undefined, region: Region): boolean =>
  source !== undefined && namesSource(source, { region, instance: resource.in[region]?.id ?? "" });
