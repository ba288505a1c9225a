import { z } from "zod";

export const PageChannel = z.enum(["phone", "sms", "email", "push", "slack"]);
export type PageChannel = z.infer<typeof PageChannel>;

/** What everybody else has to know of a pager. All the rest is its kind's own business. */
export const PagerTraits = z.strictObject({
  /** As people call it, such as the vendor's name. */
  label: z.string(),
  /** Channels that a page through it certainly goes by. */
  sends: z.array(PageChannel),
  /** Channels that it may use as well, by rules that each person sets there. */
  mayUse: z.array(PageChannel),
  /** It keeps an incident of its own, which has to be opened first; it has evidence and can be told the end. */
  keepsIncidents: z.boolean(),
  /** It can wake somebody. */
  rings: z.boolean(),
});
export type PagerTraits = z.infer<typeof PagerTraits>;

/** The pager that keeps the incident; the file may name one at most. */
export function keeperOf(pagers: Readonly<Record<string, PagerTraits>>): string | undefined {
  return Object.keys(pagers).find((name) => pagers[name]?.keepsIncidents);
}

/** How people call it. */
export function keeperLabel(pagers: Readonly<Record<string, PagerTraits>>): string {
  return pagers[keeperOf(pagers) ?? ""]?.label ?? "the pager";
}

/** A pager of the file. Its settings are read by its kind only. */
export interface PagerEntry {
  readonly traits: PagerTraits;
  readonly settings: unknown;
}
