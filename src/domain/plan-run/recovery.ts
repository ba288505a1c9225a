import { z } from "zod";
import { DoorName, type Event } from "../event.ts";
import { canonicalJson } from "../json.ts";
import { sha256 } from "../service/inventory.ts";
import type { Signable } from "./key.ts";
import { VOTE_COUNTS_FOR_MS } from "./votes.ts";

/** One line of a ledger, as far as people need it. */
export const Act = z.strictObject({
  atMs: z.number(),
  run: z.string(),
  service: z.string().optional(),
  epoch: z.number(),
  kind: z.string(),
  step: z.string().optional(),
  by: z.string().optional(),
  says: z.string(),
  requestIds: z.array(z.string()).default([]),
});
export type Act = z.infer<typeof Act>;

/** A line that only says what another process has written. */
export const WITNESSED = "witnessed";

/**
 * What one process swears to when the store does not know its ledger any more: the newest mark it wrote, and its last lines.
 * It lies in the store that is in doubt, so that every process stops, also one that never wrote a line itself.
 */
export const Testimony = z.strictObject({
  process: z.string(),
  mark: z.string(),
  why: z.string(),
  /** Highest epoch of that ledger. */
  epoch: z.number(),
  /** Newest last. */
  acts: z.array(Act),
});
export type Testimony = z.infer<typeof Testimony>;

/**
 * The way on after a lost store: what the ledgers know, what the world looks like, and who has looked and signed. While it
 * waits it is a proposal; accepted, it makes the store count again for exactly the marks that were testified (G17).
 */
export const Recovery = z.strictObject({
  id: z.string(),
  state: z.enum(["waiting", "accepted"]),
  requester: z.string(),
  askedAtMs: z.number(),
  /** World time after which no signature counts. */
  signByMs: z.number(),
  keysRequired: z.number().int(),
  inventoryDigest: z.string(),
  testimonies: z.array(Testimony),
  /** Acts of the ledgers that the store does not know, oldest first. */
  forgotten: z.array(Act),
  /** What was seen of each service when it was asked for, in words. */
  seen: z.array(z.array(z.string())),
  /** Runs and plans that the store still holds open: keys given before the loss authorise nothing after it. */
  ends: z.array(z.string()),
  signatures: z.array(z.strictObject({ by: z.string(), door: DoorName, atMs: z.number() })),
});
export type Recovery = z.infer<typeof Recovery>;

/** Of everything that is shown, so that what people read is what they sign. */
export function recoveryDigest({ state: _state, signatures: _signatures, ...shown }: Recovery): string {
  return sha256(canonicalJson(shown));
}

/** World time until which a signature waits for the next one. */
export const countsUntilMs = ({ atMs }: Recovery["signatures"][number]): number => atMs + VOTE_COUNTS_FOR_MS;

/** Those that count now, as for any other vote of two: longer ago people had looked at another world. */
export const standingSignatures = ({ state, signatures }: Recovery, nowMs: number): Recovery["signatures"] =>
  state === "accepted" ? signatures : signatures.filter((signature) => nowMs < countsUntilMs(signature));

/** The rules of keys, for a signature under a recovery. */
export function signableRecovery(recovery: Recovery, nowMs: number): Signable {
  const { state, signByMs, requester, inventoryDigest, keysRequired } = recovery;
  return {
    name: "recovery",
    gives: "signature",
    again: "/dr accept-store",
    isOpen: state === "waiting",
    service: undefined,
    stands: state,
    digest: recoveryDigest(recovery),
    ...{ signByMs, requester, inventoryDigest, keysRequired },
    held: standingSignatures(recovery, nowMs),
    acceptances: [],
  };
}

/** A process goes on with this store if two people signed for the very mark that its ledger ends with: no replay fits twice. */
export function isCovered(recovery: Recovery | undefined, about: Pick<Testimony, "process" | "mark">): boolean {
  return (
    recovery?.state === "accepted" &&
    recovery.testimonies.some(({ process, mark }) => process === about.process && mark === about.mark)
  );
}

/** Whether the store's stream holds this act: an act stands in ledger and stream with the same time. */
export function isKnown(act: Act, events: readonly Event[]): boolean {
  return events.some(({ kind, run, atMs }) => run === act.run && atMs === act.atMs && isOfKind(act, kind));
}

/** What another process wrote is known by its time alone: the witness does not repeat the kind. */
const isOfKind = (act: Act, kind: string) => act.kind === WITNESSED || kind === `run.${act.kind}`;

/** Each act once: what a process tells of another one is left out where that one tells it itself. */
export function withoutRepeats(acts: readonly Act[]): Act[] {
  const first = acts.filter(({ kind }) => kind !== WITNESSED);
  const isTold = ({ run, atMs, step }: Act) =>
    first.some((own) => own.run === run && own.atMs === atMs && own.step === step);
  const witnessed = new Map(
    acts
      .filter((act) => act.kind === WITNESSED && !isTold(act))
      .map((act) => [[act.run, act.atMs, act.step, act.says].join(" "), act]),
  );
  return [...first, ...witnessed.values()].sort((a, b) => a.atMs - b.atMs);
}
