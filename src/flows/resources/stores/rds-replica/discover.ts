import type { Known } from "../../../../domain/service/observed.ts";
import { answersOf, zonesHolding } from "../../answers.ts";
import type { Answers, Asking, Subject } from "../../kind.ts";
import type { RdsReplica } from "./settings.ts";

/** Of an instance its endpoint and security group; of the writer's name its zone and TTL. */
export function discover(settings: RdsReplica, { path, region }: Subject, asking: Asking): Promise<Known<Answers>> {
  const { name: writer } = settings;
  if (path[0] === "name" && writer) return discoverName(writer, asking);
  return discoverInstance(settings.in[region]?.id ?? "", region, asking);
}

async function discoverInstance(id: string, region: string, asking: Asking): Promise<Known<Answers>> {
  const found = await asking.discovery.database(region, id, asking.signal);
  if (!found.known) return found;
  const { endpoint, securityGroups } = found.value;
  return { ...found, value: answersOf({ endpoint: [endpoint.host.toLowerCase()], security_group: securityGroups }) };
}

type WriterName = NonNullable<RdsReplica["name"]>;

async function discoverName({ name, zone }: WriterName, asking: Asking): Promise<Known<Answers>> {
  const holding = await zonesHolding(name, asking);
  if (!holding.known) return holding;
  const cnames = holding.value.flatMap((holder) => {
    const record = holder.records.find(({ type }) => type === "CNAME");
    return record ? [{ zone: holder.zone.id, ttl: record.ttlSeconds }] : [];
  });
  const meant = cnames.filter((cname) => zone === undefined || cname.zone === zone);
  const ttls = meant.length === 1 ? meant.map(({ ttl }) => ttl) : [];
  return { ...holding, value: answersOf({ zone: cnames.map((cname) => cname.zone), ttl_seconds: ttls }) };
}
