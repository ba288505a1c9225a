import type { Proof } from "../../ports/guard.ts";

/**
 * The last look before a call leaves. The SDK reads `aborted` when it hands the signed request to its connection; between
 * the proof and that moment lie serialising, signing and perhaps new credentials. A timer cannot do this: a process that
 * stood still goes on with what it was doing before its timers run.
 */
export class Departure {
  readonly #proof: Proof;
  readonly #signal: AbortSignal | undefined;
  #missed = false;
  onabort: ((this: unknown, event: unknown) => void) | null = null;

  constructor(proof: Proof, signal: AbortSignal | undefined) {
    this.#proof = proof;
    this.#signal = signal;
  }

  get aborted(): boolean {
    this.#missed ||= !this.#proof.holds();
    return this.#missed || this.#signal?.aborted === true;
  }

  /** The SDK asked too late, and has sent nothing. */
  get missed(): boolean {
    return this.#missed;
  }

  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void {
    this.#signal?.addEventListener(type, listener, options);
  }

  removeEventListener(type: "abort", listener: () => void): void {
    this.#signal?.removeEventListener(type, listener);
  }
}
