import { isBlind, isOpenBefore } from "./before-promotion.ts";
import { isLetGo, isPassedOn } from "./cut-off.ts";
import { isWatched } from "./fence.ts";
import { heldUpSteps } from "./held-up.ts";
import type { RunState } from "./run.ts";

/** All that may be wrong of a run and comes and goes by itself. What a person's decision ends is told apart by where the run stands. */
const WRONG = {
  "opened-before": isOpenBefore,
  /** After the promotion: it was opened, or came back and could not be fenced. */
  "old-side": (run) => run.watch.says !== "" && isWatched(run),
  "old-side-blind": isBlind,
  /** Nobody drives it, or one process after the other lets go of it. */
  "cut-off": (run, atMs) => isLetGo(run) || isPassedOn(run, atMs),
} as const satisfies Readonly<Record<string, (run: RunState, atMs: number) => boolean>>;

/** A vendor refuses a step: each of them is something of its own. */
const HELD_UP = "held-up:";
export type Wrong = keyof typeof WRONG | `${typeof HELD_UP}${string}`;

export const wrongIn = (run: RunState, atMs: number): readonly string[] => [
  ...Object.entries(WRONG).flatMap(([name, is]) => (is(run, atMs) ? [name] : [])),
  ...heldUpSteps(run).map(({ id }) => `${HELD_UP}${id}`),
];

/** This outbreak of it, told apart from the one before and from the next. */
export const outbreakOf = (run: RunState, wrong: Wrong): string => `${wrong}:${run.outbreaks[wrong]?.beganMs ?? 0}`;

/** What it is an outbreak of; undefined: a person's decision ends it. */
export function wrongOf(outbreak: string): string | undefined {
  const wrong = outbreak.slice(0, outbreak.lastIndexOf(":"));
  return Object.hasOwn(WRONG, wrong) || wrong.startsWith(HELD_UP) ? wrong : undefined;
}
