import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/region.ts";
import type { RecordSet } from "../../../../ports/traffic.ts";
import { answersOf, zonesHolding } from "../../answers.ts";
import type { Answers, Asking, Subject } from "../../kind.ts";
import type { Route53 } from "./settings.ts";

/** Zone and routing of a name, and which of its records belongs to which region. */
export async function discover(settings: Route53, { path }: Subject, asking: Asking): Promise<Known<Answers>> {
  const entry = settings.names[Number(path[1])];
  const holding = await zonesHolding(entry?.name ?? "", asking);
  if (!holding.known) return holding;
  const zones = holding.value.map(({ zone }) => zone.id);
  const meant = holding.value.filter(({ zone }) => entry?.zone === undefined || zone.id === entry.zone);
  const [only, ...others] = meant;
  const records = only && others.length === 0 ? ofRecords(only.records, asking) : {};
  return { ...holding, value: answersOf({ zone: zones, ...records }) };
}

type Found = Readonly<Record<string, readonly (string | number | undefined)[]>>;

function ofRecords(records: readonly RecordSet[], asking: Asking): Found {
  const weighted = records.filter(({ weight }) => weight !== undefined);
  if (weighted.length > 0) return { routing: ["weighted"], ...identifiers(weighted, asking) };
  const [primary, secondary] = (["PRIMARY", "SECONDARY"] as const).map((side) =>
    records.filter(({ failover }) => failover === side).map(({ setIdentifier }) => setIdentifier),
  );
  if (primary?.length && secondary?.length) return { routing: ["failover"], primary, secondary };
  const cname = records.find(({ type, setIdentifier }) => type === "CNAME" && setIdentifier === undefined);
  return cname ? { routing: ["simple"], ttl_seconds: [cname.ttlSeconds], ...values(cname, asking) } : {};
}

/**
 * The record that leads to a region's load balancer is that region's. After a failover all of them lead to one region and
 * say nothing about which is whose: then what was known before goes on counting.
 */
function identifiers(records: readonly RecordSet[], { regions, balancer }: Asking): Found {
  const owners = regions.map((region) => ({
    region,
    // A and AAAA of one side bear the same identifier.
    ids: [
      ...new Set(
        records
          .filter(({ alias }) => leadsTo(alias?.dnsName, region, balancer))
          .map(({ setIdentifier }) => setIdentifier),
      ),
    ],
  }));
  if (owners.some(({ ids }) => ids.length !== 1)) return {};
  return Object.fromEntries(owners.map(({ region, ids }) => [`set_identifiers.${region}`, ids]));
}

/** Where the CNAME names a load balancer directly, each region's value is its load balancer. Another name is a person's to say. */
function values({ values: now = [] }: RecordSet, { regions, balancer }: Asking): Found {
  const isDirect = regions.some((region) => leadsTo(now[0], region, balancer));
  if (!isDirect || regions.some((region) => balancer(region) === undefined)) return {};
  return Object.fromEntries(regions.map((region) => [`values.${region}`, [balancer(region)?.dns_name.toLowerCase()]]));
}

function leadsTo(name: string | undefined, region: Region, balancer: Asking["balancer"]): boolean {
  const own = balancer(region)?.dns_name.toLowerCase();
  return (
    own !== undefined &&
    name
      ?.toLowerCase()
      .replace(/\.$/, "")
      .replace(/^dualstack\./, "") === own
  );
}
