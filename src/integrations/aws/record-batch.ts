import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { StepFailed } from "../../domain/errors.ts";
import { canonicalJson } from "../../domain/json.ts";
import type { RecordChange, RecordSet } from "../../ports/traffic.ts";
import { recordSetOf, toResourceRecordSet } from "./record-set.ts";

/** All changes of one call: Route 53 makes all of them or none. `spelt` is how it has each set that is taken away. */
export function batchOf({ records, exchange }: RecordChange, spelt: readonly ResourceRecordSet[]): Change[] {
  return [
    ...spelt.map((set) => ({ Action: "DELETE" as const, ResourceRecordSet: set })),
    ...(exchange?.to ?? []).map((set) => ({ Action: "CREATE" as const, ResourceRecordSet: toResourceRecordSet(set) })),
    ...records.map((set) => ({ Action: "UPSERT" as const, ResourceRecordSet: toResourceRecordSet(set) })),
  ];
}

/** A TXT set is read as it is spelt. Names inside every other one are made comparable, and DELETE wants them as they are. */
export const isSpeltAsRead = ({ type }: RecordSet): boolean => type === "TXT";

/** The set among `listed` that was read as this one; undefined when it does not stand there any more. */
export function speltAs(set: RecordSet, listed: readonly ResourceRecordSet[]): ResourceRecordSet | undefined {
  if (isSpeltAsRead(set)) return toResourceRecordSet(set);
  return listed.find((each) => canonicalJson(recordSetOf(each)) === canonicalJson(set));
}

export function refuseForeign(records: readonly RecordSet[]): void {
  for (const { name, type, foreign = [] } of records) {
    if (foreign.length === 0) continue;
    const what = `${type} ${name} has ${foreign.join(", ")}, which TwoKey does not change`;
    throw new StepFailed("foreign-record", `Will not change ${what}`, { facts: { name, type } });
  }
}

/** What Route 53 says of an exchange that came too late; no other refusal of a batch has one of these. */
const MOVED = /but it was not found|do not match the current values|but it already exists/;

export const saysMoved = (code: string, said: string): boolean => code === "InvalidChangeBatch" && MOVED.test(said);
