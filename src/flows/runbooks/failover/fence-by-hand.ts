import type { z } from "zod";
import type { ByHandBlock } from "../../../domain/plan-run/by-hand.ts";
import { firstSaid } from "../../steps/by-hand.ts";
import type { FenceInput } from "./fence-input.ts";
import { partOf } from "./fence-part.ts";
import { isAllSilent, mayStay } from "./fence-title.ts";

/** What was captured of each part, put back in the opposite order; nothing of a part that nobody saw before it was closed. */
export const reopenedByHand = ({ parts, captured }: z.infer<typeof FenceInput>): ByHandBlock[] =>
  parts.toReversed().flatMap((part) => {
    const { fence, things, resource } = partOf(part);
    const before = captured?.[resource];
    if (before === undefined) return [];
    return fence.reopenByHand(things, fence.captured.parse(before)).map((each) => ({ ...each, of: resource }));
  });

/** Those before it are the shell's own. */
const FIRST_DESCRIPTOR = 3;

/** Part after part, each named. People sign in to every store before the first is closed, since stores may share a security group. */
export function fencedByHand(input: z.infer<typeof FenceInput>): ByHandBlock[] {
  const isWhole = isAllSilent(input);
  let descriptor = FIRST_DESCRIPTOR;
  const parts = input.parts.map((part) => {
    const { fence, things, resource } = partOf(part);
    const entered = fence.signInByHand?.(things, descriptor) ?? [];
    const closed = fence.byHand(things, descriptor);
    if (entered.length > 0) descriptor += 1;
    const all = entered.length + closed.length;
    const skip = `${resource} gave no answer: skip its ${all === 1 ? "block" : `${all} blocks`}, and come back when it does.`;
    const said = (blocks: readonly ByHandBlock[]) =>
      (isWhole || !mayStay(part, input) ? blocks : firstSaid(skip, blocks)).map((each) => ({ ...each, of: resource }));
    return { entered: said(entered), closed: said(closed) };
  });
  return [...parts.flatMap(({ entered }) => entered), ...parts.flatMap(({ closed }) => closed)];
}
