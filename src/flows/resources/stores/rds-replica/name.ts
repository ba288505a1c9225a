import type { RecordSet } from "../../../../ports/traffic.ts";
import { foreignTo, leftoverOf } from "../../record-sets.ts";

/** The one record set that leads the application to its writer, or why there is none that could be led elsewhere. */
export type WriterRecord = { readonly record: RecordSet } | { readonly refused: string };

/**
 * One CNAME, without routing of its own: whatever else stands under the name could go on leading the application to the old
 * writer. Found only when it is written, after the promotion, it would leave nobody a choice (G21).
 */
export function writerRecordOf(name: string, all: readonly RecordSet[]): WriterRecord {
  const foreign = foreignTo(all);
  if (foreign !== undefined) return { refused: foreign };
  const record = all.find(isPlainCname);
  if (!record) {
    const there = leftoverOf(all, []);
    return { refused: `${name} is no plain CNAME record${there === undefined ? "" : ` (${there})`}` };
  }
  const left = leftoverOf(all, [record]);
  return left === undefined
    ? { record }
    : { refused: `what is left would still lead the application elsewhere: ${left}` };
}

/** A set with an identifier is one of several, now or some day, and Route 53 chooses among them. */
const isPlainCname = ({ type, setIdentifier, values }: RecordSet): boolean =>
  type === "CNAME" && setIdentifier === undefined && values !== undefined;
