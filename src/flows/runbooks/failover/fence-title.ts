import type { z } from "zod";
import type { FenceInput, FencePart } from "./fence-input.ts";

type Input = z.infer<typeof FenceInput>;

const WORK = {
  stores: ["close its", "database"],
  compute: ["stop its", "service"],
  entrances: ["close its", "entrance"],
} as const;

/** What the key holders signed for as left as it is is promised to nobody. */
export function whatIsFenced(input: Input): string {
  const answering = input.parts.filter((part) => !mayStay(part, input));
  if (answering.length === 0) return " if it answers";
  const left = input.parts.filter((part) => mayStay(part, input)).map(({ resource }) => resource);
  const says = left.length === 0 ? "" : `, and leave ${left.join(", ")}, which gave no answer`;
  return `: ${whatIsClosed(answering)}${says}`;
}

/** "stop its service, close its database", in the order of the parts. */
function whatIsClosed(parts: readonly FencePart[]): string {
  return [...new Set(parts.map(({ role }) => role))]
    .map((role) => {
      const [verb, noun] = WORK[role];
      return `${verb} ${noun}${parts.filter((part) => part.role === role).length > 1 ? "s" : ""}`;
    })
    .join(", ");
}

/** The key holders accepted that it may stay as it is while it gives no answer. */
export const mayStay = ({ resource }: Pick<FencePart, "resource">, { unseenAccepted }: Input): boolean =>
  unseenAccepted.includes(resource);

/** Nothing of the old side gave an answer when the plan was made. */
export const isAllSilent = (input: Input): boolean => input.parts.every((part) => mayStay(part, input));
