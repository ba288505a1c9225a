import type { z } from "zod";
import { StepFailed } from "../../../domain/errors.ts";
import type { Known } from "../../../domain/service/observed.ts";
import { enteredBy, seenBy } from "../../../ports/elsewhere.ts";
import { within } from "../../../ports/signals.ts";
import type { LookContext, StepContext } from "../../../ports/step.ts";
import type { Fence } from "../../resources/fence.ts";
import { kindNamed } from "../../resources/index.ts";
import type { FenceInput, FencePart } from "./fence-input.ts";

type Context = Pick<StepContext, "cloud" | "signal" | "tries">;
type Looking = Pick<LookContext, "cloud" | "signal">;

/** A part of a fence, with what its kind knows of closing it. */
export interface Part extends Omit<FencePart, "things"> {
  readonly fence: Fence<never, never, object, object>;
  readonly things: object;
}

/** Throws TypeError for a kind that cannot be fenced: no plan has one. */
export function partOf(part: FencePart): Part {
  const { fence } = kindNamed(part.role, part.kind);
  if (!fence) throw new TypeError(`The kind ${part.kind} has nothing that can be fenced`);
  return { ...part, fence, things: fence.things.parse(part.things) };
}

export const isStore = ({ writeCheck }: Pick<FencePart, "writeCheck">): boolean => writeCheck !== undefined;

interface Entered {
  readonly roles?: FencePart["roles"] | undefined;
}

/** As it is entered. */
export const contextOf = ({ roles }: Entered, { cloud, signal, tries }: Context): Context => ({
  ...{ cloud: enteredBy(roles, cloud), signal, tries },
});

/** The same for a look. */
export const lookOf = ({ roles }: Entered, { cloud, signal }: Looking): Looking => ({
  ...{ cloud: seenBy(roles, cloud), signal },
});

/** How it stands; silent where it gives no answer within that machine time. */
export async function seenInTime(part: Part, looking: Looking, withinMs: number | undefined): Promise<Known<object>> {
  const { cloud, signal } = lookOf(part, looking);
  const seen = await within(withinMs, signal, (own) => part.fence.see(part.things, { cloud, signal: own }));
  if (seen) return seen.answer;
  const why = `no answer for ${(withinMs ?? 0) / 1_000} s`;
  return { known: false, cause: "unreachable", why, atMs: cloud.clock.now() };
}

/** What has not ended yet of what was stopped of it, in words; undefined: nothing, or nothing of it goes on. */
export async function leftOf(part: Part, context: Looking): Promise<Known<string | undefined>> {
  const left = await part.fence.left?.(part.things, lookOf(part, context));
  return left ?? { known: true, value: undefined, atMs: context.cloud.clock.now() };
}

export function notFenced({ region }: z.infer<typeof FenceInput>, why: string): StepFailed {
  // Without an acceptance people decide, even before the point of no return: going on might let both sides write.
  return new StepFailed("not-fenced", `${region} is not fenced: ${why}`, {
    facts: { mustAsk: true, region: region },
  });
}
