import type { FreezeLine } from "../domain/plan-run/freeze.ts";
import type { SeenEnd } from "../ports/runs.ts";

/**
 * What one process has seen in the store, read, written or in its ledger, and what still has to stand there. A journal only grows, and what
 * was said to freeze or to lift stays said: where less stands there, somebody took it away, or the store went back in time.
 */
export class Seen {
  readonly #ends = new Map<string, SeenEnd>();
  readonly #freezes = new Map<string, FreezeLine>();

  journal(run: string): SeenEnd | undefined {
    return this.#ends.get(run);
  }

  /** `end` goes on from what was seen before: whoever calls has looked. */
  sawJournal(run: string, { length, seal, untilMs }: SeenEnd): void {
    if (length > (this.#ends.get(run)?.length ?? -1)) this.#ends.set(run, { length, seal, untilMs });
  }

  get journals(): readonly (readonly [run: string, end: SeenEnd])[] {
    return [...this.#ends];
  }

  /** Runs whose keys may still authorise something: no retention has removed those. */
  standing(nowMs: number): readonly string[] {
    return this.journals.flatMap(([run, { untilMs }]) => (untilMs > nowMs ? [run] : []));
  }

  /** After their keys nothing is won by what becomes of them. What the ledger does not have yet (`noted`: how far it has each) stays. */
  forgetOver(nowMs: number, noted: (run: string) => number): void {
    for (const [run, { untilMs, length }] of this.#ends)
      if (untilMs <= nowMs && length <= noted(run)) this.#ends.delete(run);
  }

  sawFreeze(line: FreezeLine): void {
    this.#freezes.set(line.seal, line);
  }

  get freezes(): readonly FreezeLine[] {
    return [...this.#freezes.values()];
  }
}
