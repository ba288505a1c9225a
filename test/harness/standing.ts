import { canonicalJson } from "../../src/domain/json.ts";
import type { Known } from "../../src/domain/service/observed.ts";
import type { Service } from "../../src/domain/service/service.ts";
import type { CloudReads } from "../../src/ports/step.ts";
import { eventually } from "./eventually.ts";
import { siteOf, trafficOf } from "./site.ts";

const LOOK_AGAIN_WITHIN_MS = 20_000;

interface Standing {
  readonly cloud: Pick<CloudReads, "databases" | "firewall" | "compute" | "traffic">;
  readonly service: Service;
}

/** What a run takes from the old side, as it stands now: what an unwound run has to have given back. */
export async function standingOf({ cloud, service }: Standing) {
  const { home } = service;
  const traffic = trafficOf(service);
  const { database, compute } = siteOf(service, home);
  const [rules, serviceNow, records] = await Promise.all([
    seen(() => cloud.firewall.rules(home, database.security_group)),
    seen(() => cloud.compute.describe(home, compute)),
    seen(() => cloud.traffic.records(traffic.zone, traffic.name)),
  ]);
  const { desired, scaling } = serviceNow;
  return { rules, desired, scaling, records: new Set(records.map(canonicalJson)) };
}

/** A busy machine may not answer the first look in the short time that some tests give a silent endpoint. */
function seen<T>(look: () => Promise<Known<T>>): Promise<T> {
  return eventually("answer", LOOK_AGAIN_WITHIN_MS, async () => {
    const known = await look();
    return known.known ? known.value : undefined;
  });
}
