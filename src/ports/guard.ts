/**
 * Proof that whoever acts may still act. A process may stand still between any two instructions for any time; so whoever
 * sends a mutation asks right before it leaves, every attempt anew, and sends nothing on a proof that has run out.
 */
export interface Guard {
  /** Throws Superseded where somebody else holds the run. */
  prove(): Promise<Proof>;
}

export interface Proof {
  /** False for good once the proof has run out. */
  holds(): boolean;
}
