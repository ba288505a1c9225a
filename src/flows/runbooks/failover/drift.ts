import { canonicalJson } from "../../../domain/json.ts";
import type { Assumption } from "../../../domain/plan-run/plan.ts";
import type { Known, RecordSet } from "../../../domain/service/observed.ts";
import type { Region, Service } from "../../../domain/service/service.ts";
import type { TargetObservation } from "../../observe.ts";
import { trafficOf } from "../../resources/site.ts";

/**
 * The facts a failover rests on, by name. Identity facts (G3): who is writer, which resources, which records. A value of
 * undefined means it could not be seen now, and what cannot be seen is not drift.
 */
export function identityFacts(
  service: Service,
  observed: TargetObservation,
  to: Region,
): Readonly<Record<string, { value: string | undefined; says: string }>> {
  const site = observed.sites[to];
  const database = seen(site?.database);
  const compute = seen(site?.compute);
  const records = seen(observed.trafficRecords);
  const record = seen(observed.databaseRecord);
  return {
    "standby-source": {
      value:
        database &&
        `${database.instance} ${database.role === "replica" ? `follows ${database.source ?? "?"}` : "is standalone"}`,
      says: `the standby's database and what it follows`,
    },
    "standby-class": { value: database?.instanceClass, says: "the standby's instance class" },
    "standby-service": {
      value: compute && `${compute.status} ${compute.taskDefinition}`,
      says: "the standby's service and task definition",
    },
    "traffic-records": {
      value: records && canonicalJson(sortedRecords(service, records)),
      says: `the records of ${trafficOf(service).name}`,
    },
    "database-record": { value: record && canonicalJson(record), says: "the database's CNAME" },
  };
}

function sortedRecords(service: Service, records: readonly RecordSet[]): RecordSet[] {
  const ours = trafficOf(service).routing === "simple" ? records.filter((record) => record.type === "CNAME") : records;
  return [...ours].sort((a, b) => (a.setIdentifier ?? "").localeCompare(b.setIdentifier ?? ""));
}

export function assumptionsFrom(service: Service, observed: TargetObservation, to: Region): Assumption[] {
  return Object.entries(identityFacts(service, observed, to)).flatMap(([fact, { value, says }]) =>
    value === undefined ? [] : [{ kind: "identity" as const, fact, says, value }],
  );
}

const seen = <T>(known: Known<T> | undefined): T | undefined => (known?.known ? known.value : undefined);

/** Why the keys no longer hold, in words; empty when they do. */
export function driftOf(
  assumptions: readonly Assumption[],
  service: Service,
  observed: TargetObservation,
  to: Region,
): string[] {
  const facts = identityFacts(service, observed, to);
  const lag = observed.sites[to]?.lag;
  return assumptions.flatMap((assumption) => {
    if (assumption.kind === "identity") {
      const now = facts[assumption.fact]?.value;
      return now === undefined || now === assumption.value ? [] : [`${assumption.says} changed`];
    }
    if (assumption.fact === "lag-seconds" && lag?.known && lag.value.seconds > assumption.limit) {
      return [`the standby is now ${lag.value.seconds} s behind; at most ${assumption.limit} s was accepted`];
    }
    return [];
  });
}
