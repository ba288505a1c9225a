import type { FreezeLine } from "../domain/plan-run/freeze.ts";
import type { JournalEnd, SeenEnd } from "../ports/runs.ts";

/**
 * What one process has seen in the store, read, written or in its ledger, and what still has to stand there. A journal only grows, and what
 * was said to freeze or to lift stays said: where less stands there, somebody took it away, or the store went back in time.
 */
export class Seen {
  readonly #ends = new Map<string, SeenEnd>();
  readonly #freezes = new Map<string, FreezeLine>();

  journal(run: string): JournalEnd | undefined {
    return this.#ends.get(run);
  }

  /** `end` goes on from what was seen before: whoever calls has looked. */
  sawJournal(run: string, { length, seal, untilMs }: SeenEnd): void {
    if (length > (this.#ends.get(run)?.length ?? 0)) this.#ends.set(run, { length, seal, untilMs });
  }

  /** Those whose keys may still authorise something; the others are forgotten, since nothing is won by what becomes of them. */
  journals(nowMs: number): readonly (readonly [run: string, end: SeenEnd])[] {
    for (const [run, { untilMs }] of this.#ends) if (untilMs <= nowMs) this.#ends.delete(run);
    return [...this.#ends];
  }

  sawFreeze(line: FreezeLine): void {
    this.#freezes.set(line.seal, line);
  }

  get freezes(): readonly FreezeLine[] {
    return [...this.#freezes.values()];
  }
}
