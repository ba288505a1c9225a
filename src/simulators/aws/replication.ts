/**
 * Asynchronous replication of one replica, in world time.
 *
 * A replica has applied every commit of its source up to a *position*. While it is connected the position trails the
 * clock by the lag and, after a backlog, catches up at CATCH_UP times the pace of the commits; while it is not, the
 * position stands still. The history is kept as legs, so that past values of the lag can be read back without timers.
 */
export interface Leg {
  readonly fromMs: number;
  readonly positionMs: number;
  readonly lagMs: number;
  readonly isConnected: boolean;
}

/** World seconds of commits that a connected replica applies per world second while it is behind: an estimate. */
const CATCH_UP = 20;

export class Replication {
  readonly #legs: [Leg, ...Leg[]];
  /** When replication was stopped for good, by a promotion. */
  #endedMs: number | undefined;

  constructor(nowMs: number, lagMs: number) {
    this.#legs = [{ fromMs: nowMs, positionMs: nowMs - lagMs, lagMs, isConnected: true }];
  }

  get current(): Leg {
    return this.#legs.at(-1) ?? this.#legs[0];
  }

  get hasEnded(): boolean {
    return this.#endedMs !== undefined;
  }

  /** Commit time up to which the replica has applied everything, as of `atMs`. */
  positionAt(atMs: number): number {
    const leg = this.#legAt(atMs);
    if (!leg.isConnected) return leg.positionMs;
    // Before the first leg the world is taken to have been in its steady state.
    if (atMs < leg.fromMs) return atMs - leg.lagMs;
    const reachable = leg.positionMs + (atMs - leg.fromMs) * CATCH_UP;
    return Math.max(leg.positionMs, Math.min(atMs - leg.lagMs, reachable));
  }

  /** `broken` while disconnected, undefined once replication has ended. */
  lagSecondsAt(atMs: number): number | "broken" | undefined {
    if (this.#endedMs !== undefined && atMs >= this.#endedMs) return undefined;
    if (!this.#legAt(atMs).isConnected) return "broken";
    return (atMs - this.positionAt(atMs)) / 1_000;
  }

  change(nowMs: number, wanted: { readonly lagMs?: number; readonly isConnected?: boolean }): void {
    const next = { ...this.current, ...wanted };
    const isSame = next.lagMs === this.current.lagMs && next.isConnected === this.current.isConnected;
    if (isSame || this.hasEnded) return;
    this.#legs.push({ ...next, fromMs: nowMs, positionMs: this.positionAt(nowMs) });
  }

  /** Stops for good; the position stays where it is. */
  end(nowMs: number): void {
    this.change(nowMs, { isConnected: false });
    this.#endedMs ??= nowMs;
  }

  #legAt(atMs: number): Leg {
    return this.#legs.findLast((leg) => leg.fromMs <= atMs) ?? this.#legs[0];
  }
}
