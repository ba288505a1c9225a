/** What is lost for everybody while a proof fails: only these take a process away from its load balancer. */
export type Critical = "alerts cannot be stored" | "nobody can be paged";

/** Which moves need what is proven: all, those of the services that are named, or none of them. */
export type NeededBy = "every move" | "no move" | readonly string[];

/** What the harmless call came to. No answer proves nothing, neither way. */
export type Proven =
  | { readonly kind: "ok" }
  /** It was answered, and the answer is no. `what` and `instead` are sentences for people; they hold no secret and no vendor's words. */
  | { readonly kind: "wrong"; readonly what: string; readonly instead: string }
  /** `why` begins with a small letter and ends without a stop. `isAnswered`: somebody said something, if only that they are busy. */
  | { readonly kind: "unknown"; readonly why: string; readonly isAnswered?: true }
  /** There is no harmless call that could show it; or it was answered, and shows nothing. */
  | { readonly kind: "unprovable"; readonly why: string; readonly isAnswered?: true };

export interface ProofAbout {
  /** Words with hyphens, and what of several is meant behind a colon: `topic:arn:…`. */
  readonly id: string;
  /** What is true while it holds, as a sentence without a stop. */
  readonly proves: string;
  readonly critical?: Critical | undefined;
  readonly neededBy: NeededBy;
  /** Whose resources its words name; absent: nobody's. */
  readonly service?: string | undefined;
}

/** How one proof stands in one process. Times are world time. */
export interface Standing extends ProofAbout {
  readonly proven: Proven | { readonly kind: "pending" };
  /** Since when it stands so. */
  readonly sinceMs: number;
  /** When it was answered last; undefined: never by this process. */
  readonly answeredAtMs: number | undefined;
  /** Nobody answered at the last look, whatever an earlier one showed. */
  readonly isSilent: boolean;
}

/** Everything but what was proven, and what nobody can prove. */
export const degradedIn = (standings: readonly Standing[]): readonly Standing[] =>
  standings.filter(({ proven }) => proven.kind !== "ok" && proven.kind !== "unprovable");

export const isWrong = ({ proven }: Pick<Standing, "proven">): boolean => proven.kind === "wrong";

/** What stands in the way of a move of this service. Silence never does: a move out of a dark region must be possible. */
export const refusing = (standings: readonly Standing[], service: string): readonly Standing[] =>
  standings.filter((standing) => isWrong(standing) && !standing.isSilent && isNeeded(standing.neededBy, service));

const isNeeded = (by: NeededBy, service: string): boolean =>
  by === "every move" || (by !== "no move" && by.includes(service));

/** Those that concern one of the services which this reader is shown, or all of the installation. */
export const standingsShown = (
  standings: readonly Standing[],
  shows: (service: string) => boolean,
): readonly Standing[] =>
  standings.filter(
    ({ service, neededBy }) =>
      (service === undefined || shows(service)) && (typeof neededBy === "string" || neededBy.some(shows)),
  );

/**
 * How it stands after another look. What was answered wrong stays so while nobody answers: silence mends nothing, and
 * `answeredAtMs` says how old the answer is.
 */
export function standingAfter(about: ProofAbout, before: Standing | undefined, seen: Seen): Standing {
  const { proven, atMs } = seen;
  const { id, proves, critical, neededBy, service } = about;
  const answered = proven.kind !== "unknown";
  const answeredAtMs = answered ? atMs : before?.answeredAtMs;
  const kept = before && !answered && isWrong(before) ? before.proven : proven;
  const isSame = before !== undefined && wordOf(before.proven) === wordOf(kept);
  const sinceMs = isSame ? before.sinceMs : atMs;
  return { ...{ id, proves, critical, neededBy, service }, proven: kept, sinceMs, answeredAtMs, isSilent: !answered };
}

export interface Seen {
  readonly proven: Proven;
  /** World time. */
  readonly atMs: number;
}

/** Two failures with different words are two facts; the reasons of a silence are not. */
const wordOf = (proven: Standing["proven"]): string => (proven.kind === "wrong" ? `wrong ${proven.what}` : proven.kind);
