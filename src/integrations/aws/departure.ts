import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Proof } from "../../ports/guard.ts";

/**
 * The last look before a call leaves. The SDK reads `aborted` when it hands the signed request to its connection; between
 * the proof and that moment lie serialising, signing and perhaps new credentials. A timer cannot do this: a process that
 * stood still goes on with what it was doing before its timers run. It reads `aborted` before and after that moment as
 * well, so the door says which reading is the last one: a proof that runs out later says nothing of what has left.
 */
export class Departure {
  readonly #proof: Proof;
  readonly #signal: AbortSignal | undefined;
  #missed = false;
  #where: "inside" | "at the door" | "left" = "inside";
  onabort: ((this: unknown, event: unknown) => void) | null = null;

  constructor(proof: Proof, signal: AbortSignal | undefined) {
    this.#proof = proof;
    this.#signal = signal;
  }

  get aborted(): boolean {
    const isStopped = this.#signal?.aborted === true;
    if (this.#where === "left") return isStopped;
    this.#missed ||= !this.#proof.holds();
    if (this.#where === "at the door" && !this.#missed && !isStopped) this.#where = "left";
    return this.#missed || isStopped;
  }

  /** The next reading is that of the connection, right before it sends. */
  reachesTheDoor(): void {
    if (this.#where === "inside") this.#where = "at the door";
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

export interface SendOptions {
  readonly abortSignal?: AbortSignal | Departure;
}

type Handle = NodeHttpHandler["handle"];

/** The SDK's own connections, which tell a departure that its request is about to be sent. */
export class Door extends NodeHttpHandler {
  override handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const signal: unknown = options?.abortSignal;
    if (signal instanceof Departure) signal.reachesTheDoor();
    return super.handle(request, options);
  }
}
