import { batchOf, speltAs } from "../../src/integrations/aws/record-batch.ts";
import { comparableName, recordSetOf } from "../../src/integrations/aws/record-set.ts";
import type { RecordChange, RecordSet } from "../../src/ports/traffic.ts";
import { applyChanges } from "../../src/simulators/aws/route53-changes.ts";
import { Change, type Zone } from "../../src/simulators/aws/route53-spec.ts";

export const ZONE = "Z1";
/** What stands at the top of every zone. */
const APEX = [
  Change.shape.ResourceRecordSet.parse({
    ...{ Name: "example.com.", Type: "NS", TTL: 172_800, ResourceRecords: [{ Value: "ns-1.example.org." }] },
  }),
  Change.shape.ResourceRecordSet.parse({
    ...{ Name: "example.com.", Type: "SOA", TTL: 900 },
    ResourceRecords: [{ Value: "ns-1.example.org. hostmaster.example.org. 1 7200 900 1209600 86400" }],
  }),
];
const CHECKS = { hasHealthCheck: () => true, blocksOf: () => [], aliasTarget: () => "found" as const };

/** One hosted zone, without the wire: our own batches, and what Route 53 makes of them. */
export class OneZone {
  readonly #zone: Zone = { id: ZONE, name: "example.com.", isPrivate: false, records: APEX, inSync: [] };

  /** Throws for a batch that does not fit what stands there. */
  apply(wish: RecordChange): void {
    const spelt = (wish.exchange?.from ?? []).map((set) => {
      const found = speltAs(set, this.#listed(set.name));
      if (!found) throw new Error("moved");
      return found;
    });
    const changes = batchOf(wish, spelt).map((change) => Change.parse(change));
    this.#zone.records = applyChanges(this.#zone, changes, CHECKS);
  }

  sets(name: string): RecordSet[] {
    const sets = this.#listed(name).map((set) => recordSetOf(set));
    return sets.toSorted((one, other) => ((one.setIdentifier ?? "") < (other.setIdentifier ?? "") ? -1 : 1));
  }

  #listed(name: string) {
    // None of these sets is routed by latency.
    const named = this.#zone.records.filter((set) => comparableName(set.Name) === name);
    return named.map(({ Region: _none, ...set }) => set);
  }
}
