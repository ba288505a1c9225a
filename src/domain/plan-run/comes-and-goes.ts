import { isOpenBefore } from "./before-promotion.ts";
import { isLetGo, isPassedOn } from "./cut-off.ts";
import { isWatched } from "./fence.ts";
import { isHeldUp } from "./held-up.ts";
import type { RunState } from "./run.ts";

/** All that may be wrong of a run and comes and goes by itself. What a person's decision ends is told apart by where the run stands. */
const WRONG = {
  "opened-before": isOpenBefore,
  /** After the promotion: it was opened, or came back and could not be fenced. */
  "old-side": (run) => run.watch.says !== "" && isWatched(run),
  "old-side-blind": ({ watch }) => watch.blind !== undefined,
  /** A vendor refuses a step, or several. */
  "held-up": ({ steps }) => Object.values(steps).some(isHeldUp),
  /** Nobody drives it, or one process after the other lets go of it. */
  "cut-off": (run, atMs) => isLetGo(run) || isPassedOn(run, atMs),
} as const satisfies Readonly<Record<string, (run: RunState, atMs: number) => boolean>>;
type Wrong = keyof typeof WRONG;

export const wrongIn = (run: RunState, atMs: number): readonly string[] =>
  Object.entries(WRONG).flatMap(([name, is]) => (is(run, atMs) ? [name] : []));

/** This outbreak of it, told apart from the one before and from the next. */
export const outbreakOf = (run: RunState, wrong: Wrong): string => `${wrong}:${run.outbreaks[wrong]?.beganMs ?? 0}`;
