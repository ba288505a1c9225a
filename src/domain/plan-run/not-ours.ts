import type { RunState } from "./run.ts";

/** What people read of a journal that holds a line which TwoKey has not written (0080); undefined: it holds none. */
export function sayNotOurs({ plan, foreign }: Pick<RunState, "plan" | "foreign">): string | undefined {
  const [line] = foreign;
  if (line === undefined) return undefined;
  return `line ${line} of the journal of ${plan.id} was not written by TwoKey: somebody else can write to Redis`;
}

/** What they do about it. */
export const FIND_OUT = "Find out who that is before you ask for a new plan.";
