/** `silent`: nothing arrives any more and nobody has said so; the replica notices after a while. `broken`: it knows. */
export type Link = "up" | "silent" | "broken";

/**
 * Asynchronous replication of one replica, in world time.
 *
 * A replica has applied every commit of its source up to a *position*. While its link is up the position trails the
 * clock by the lag and, after a backlog, catches up at CATCH_UP times the pace of the commits; while it is not, the
 * position stands still. The history is kept as legs, so that past values of the lag can be read back without timers.
 */
export interface Leg {
  readonly fromMs: number;
  readonly positionMs: number;
  readonly lagMs: number;
  readonly link: Link;
}

/** What an engine makes of a link on which nothing arrives. */
export interface Silence {
  /** World milliseconds until the replica notices. */
  readonly noticedAfterMs: number;
  /**
   * True where lag is counted within what has arrived, so that a replica which has applied all of that says 0, however far
   * its source went on. False where it is the age of the newest commit.
   */
  readonly readsAsZero: boolean;
}

/** PostgreSQL's `wal_receiver_timeout`, as RDS sets it. */
export const POSTGRES_SILENCE: Silence = { noticedAfterMs: 30_000, readsAsZero: false };
/** The default of MySQL's `replica_net_timeout`. */
export const MYSQL_SILENCE: Silence = { noticedAfterMs: 60_000, readsAsZero: true };

/** World seconds of commits that a connected replica applies per world second while it is behind: an estimate. */
const CATCH_UP = 20;

export class Replication {
  readonly #legs: [Leg, ...Leg[]];
  readonly #silence: Silence;
  /** When replication was stopped for good, by a promotion. */
  #endedMs: number | undefined;

  constructor(nowMs: number, lagMs: number, silence = POSTGRES_SILENCE) {
    this.#legs = [{ fromMs: nowMs, positionMs: nowMs - lagMs, lagMs, link: "up" }];
    this.#silence = silence;
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
    const reachable = leg.positionMs + (atMs - leg.fromMs) * CATCH_UP;
    switch (leg.link) {
      case "broken":
        return leg.positionMs;
      case "silent":
        // Where lag is counted within what has arrived, all of that had arrived, and is applied yet.
        return this.#silence.readsAsZero ? Math.min(leg.fromMs, reachable) : leg.positionMs;
      case "up":
        // Before the first leg the world is taken to have been in its steady state.
        if (atMs < leg.fromMs) return atMs - leg.lagMs;
        return Math.max(leg.positionMs, Math.min(atMs - leg.lagMs, reachable));
    }
  }

  /** What the replica itself believes of its link. */
  linkSeenAt(atMs: number): Exclude<Link, "silent"> {
    const { link, fromMs } = this.#legAt(atMs);
    const isUnnoticed = link === "silent" && atMs < fromMs + this.#silence.noticedAfterMs;
    return link === "up" || isUnnoticed ? "up" : "broken";
  }

  /** `broken` where the replica knows of it, undefined once replication has ended. */
  lagSecondsAt(atMs: number): number | "broken" | undefined {
    if (this.#endedMs !== undefined && atMs >= this.#endedMs) return undefined;
    if (this.linkSeenAt(atMs) === "broken") return "broken";
    const { link, fromMs } = this.#legAt(atMs);
    const positionMs = this.positionAt(atMs);
    const hasAppliedAll = link === "silent" && positionMs >= fromMs;
    return this.#silence.readsAsZero && hasAppliedAll ? 0 : (atMs - positionMs) / 1_000;
  }

  change(nowMs: number, wanted: { readonly lagMs?: number; readonly link?: Link }): void {
    const next = { ...this.current, ...wanted };
    const isSame = next.lagMs === this.current.lagMs && next.link === this.current.link;
    if (isSame || this.hasEnded) return;
    this.#legs.push({ ...next, fromMs: nowMs, positionMs: this.positionAt(nowMs) });
  }

  /** Stops for good; the position stays where it is. */
  end(nowMs: number): void {
    this.change(nowMs, { link: "broken" });
    this.#endedMs ??= nowMs;
  }

  #legAt(atMs: number): Leg {
    return this.#legs.findLast((leg) => leg.fromMs <= atMs) ?? this.#legs[0];
  }
}
