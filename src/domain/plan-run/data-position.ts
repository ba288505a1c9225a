import { sayTime } from "../duration.ts";
import type { LagFacts } from "../service/observed.ts";

/**
 * How far a replica had followed its source. A lag of L measured at t proves that every commit before t − L is on the
 * replica, and a position never goes back: however late it is read, what it says stays true. Commits after it may be lost.
 */
export interface DataPosition {
  /** World time before which every commit is on the replica. */
  readonly atMs: number;
  /** World time of the sample that says so. */
  readonly measuredAtMs: number;
  /** Present where it is the last known position: why there is no newer one. */
  readonly why?: string;
}

/** The engines' own `replica_net_timeout`, world milliseconds: for what RDS does not tell. */
const SILENT_LINK_MS = 60_000;

/** PostgreSQL's lag counts from the last replayed commit. An engine that is not told may be any. */
export const knowsSilence = (engine: string | undefined): boolean => engine?.startsWith("postgres") === true;

/**
 * World milliseconds by which a sample may be wrong after the link has gone silent. `ReplicaLag` of MySQL and MariaDB is
 * Seconds_Behind_Master, which counts what has arrived: it stays 0 until `noticedAfterMs`, when the replica notices that nothing
 * arrives any more.
 */
export const blindMs = (engine: string | undefined, noticedAfterMs = SILENT_LINK_MS): number =>
  knowsSilence(engine) ? 0 : noticedAfterMs;

/** Undefined where no good sample is known: then nobody knows how much is lost. */
export function positionOf(lag: LagFacts | undefined, blindForMs: number): DataPosition | undefined {
  const sample = lag?.known ? lag.value : lag?.lastGood;
  if (!lag || !sample) return undefined;
  const { measuredAtMs, seconds } = sample;
  const position = { atMs: measuredAtMs - seconds * 1_000 - blindForMs, measuredAtMs };
  return lag.known ? position : { ...position, why: lag.why };
}

/**
 * At most so much is lost, world milliseconds: what users committed between the position and the outage. An outage that
 * is said to have begun before the position proves nothing, since commits went on; then everything until `untilMs` counts.
 */
export function lossMs(positionMs: number, outageAtMs: number | undefined, untilMs: number): number {
  const endMs = outageAtMs !== undefined && outageAtMs >= positionMs ? outageAtMs : untilMs;
  return Math.max(0, endMs - positionMs);
}

/**
 * What is shown and what is agreed to, in the same words: a point in time, never a number that moves (G4). With the date where it is
 * another day than `nowMs`.
 */
export const sayLoss = ({ atMs }: DataPosition, nowMs: number): string =>
  `writes after ${sayTime(atMs, nowMs)} may be lost`;

/** The same where no position is known. */
export const UNKNOWN_LOSS = "an unknown amount of writes may be lost";
