import type { DatabaseEngine, DatabaseRef } from "../aws/service.ts";
import type { World } from "../world/world.ts";

/** Two primaries that both took orders: `instance` committed again after `other` had taken over from it. */
export interface SplitBrain {
  readonly worldMs: number;
  readonly instance: string;
  readonly other: string;
}

export interface Verdict {
  readonly application: string;
  /** Orders that a user was told are stored. */
  readonly acknowledged: number;
  readonly refused: number;
  /** The instance that took the newest acknowledged order, `region/instance`. */
  readonly primary: string | null;
  /** Acknowledged orders that the primary does not hold. */
  readonly lostWrites: number;
  /** World time of the oldest and newest lost order: the loss in time. */
  readonly oldestLostMs: number | null;
  readonly newestLostMs: number | null;
  /** Orders committed on more than one instance by the application itself. */
  readonly doubledWrites: number;
  readonly splitBrain: readonly SplitBrain[];
  /** World time of the first acknowledged order at or after the time asked for. */
  readonly firstGoodWriteAfter: number | null;
}

interface Acknowledgement {
  readonly id: string;
  readonly worldMs: number;
  readonly ref: DatabaseRef;
}

interface Ledger {
  readonly acknowledged: Acknowledgement[];
  refused: number;
  /** Instances that committed an order, by order. */
  readonly homes: Map<string, Set<string>>;
  last: { readonly ref: DatabaseRef; readonly id: string } | undefined;
  readonly seen: Set<string>;
  readonly splitBrain: SplitBrain[];
}

/** Keeps what users were told and where orders were committed; the databases themselves say what survived. */
export class Judge {
  readonly #world: World;
  readonly #databases: DatabaseEngine;
  readonly #books = new Map<string, Ledger>();

  constructor(world: World, databases: DatabaseEngine) {
    this.#world = world;
    this.#databases = databases;
  }

  /**
   * The application committed an order. Coming back to an instance that was left is a split brain unless it has since
   * received what the other one committed, as a failback's has.
   */
  committed(application: string, id: string, ref: DatabaseRef): void {
    const book = this.#bookOf(application);
    const name = nameOf(ref);
    const homes = book.homes.get(id) ?? new Set();
    book.homes.set(id, homes.add(name));
    const last = book.last;
    if (last && nameOf(last.ref) !== name && book.seen.has(name) && !this.#databases.rows(ref).has(last.id)) {
      const found = { worldMs: this.#world.clock.now(), instance: name, other: nameOf(last.ref) };
      book.splitBrain.push(found);
      this.#world.log.append("app.split-brain", { application, ...found });
    }
    book.seen.add(name);
    book.last = { ref, id };
  }

  /** `servedIn`: the region of the task that took it; its database may be elsewhere. */
  acknowledged(
    application: string,
    { id, ref, servedIn }: { readonly id: string; readonly ref: DatabaseRef; readonly servedIn: string },
  ): void {
    const { region, instance } = ref;
    this.#bookOf(application).acknowledged.push({ id, ref, worldMs: this.#world.clock.now() });
    this.#world.log.append("app.write-acknowledged", { application, id, region, instance, servedIn });
  }

  /** A job that a task took, and could not store. */
  jobFailed(application: string, facts: { readonly id: string; readonly servedIn: string }): void {
    this.#world.log.append("app.job-failed", { application, ...facts });
  }

  refused(
    application: string,
    { id, reason, region }: { readonly id: string; readonly reason: string; readonly region: string | null },
  ): void {
    this.#bookOf(application).refused += 1;
    this.#world.log.append("app.write-refused", { application, id, region, reason });
  }

  verdict(application: string, afterMs = 0): Verdict {
    const { acknowledged, refused, homes, splitBrain } = this.#bookOf(application);
    const newest = acknowledged.at(-1);
    const held = newest ? this.#databases.rows(newest.ref) : new Set<string>();
    const lost = acknowledged.filter(({ id }) => !held.has(id));
    return {
      application,
      acknowledged: acknowledged.length,
      refused,
      primary: newest ? nameOf(newest.ref) : null,
      lostWrites: lost.length,
      oldestLostMs: lost[0]?.worldMs ?? null,
      newestLostMs: lost.at(-1)?.worldMs ?? null,
      doubledWrites: [...homes.values()].filter((instances) => instances.size > 1).length,
      splitBrain,
      firstGoodWriteAfter: acknowledged.find(({ worldMs }) => worldMs >= afterMs)?.worldMs ?? null,
    };
  }

  #bookOf(application: string): Ledger {
    const known = this.#books.get(application);
    if (known) return known;
    const book = {
      ...{ acknowledged: [], refused: 0, homes: new Map(), last: undefined },
      ...{ seen: new Set<string>(), splitBrain: [] },
    };
    this.#books.set(application, book);
    return book;
  }
}

function nameOf({ region, instance }: DatabaseRef): string {
  return `${region}/${instance}`;
}
