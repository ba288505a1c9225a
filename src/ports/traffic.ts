import type { Known } from "../domain/service/observed.ts";
import type { Act } from "./databases.ts";

/** A Route 53 record set with what TwoKey understands of it, in a comparable form (names lower case, no trailing dot). */
export interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  readonly weight?: number;
  readonly failover?: "PRIMARY" | "SECONDARY";
  readonly ttlSeconds?: number;
  readonly values?: readonly string[];
  readonly alias?: { readonly zone: string; readonly dnsName: string; readonly evaluateTargetHealth: boolean };
  readonly healthCheck?: string;
  /** Attributes TwoKey does not change (traffic policies, geolocation …): a set that has any is refused. */
  readonly foreign?: readonly string[];
}

export interface RecordChange {
  readonly zone: string;
  /** Written over whatever stands there. */
  readonly records: readonly RecordSet[];
  /** `from` is taken away and `to` is made. Unless exactly `from` stands there the whole change is refused: TransientError `records-moved`. */
  readonly exchange?: { readonly from: readonly RecordSet[]; readonly to: readonly RecordSet[] };
  readonly comment: string;
}

/** Records of hosted zones. Errors as in `Databases`. */
export interface TrafficControl {
  /** Every record set with exactly this name, all types and set identifiers, in a stable order. */
  records(zone: string, name: string, signal?: AbortSignal): Promise<Known<readonly RecordSet[]>>;
  /** All or none. The change is pending until `changeState` says it is in sync. */
  upsert(wish: RecordChange, signal?: AbortSignal): Promise<Act & { readonly changeId: string }>;
  changeState(changeId: string, signal?: AbortSignal): Promise<"pending" | "in-sync">;
}
