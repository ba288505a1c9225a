import type { Known } from "../../domain/service/observed.ts";

/** A fact in words, or why it is not known. */
export function sayKnown<T>(known: Known<T>, say: (value: T) => string): Known<string> {
  return known.known ? { ...known, value: say(known.value) } : known;
}
