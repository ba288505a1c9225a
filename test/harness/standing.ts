import { canonicalJson } from "../../src/domain/json.ts";
import type { Known } from "../../src/domain/service/observed.ts";
import type { Service } from "../../src/domain/service/service.ts";
import type { Cloud } from "../../src/ports/step.ts";
import { siteOf, trafficOf } from "./site.ts";

interface Standing {
  readonly cloud: Pick<Cloud, "databases" | "firewall" | "compute" | "traffic">;
  readonly service: Service;
}

/** What a run takes from the old side, as it stands now: what an unwound run has to have given back. */
export async function standingOf({ cloud, service }: Standing) {
  const { home } = service;
  const traffic = trafficOf(service);
  const { database, compute } = siteOf(service, home);
  const [rules, serviceNow, records] = await Promise.all([
    cloud.firewall.rules(home, database.security_group),
    cloud.compute.describe(home, compute),
    cloud.traffic.records(traffic.zone, traffic.name),
  ]);
  const { desired, scaling } = seen(serviceNow);
  return { rules: seen(rules), desired, scaling, records: new Set(seen(records).map(canonicalJson)) };
}

function seen<T>(known: Known<T>): T {
  if (!known.known) throw new Error(known.why);
  return known.value;
}
