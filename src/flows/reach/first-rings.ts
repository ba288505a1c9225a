import { wrongOf } from "../../domain/plan-run/comes-and-goes.ts";
import { MOST_BEGUN, WITHIN_MS } from "../../domain/plan-run/outbreak.ts";
import type { Calls } from "./calls.ts";

/**
 * Each outbreak rings as soon as it begins, but what flaps rings three times in a quarter of an hour at most. One that is held back
 * rings when there is room again, if it goes on until then (0090).
 */
type FirstRings = NonNullable<Calls["firstRings"]>;

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
  if (added.some((part) => ringsOfItsKind(part, before?.firstRings, nowMs) < MOST_BEGUN)) return reason;
  return added.length < parts.length ? before?.reason : undefined;
}

function ringsOfItsKind(outbreak: string, rings: FirstRings = [], nowMs: number): number {
  const wrong = wrongOf(outbreak);
  if (wrong === undefined) return 0;
  return rings.filter(({ part, atMs }) => wrongOf(part) === wrong && nowMs - atMs < WITHIN_MS).length;
}

/** Of each outbreak the first ring that was accepted, as long as it counts. */
export function rungWith(before: FirstRings = [], parts: readonly string[], nowMs: number): FirstRings {
  const counted = before.filter(({ part, atMs }) => nowMs - atMs < WITHIN_MS || parts.includes(part));
  const rung = counted.map(({ part }) => part);
  const added = parts.filter((part) => wrongOf(part) !== undefined && !rung.includes(part));
  return [...counted, ...added.map((part) => ({ part, atMs: nowMs }))];
}

/** What people are to know of a call after which the next ones are held back. */
export function sayBrake(before: Calls | undefined, reason: string, nowMs: number): string {
  const isLast = partsOf(reason).some((part) => ringsOfItsKind(part, before?.firstRings, nowMs) >= MOST_BEGUN - 1);
  return isLast ? ". It comes and goes: people are called for it three times in a quarter of an hour at most" : "";
}
