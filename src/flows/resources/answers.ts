import type { FoundZone } from "../../domain/service/discovered.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { RecordSet } from "../../ports/traffic.ts";
import type { Answer, Answers, Asking } from "./kind.ts";

/** Each setting with everything that AWS has for it: one value is the answer, several are a question, none is left out. */
export function answersOf(found: Readonly<Record<string, readonly (string | number | undefined)[]>>): Answers {
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, values]): [string, Answer][] => {
      const [first, ...others] = new Set(values.filter((value) => value !== undefined));
      if (first === undefined) return [];
      return [[name, others.length === 0 ? { value: first } : { choices: [first, ...others] }]];
    }),
  );
}

export interface Holder {
  readonly zone: FoundZone;
  readonly records: readonly RecordSet[];
}

/** Zones that hold records of exactly this name, with those records. */
export async function zonesHolding(name: string, asking: Asking): Promise<Known<readonly Holder[]>> {
  const zones = await asking.discovery.zones(name, asking.signal);
  if (!zones.known) return zones;
  const holders: Holder[] = [];
  for (const zone of zones.value) {
    const records = await asking.traffic.records(zone.id, name, asking.signal);
    if (!records.known) return records;
    if (records.value.length > 0) holders.push({ zone, records: records.value });
  }
  return { ...zones, value: holders };
}
