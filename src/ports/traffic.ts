import type { Known, RecordSet } from "../domain/service/observed.ts";
import type { Act } from "./databases.ts";

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
