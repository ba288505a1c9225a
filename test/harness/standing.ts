import { canonicalJson } from "../../src/domain/json.ts";
import type { Known } from "../../src/domain/service/observed.ts";
import type { Service } from "../../src/domain/service/service.ts";
import { clustersIn, computesIn, namesOf, storesIn } from "../../src/flows/resources/site.ts";
import { writerOf } from "../../src/ports/clusters.ts";
import type { CloudReads } from "../../src/ports/step.ts";
import { eventually } from "./eventually.ts";

interface Standing {
  readonly cloud: Pick<CloudReads, "databases" | "clusters" | "firewall" | "compute" | "traffic">;
  readonly service: Service;
}

/**
 * What a run takes from the old side, as it stands now: what an unwound run has to have given back. Every store, compute and
 * name of the service, by the name that the file gives it.
 */
export async function standingOf({ cloud, service }: Standing) {
  const { home } = service;
  const stores = storesIn(service, home);
  const [databases, writers, computes, records] = await Promise.all([
    byName(stores, ({ database }) => cloud.databases.describe(home, database.instance)),
    byName(clustersIn(service, home), ({ cluster }) => cloud.clusters.describe(home, cluster)),
    byName(computesIn(service, home), ({ compute }) => cloud.compute.describe(home, compute)),
    byName([...namesOf(service), ...stores.flatMap(({ record }) => record ?? [])], ({ zone, name }) =>
      cloud.traffic.records(zone, name),
    ),
  ]);
  const carried = Object.entries(databases).flatMap(([name, { securityGroups }]) =>
    securityGroups.map((group) => ({ name: `${name} ${group}`, group })),
  );
  return {
    // By store and security group.
    rules: await byName(carried, ({ group }) => cloud.firewall.rules(home, group)),
    zones: mapped(databases, ({ availabilityZone }) => availabilityZone),
    writers: mapped(writers, (cluster) => writerOf(cluster)?.instance),
    tasks: mapped(computes, ({ desired, scaling }) => ({ desired, scaling })),
    records: mapped(records, (sets) => new Set(sets.map(canonicalJson))),
  };
}

type ByName<T> = Readonly<Record<string, T>>;

async function byName<Thing extends { readonly name: string }, T>(
  things: readonly Thing[],
  look: (thing: Thing) => Promise<Known<T>>,
): Promise<ByName<T>> {
  const looks = things.map(async (thing) => [thing.name, await seen(() => look(thing))] as const);
  return Object.fromEntries(await Promise.all(looks));
}

const mapped = <T, Other>(values: ByName<T>, map: (value: T) => Other): ByName<Other> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));

/** A busy machine may not answer the first look in the short time that some tests give a silent endpoint. */
function seen<T>(look: () => Promise<Known<T>>): Promise<T> {
  return eventually("answer", async () => {
    const known = await look();
    return known.known ? known.value : undefined;
  });
}
