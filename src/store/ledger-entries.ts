import { type Act, type Recovery, recoveryDigest, WITNESSED } from "../domain/plan-run/recovery.ts";
import type { LedgerEntry } from "../ports/runs.ts";
import { EXPORTED } from "./archive-file.ts";
import { REMOVED } from "./closed-files.ts";
import type { Line } from "./ledger-lines.ts";
import { HEADS_KEPT, type Head } from "./ledger-marks.ts";
import { SEGMENT } from "./ledger-segments.ts";

/** A line that says who signed that this store counts again. */
export const ACCEPTED = "store-accepted";
/** A line that says how much of something this process has seen in the store. */
export const SEEN = "seen";
/** Lines that no other process has to write down. */
const NO_ACTS: ReadonlySet<string> = new Set([WITNESSED, EXPORTED, REMOVED, SEGMENT, SEEN]);
/** Lines that are about the ledger itself. */
const ABOUT_ITSELF: ReadonlySet<string> = new Set([ACCEPTED, EXPORTED, REMOVED, SEGMENT, SEEN]);

type Written = Line["entry"] | LedgerEntry;

/** Lines of a testimony, of a process's own acts and of those of the others: what a person can read. */
const ACTS_TOLD = 12;

const isWitnessed = ({ kind }: Act): boolean => kind === WITNESSED;

/** The newest acts that a process remembers: its own apart, so that the others' push none of them out. */
export function newest(acts: readonly Act[]): Act[] {
  const own = new Set(acts.filter((act) => !isWitnessed(act)).slice(-ACTS_TOLD));
  const others = new Set(acts.filter(isWitnessed).slice(-HEADS_KEPT));
  return acts.filter((act) => own.has(act) || others.has(act));
}

/** Those that it tells people when the store was lost. */
export function toldOf(acts: readonly Act[]): Act[] {
  const others = new Set(acts.filter(isWitnessed).slice(-ACTS_TOLD));
  return acts.filter((act) => !isWitnessed(act) || others.has(act));
}

/** An act as people read it after a lost store; none for lines that are about the ledger itself. */
export function actOf({
  door: _door,
  strength: _strength,
  captured: _captured,
  journal: _journal,
  freeze: _freeze,
  requestIds = [],
  ...act
}: Written): Act[] {
  return ABOUT_ITSELF.has(act.kind) ? [] : [{ ...act, requestIds: [...requestIds] }];
}

/** A line's act as the other processes are told it, where that is theirs to write down. `lines`: of its file, with this one. */
export function headOf(
  { mark, entry, chain }: Pick<Line, "mark" | "chain"> & { readonly entry: Written },
  { process, lines }: Pick<Head, "process" | "lines">,
): Head | undefined {
  const [act] = NO_ACTS.has(entry.kind) ? [] : actOf(entry);
  return act && { process, mark, act, lines, seal: chain };
}

/**
 * Acts of other processes that do not stand in this ledger yet, the oldest first. `last`: mark of the newest one that was seen.
 * After a start that is not known, and what the ledger's own last acts have already tells.
 */
export function unseen(
  heads: readonly Head[],
  { process, last, acts }: { readonly process: string; readonly last: string; readonly acts: readonly Act[] },
): readonly Head[] {
  const seenAt = heads.findIndex(({ mark }) => mark === last);
  const news = seenAt < 0 ? heads : heads.slice(0, seenAt);
  const stands = (head: Head) => {
    const { atMs, run, step, says } = witnessed(head);
    return acts.some((act) => act.atMs === atMs && act.run === run && act.step === step && act.says === says);
  };
  return news.filter((head) => head.process !== process && !stands(head)).toReversed();
}

/** An act of another process, in words: its machine may be lost together with the store. */
export function witnessed({
  process,
  act: { atMs, run, service, epoch, step, kind, says, requestIds },
}: Head): LedgerEntry {
  return {
    ...{ atMs, run, epoch, kind: WITNESSED, says: `${process}, ${kind}: ${says}`, requestIds },
    ...(service === undefined ? {} : { service }),
    ...(step === undefined ? {} : { step }),
  };
}

/** Its number is above every one that was ever used, so that epochs never decrease (G6). */
export function signOff(recovery: Recovery): LedgerEntry {
  const who = recovery.signatures.map(({ by }) => by).join(" and ");
  return {
    atMs: Math.max(...recovery.signatures.map(({ atMs }) => atMs)),
    run: recovery.id,
    epoch: Math.max(...recovery.testimonies.map(({ epoch }) => epoch)),
    kind: ACCEPTED,
    by: who,
    says: `${who} have looked and signed: this store counts from here on (${recoveryDigest(recovery)})`,
  };
}
