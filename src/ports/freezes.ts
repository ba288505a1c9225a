import type { Event } from "../domain/event.ts";
import type { Freeze, FreezeSaid } from "../domain/plan-run/freeze.ts";

/** What stops every change of the installation. It only grows: what was said stays said. */
export interface Freezes {
  /** Those that nobody has lifted, the oldest first. */
  inForce(): Promise<readonly Freeze[]>;
  say(said: readonly FreezeSaid[], event: Event): Promise<void>;
}
