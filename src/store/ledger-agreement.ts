import type { Head, StoredMarks } from "./ledger-marks.ts";

export const WENT_BACK =
  "Redis does not know the newest line of this ledger: Redis went back in time, or the ledger lost its end";
export const LEDGER_GONE =
  "Redis knows lines of this ledger, and its file is empty: the disk is another one, or somebody took the file away";

/** What a ledger file ends with. `mark`: of the newest line, or "" where there is none; `seal`: of that line. */
export interface LedgerEnd {
  readonly process: string;
  readonly mark: string;
  readonly lines: number;
  readonly seal: string;
}

/** Why the store does not know this ledger; undefined: it does, or both begin. */
export function unknownTo({ own, head }: StoredMarks, end: LedgerEnd): string | undefined {
  if (own === undefined)
    return end.mark === ""
      ? undefined
      : "Redis came back empty or older, or it is another one: it does not know this ledger";
  // An empty one fits where its first line was on its way: before that mark the store then has none either.
  if (own.includes(end.mark)) return changedSince(head, end);
  return end.mark === "" ? LEDGER_GONE : WENT_BACK;
}

/**
 * By what people sign for this end of a ledger: its newest mark. An empty one has none, and is known by what it lacks. What is lost
 * once more lacks something else, so that no signature fits twice.
 */
export const signedAs = ({ own }: Pick<StoredMarks, "own">, mark: string): string =>
  mark === "" ? lacking(own) : mark;

const lacking = (own: StoredMarks["own"]): string => `without ${own?.join(" ") ?? "a mark"}`;

/** Its process has testified that it was gone, and what the store knows of it is there again. */
export function isBack(stored: StoredMarks, end: LedgerEnd): boolean {
  const gone = lacking(stored.own);
  const isSaid = stored.testimonies.some(({ process, mark }) => process === end.process && mark === gone);
  return isSaid && end.mark !== "" && unknownTo(stored, end) === undefined;
}

/** The newest line is the one that the store knows. One before it that was taken out or altered shows in length or seal. */
function changedSince(head: Head | undefined, end: LedgerEnd): string | undefined {
  if (head?.process !== end.process || head.mark !== end.mark) return undefined;
  const { lines, seal } = head;
  if (lines !== end.lines)
    return `This ledger has ${end.lines} lines, and Redis knows ${lines}: lines were taken out or added`;
  return seal === end.seal ? undefined : "The newest line of this ledger has another seal than Redis knows";
}
