import { sayTime } from "../../../../domain/duration.ts";
import type { Moved } from "../../../../domain/service/moved.ts";
import { isUnanswered, type Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import { isClosed } from "./judged.ts";
import type { RdsAt, RdsSeen } from "./look.ts";
import type { RdsReplica } from "./settings.ts";
import { namesSource } from "./source.ts";

/**
 * Which region's instance is the writer. AWS alone cannot tell while one that was left and fenced stands alone, and names that one
 * while its replica elsewhere still follows it: there the word of our own run counts, as long as this very look agrees with it.
 */
export function writer(at: RdsAt, moved?: Moved): Known<Region> {
  const seen = writerSeen(at);
  if (!moved) return seen;
  if (moved.kind === "unproven") return seen.known ? seen : { ...seen, why: `${seen.why}; ${moved.why}` };
  const isLeft = seen.known && Object.hasOwn(moved.fenced, seen.value);
  if ((seen.known && !isLeft) || !mayWrite(at.seen.in[moved.to])) return seen;
  const against = Object.entries(at.seen.in).flatMap(([region, there]) =>
    region === moved.to ? [] : (whyNotClosed(region, there, moved) ?? []),
  );
  const { atMs } = seen;
  if (against.length === 0) return { known: true, value: moved.to, atMs };
  const why = [...(seen.known ? [] : [seen.why]), ...against].join("; ");
  return { known: false, cause: "failed", why, atMs };
}

type InRegion = Pick<RdsSeen["in"][Region], "database" | "firewall">;
type Proven = Extract<Moved, { kind: "proven" }>;

/** It stands alone, or gives no answer. */
const mayWrite = (there: InRegion | undefined): boolean =>
  there !== undefined &&
  (there.database.known ? there.database.value.role === "standalone" : isUnanswered(there.database));

/** Why another region's database may take writes too; undefined: it takes none. */
function whyNotClosed(region: Region, { database, firewall }: InRegion, { fenced }: Proven): string | undefined {
  const isNoWriter = database.known ? database.value.role === "replica" : database.cause === "absent";
  if (isNoWriter) return undefined;
  const side = fenced[region];
  if (!side) return `no run has fenced ${region}`;
  if (!firewall.known) {
    const isSilent = isUnanswered(database) && isUnanswered(firewall);
    return isSilent ? undefined : `nobody can see whether ${region} is closed: ${firewall.why}`;
  }
  const since = sayTime(side.sinceMs, firewall.atMs);
  return isClosed(firewall)
    ? undefined
    : `${region} was fenced by ${side.run} at ${since}, and its security group lets somebody in now`;
}

/**
 * What AWS says by itself. A replica names its source, which is enough even while the source's region is
 * dark; two standalone instances are two writers, and nobody but a person can say which one is right. So is one that was
 * promoted while another region's replica still follows the old writer.
 */
function writerSeen({ seen, resource }: RdsAt): Known<Region> {
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
  if (only && promoted)
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
