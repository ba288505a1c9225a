import type { FreezeLine } from "../domain/plan-run/freeze.ts";
import type { Act } from "../domain/plan-run/recovery.ts";
import type { LedgerEntry, SeenEnd } from "../ports/runs.ts";
import { ACCEPTED, actOf, newest } from "./ledger-entries.ts";
import type { Line } from "./ledger-lines.ts";

/** What a process knows of the lines in its ledger, without reading them again. */
export class LedgerMemory {
  #epoch = 0;
  #acts: readonly Act[] = [];
  /** Recoveries that stand in this ledger. */
  readonly #signedOff = new Set<string>();
  readonly #journals = new Map<string, SeenEnd>();
  readonly #freezes = new Map<string, FreezeLine>();

  note(entry: Line["entry"] | LedgerEntry): void {
    this.#epoch = Math.max(this.#epoch, entry.epoch);
    this.#acts = newest([...this.#acts, ...actOf(entry)]);
    if (entry.kind === ACCEPTED) this.#signedOff.add(entry.run);
    const { journal, freeze } = entry;
    const known = this.#journals.get(entry.run)?.length ?? 0;
    if (journal && journal.length > known) this.#journals.set(entry.run, journal);
    if (freeze) this.#freezes.set(freeze.seal, freeze);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get acts(): readonly Act[] {
    return this.#acts;
  }

  hasSignedOff(recovery: string): boolean {
    return this.#signedOff.has(recovery);
  }

  /** How far each journal was, by run. */
  get journals(): ReadonlyMap<string, SeenEnd> {
    return this.#journals;
  }

  /** What was said to freeze and to lift, by its seal. */
  get freezes(): ReadonlyMap<string, FreezeLine> {
    return this.#freezes;
  }
}
