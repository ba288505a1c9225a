import type { Head, StoredMarks } from "./ledger-marks.ts";

export const WENT_BACK =
  "Redis does not know the newest line of this ledger: Redis went back in time, or the ledger lost its end";

/** What a ledger file ends with. `mark`: of the newest line, or "" where there is none; `seal`: of that line. */
export interface LedgerEnd {
  readonly process: string;
  readonly mark: string;
  readonly lines: number;
  readonly seal: string;
}

/** Why the store does not know this ledger; undefined: it does. */
export function unknownTo({ own, head }: StoredMarks, end: LedgerEnd): string | undefined {
  if (end.mark === "") return undefined;
  if (own?.includes(end.mark)) return changedSince(head, end);
  return own === undefined
    ? "Redis came back empty or older, or it is another one: it does not know this ledger"
    : WENT_BACK;
}

/** The newest line is the one that the store knows. One before it that was taken out or altered shows in length or seal. */
function changedSince(head: Head | undefined, end: LedgerEnd): string | undefined {
  if (head?.process !== end.process || head.mark !== end.mark) return undefined;
  const { lines, seal } = head;
  if (lines !== end.lines)
    return `This ledger has ${end.lines} lines, and Redis knows ${lines}: lines were taken out or added`;
  return seal === end.seal ? undefined : "The newest line of this ledger has another seal than Redis knows";
}
