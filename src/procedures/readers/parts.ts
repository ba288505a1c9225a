import type { Act, Procedure } from "../procedure.ts";
import { purposeOf } from "../purposes.ts";

/** Functions that call functions that call functions. */
const DEEPEST = 4;

/** A call of a function of the same program is what that function does, unless its name says what it is for. */
export function withParts(procedures: readonly Procedure[]): Procedure[] {
  const functions = new Map(procedures.flatMap((each) => (each.name === "" ? [] : [[each.name, each] as const])));
  const called = new Set<Procedure>();
  const opened = (act: Act, from: Procedure, depth: number): Act[] => {
    const part = act.service === undefined ? functions.get(act.name) : undefined;
    if (!part || part === from) return [act];
    called.add(part);
    if (purposeOf(act) !== undefined || depth >= DEEPEST) return [act];
    return [act, ...part.acts.flatMap((inner) => opened(inner, part, depth + 1))];
  };
  const whole = procedures.map((each) => ({ ...each, acts: each.acts.flatMap((act) => opened(act, each, 0)) }));
  return whole.map((each, at) => ({ ...each, isPart: called.has(procedures[at] ?? each) }));
}
