import type { DoorName } from "../domain/event.ts";
import type { PersonId } from "../domain/people/person.ts";

/** How sure a door is of who asks, weakest first. */
export type Strength =
  /** They say so, or the door could not learn whether they are one of us. */
  | "claimed"
  /** The door authenticated an account of theirs. */
  | "account"
  /** The account's own vendor was asked at this moment as well, and has nothing against it. */
  | "confirmed";

/** Whether somebody who proved themselves before may still sign, as their account's own vendor says now. */
export type StillMay =
  | { readonly kind: "yes" }
  | { readonly kind: "no"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** How a door knows who asks. The account behind it stays in the door. */
export interface Proof {
  readonly door: DoorName;
  readonly strength: Strength;
  /**
   * Asks the vendor at this moment whether this very account may turn keys. Throws UserError with the reason where it may
   * not, and where that cannot be known. Absent: the door cannot prove that much.
   */
  readonly confirm?: () => Promise<void>;
}

/** Somebody of `people`, and how a door proved it. */
export interface Who {
  readonly kind: "person";
  readonly person: PersonId;
  readonly proof: Proof;
}

/** Somebody of our own team whom `people` does not list: they read and raise the alarm, and do nothing else. */
export interface Guest {
  readonly kind: "guest";
  /** As the door shows them; anybody may choose it. */
  readonly name: string;
  readonly proof: Proof;
}

export type Asker = Who | Guest;
