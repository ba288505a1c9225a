import { type ByHandBlock, pastedLines } from "./by-hand.ts";
import { type Plan, type PlannedStep, phasesOf } from "./plan.ts";

/** A block with the step that it belongs to, and its place among the blocks of that step. */
export interface ByHandItem {
  readonly step: PlannedStep;
  readonly block: ByHandBlock;
  readonly index: number;
}

/** Characters of a message. Slack shows 12,000 in all; the first one says also what people risk and what they skip. */
const ROOM = 10_500;
const FIRST_ROOM = 7_500;
/** Each takes two blocks of a message, which has 50. */
const MOST_BLOCKS = 20;

/** The commands of a plan in their order, a part for each message: what is cut off at the end would be the steps that users need. */
export function byHandParts(plan: Plan): readonly (readonly ByHandItem[])[] {
  const steps = phasesOf(plan).flat();
  // What cannot work now stands last, so that people begin with what does.
  const ordered = [
    ...steps.filter(({ silent }) => silent === undefined),
    ...steps.filter(({ silent }) => silent !== undefined),
  ];
  return inParts(ordered);
}

/** The blocks of these steps, in their order. */
export function inParts(steps: readonly PlannedStep[]): readonly (readonly ByHandItem[])[] {
  const items = steps.flatMap((step) => step.byHand.map((block, index) => ({ step, block, index })));
  const parts: ByHandItem[][] = [[]];
  let room = FIRST_ROOM;
  for (const item of items) {
    const size = sizeOf(item);
    const last = parts.at(-1) ?? [];
    const isFull = size > room || last.length >= MOST_BLOCKS;
    if (isFull && last.length > 0) parts.push([item]);
    else last.push(item);
    room = (isFull ? ROOM : room) - size;
  }
  return parts;
}

/** As long as any place is. */
const LONGEST = { number: "back 10-10", looks: "10a-10" };

const sizeOf = ({ step, block }: ByHandItem): number =>
  [step.title, block.of ?? "", block.before ?? "", ...pastedLines(block, LONGEST)].reduce(
    (sum, line) => sum + line.length + 1,
    0,
  );
