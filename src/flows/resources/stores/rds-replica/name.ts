import type { RecordSet } from "../../../../ports/traffic.ts";
import { foreignTo, leftoverOf } from "../../../steps/record-sets.ts";

/** The one record set that leads the application to its writer, or why there is none that could be led elsewhere. */
export type WriterRecord = { readonly record: RecordSet } | { readonly refused: string };

/**
 * One CNAME, without routing of its own: whatever else stands under the name could go on leading the application to the old
 * writer. Found only when it is written, after the promotion, it would leave nobody a choice (G21).
 */
export function writerRecordOf(name: string, all: readonly RecordSet[]): WriterRecord {
  const record = all.find(isPlainCname);
  const wrong = [foreignTo(all) ?? [], shapeOf(name, all, record) ?? []].flat();
  return record && wrong.length === 0 ? { record } : { refused: wrong.join("; ") };
}

function shapeOf(name: string, all: readonly RecordSet[], record: RecordSet | undefined): string | undefined {
  const left = leftoverOf(all, record ? [record] : []);
  if (record) return left && `what is left would still lead the application elsewhere: ${left}`;
  return `${name} is no plain CNAME record${left === undefined ? "" : ` (${left})`}`;
}

/** A set with an identifier is one of several, now or some day, and Route 53 chooses among them. */
const isPlainCname = ({ type, setIdentifier, values }: RecordSet): boolean =>
  type === "CNAME" && setIdentifier === undefined && values !== undefined;
