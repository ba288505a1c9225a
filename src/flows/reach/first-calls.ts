import { wrongOf } from "../../domain/plan-run/comes-and-goes.ts";
import { MOST_BEGUN, WITHIN_MS } from "../../domain/plan-run/outbreak.ts";
import type { Calls } from "./calls.ts";

/**
 * Each outbreak calls as soon as it begins, but what flaps calls three times in a quarter of an hour at most: by each way for itself,
 * and of each way only what it accepted counts. What is held back is called for when there is room again, if it goes on until then
 * (0090, 0091).
 */
type FirstCalls = NonNullable<Calls["firstCalls"]>;

/** The pager that rings. A way that only tells is told apart by the person as well. */
export const RING = "ring";

/** Between the parts of a reason. */
const AND = "+";
export const oneReason = (parts: readonly string[]): string => parts.join(AND);
export const partsOf = (reason: string): readonly string[] => reason.split(AND);

/**
 * For which reason people are called where all this is wrong. The one for which they were called stands while all that is left was
 * among it: what is over is no news, and rings nobody. Undefined: all of it is held back.
 */
export function reasonNow(before: Calls | undefined, reason: string, nowMs: number): string | undefined {
  const known = partsOf(before?.reason ?? "");
  const parts = partsOf(reason);
  const added = parts.filter((part) => !known.includes(part));
  if (added.some((part) => hasRoom(part, { way: RING, before, nowMs }))) return reason;
  return added.length < parts.length ? before?.reason : undefined;
}

interface By {
  readonly way: string;
  readonly before: Calls | undefined;
  readonly nowMs: number;
}

const hasRoom = (part: string, by: By): boolean => begunOfItsKind(part, by) < MOST_BEGUN;

function begunOfItsKind(outbreak: string, { way, before, nowMs }: By): number {
  const wrong = wrongOf(outbreak);
  if (wrong === undefined) return 0;
  const ofWay = before?.firstCalls?.filter((each) => each.way === way) ?? [];
  return ofWay.filter(({ part, atMs }) => wrongOf(part) === wrong && isOfLate(atMs, nowMs)).length;
}

/** What is in the future is of a clock that went back since: it counts for nothing. */
const isOfLate = (atMs: number, nowMs: number): boolean => atMs <= nowMs && nowMs - atMs < WITHIN_MS;

/** Whether a way that only tells has to tell of what is so now. In a later round people are told again of what they know. */
export function isToTell(parts: readonly string[], isLaterRound: boolean, by: By): boolean {
  const isTold = (part: string) => by.before?.firstCalls?.some((each) => each.way === by.way && each.part === part);
  return parts.some((part) => (isTold(part) ? isLaterRound : hasRoom(part, by)));
}

/** With the first call of each outbreak that this way has accepted, as long as it counts. */
export function calledWith(
  before: FirstCalls = [],
  parts: readonly string[],
  { way, nowMs }: Pick<By, "way" | "nowMs">,
): FirstCalls {
  const counted = before.filter(({ part, atMs }) => isOfLate(atMs, nowMs) || parts.includes(part));
  const known = new Set(counted.filter((each) => each.way === way).map(({ part }) => part));
  const added = parts.filter((part) => !known.has(part));
  return [...counted, ...added.map((part) => ({ way, part, atMs: nowMs }))];
}

/** What people are to know of a call after which the next ones of this way are held back. */
export function sayBrake(parts: readonly string[], by: By): string {
  if (!parts.some((part) => begunOfItsKind(part, by) >= MOST_BEGUN - 1)) return "";
  const each = by.way === RING ? "people are called for it" : "you are told of it";
  return `. It comes and goes: ${each} three times in a quarter of an hour at most`;
}
