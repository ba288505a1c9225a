/** A fact with its age, or the reason why there is none. Unknown is never shown as good. */
export type Known<T> =
  | { readonly known: true; readonly value: T; readonly atMs: number }
  | {
      readonly known: false;
      readonly why: string;
      /** `absent`: the vendor says that there is no such thing. `not-asked`: nobody has looked. */
      readonly cause: "unreachable" | "denied" | "absent" | "failed" | "not-asked";
      readonly atMs: number;
    };

/** Silence, which says nothing about what it was asked about. */
export const isUnreachable = (known: Known<unknown> | undefined): boolean =>
  known !== undefined && !known.known && known.cause === "unreachable";

type Unknown = Extract<Known<unknown>, { readonly known: false }>;

/** Nothing was learned of it, by silence or by an error that may pass. What is denied or absent was answered. */
export const isUnanswered = (known: Known<unknown>): known is Unknown =>
  !known.known && (known.cause === "unreachable" || known.cause === "failed");

export interface LagSample {
  readonly seconds: number;
  /** When CloudWatch measured it, world time. */
  readonly measuredAtMs: number;
}

/** The lag now. Where it is not known, the newest good sample still tells a position: see `domain/plan-run/data-position`. */
export type LagFacts = Known<LagSample> & {
  readonly lastGood?: LagSample;
  /** Where it is not known: AWS has answered, and says that the copy does not follow, or has no recent sample of it. */
  readonly isStopped?: true;
  /** Where it is known: the samples of the last minutes, newest first; below zero where the copy did not replicate. */
  readonly recent?: readonly LagSample[];
};
