import type { PersonId } from "../people/person.ts";

/** Whom the pager that rings was asked for about a run, and took it. */
export interface CalledNow {
  /** How people call that pager. */
  readonly label: string;
  /** World time. */
  readonly atMs: number;
  /** Those whom it knows, in the order of the call. */
  readonly people: readonly PersonId[];
  /** World time after which it is asked again; absent: once. */
  readonly againMs?: number;
}
