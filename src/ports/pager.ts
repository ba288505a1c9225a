import type { Person } from "../domain/people/person.ts";
import type { Proof } from "./proof.ts";

/** What one call to the pager came to. `unknown` is a state of its own: the same request may be made again (it carries its key). */
export type PagerAnswer<T = undefined> =
  | { readonly kind: "accepted"; readonly value: T }
  | { readonly kind: "rejected"; readonly code: string; readonly why: string }
  /**
   * `mostMs`: the longest pause between two tries of what was not refused, such as our own budget. `isAnswered`: the pager itself said so.
   */
  | {
      readonly kind: "retry";
      readonly afterMs: number;
      readonly mostMs?: number;
      readonly why: string;
      readonly isAnswered?: true;
    }
  | { readonly kind: "unknown"; readonly why: string };

/** Where somebody who was paged goes on. */
export interface PageLink {
  readonly href: string;
  readonly text: string;
}

export interface PageRequest {
  /** Deterministic per incident; a repeat is the same page. At most 255 characters. */
  readonly dedupKey: string;
  /** At most 1,024 characters; plain text. */
  readonly summary: string;
  readonly source: string;
  readonly severity: "critical" | "error" | "warning" | "info";
  readonly details: Readonly<Record<string, string>>;
  readonly links: readonly PageLink[];
  /** How it stands with what it is about, in one sentence. */
  readonly state: string;
  /** World time of the page: it may be read much later. */
  readonly atMs: number;
  /** sev1 may use the reserved fifth of the rate budget. */
  readonly urgent: boolean;
}

/** Somebody to page inside an incident that is already open at the pager. */
export interface CallRequest extends Pick<PageRequest, "dedupKey" | "details" | "links" | "state" | "atMs"> {
  /** Our page key, put into the message, so that a repeat after an unknown outcome can be recognised. */
  readonly pageKey: string;
  readonly message: string;
  readonly users: readonly string[];
  readonly policies: readonly string[];
  /** They were due when the trigger was made: whom the pager's own policy rang with it is not rung again. */
  readonly besidesTrigger: boolean;
  readonly urgent: boolean;
}

export interface Asked {
  /** Users and policies of the request whom the trigger has rung already. */
  readonly covered: readonly string[];
}

export interface PagerIncident {
  readonly id: string;
  readonly status: "triggered" | "acknowledged" | "resolved";
  readonly url: string | undefined;
  /** Epoch milliseconds, to the second. */
  readonly createdAtMs: number;
  readonly acknowledgedBy: readonly { readonly pagerUserId: string; readonly name: string; readonly atMs: number }[];
  readonly notifications: readonly { readonly user: string; readonly channel: string; readonly atMs: number }[];
  /** When the pager last took the acknowledgements back, because they are older than it lets them be, or because somebody said so. */
  readonly lapsedAtMs?: number | undefined;
}

export interface OnCallEntry {
  readonly policy: string;
  readonly policyName: string;
  readonly level: number;
  readonly pagerUserId: string;
  readonly name: string;
  /** Epoch milliseconds, or undefined for a permanent entry. */
  readonly untilMs: number | undefined;
}

/**
 * A way to page people. A pager that keeps no incident of its own only calls people: what it sent is told, never answered,
 * and it has nothing to be acknowledged, closed or read.
 */
export interface Pager {
  /** Its key in the table of kinds and in the file. */
  readonly name: string;
  /** Where it reaches this person; undefined: nowhere. */
  addressOf(person: Pick<Person, "pagers" | "email">): string | undefined;
  /** Pages people or policies, inside the pager's incident where it keeps one. The same page key again is the same page. */
  call(request: CallRequest): Promise<PagerAnswer<Asked>>;
  /** Opens the pager's incident, or appends to the open one with the same key. Accepted is not yet a phone that rang. */
  trigger?(page: PageRequest): Promise<PagerAnswer>;
  /** Stops notifications and escalation there. `by` is written down at the pager. */
  acknowledge?(dedupKey: string, by: string): Promise<PagerAnswer>;
  resolve?(dedupKey: string, by: string): Promise<PagerAnswer>;
  /** The pager's own truth about the incident, where `accepted` is only a promise. */
  evidence?(dedupKey: string): Promise<PagerAnswer<PagerIncident | undefined>>;
  /** Who is on call now for these policies; every page of the answer or nothing. */
  whoIsOnCall?(policies: readonly string[]): Promise<PagerAnswer<readonly OnCallEntry[]>>;
  /** What shows that its secrets and settings are right, and pages nobody. */
  readonly proofs?: readonly Proof[];
  close(): void;
}

/** A pager with every ability. */
export type KeepingPager = Required<Omit<Pager, "proofs">> & Pick<Pager, "proofs">;

/** The pagers of the file. */
export interface Pagers {
  /** It keeps the incident, rings, and hears answers. The file names exactly one. */
  readonly keeper: KeepingPager;
  /** The others, in the order of the file. */
  readonly others: readonly Pager[];
}
