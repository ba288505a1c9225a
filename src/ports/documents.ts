import type { Event } from "../domain/event.ts";

export interface Stored<T> {
  readonly value: T;
  /** Increases with every change; 0 means it does not exist yet. */
  readonly revision: number;
}

export interface Change<T> {
  readonly value: T;
  readonly events: readonly Event[];
  /** When somebody has to look at it again, world time; undefined: nothing is due. */
  readonly dueAtMs?: number | undefined;
}

/** Documents of one kind, changed only by compare-and-set; the change, its events and its due time are one atomic step. */
export interface Documents<T> {
  get(id: string): Promise<Stored<T> | undefined>;
  /** Ids that were put with `open: true` and not closed since; with a label those that carry it. */
  openIds(label?: string): Promise<readonly string[]>;
  /**
   * Reads, decides, writes if nobody was faster, else decides again on what they wrote. `decide` must be pure; returning
   * undefined leaves the document as it is. Resolves to the value that is stored afterwards.
   */
  change(id: string, decide: (current: T | undefined) => Change<T> | undefined): Promise<T | undefined>;
  /** Ids whose due time has come, soonest first. */
  due(nowMs: number, limit: number): Promise<readonly string[]>;
}
