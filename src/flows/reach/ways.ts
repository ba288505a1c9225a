import type { Asked, KeepingPager, PageRequest, Pager, PagerAnswer } from "../../ports/pager.ts";
import { isUrgent, type OccasionName } from "./occasions.ts";

/** What people are called with, whatever way it takes. */
export interface Call {
  readonly occasion: OccasionName;
  /** Of the incident, where it is about one. */
  readonly severity?: string;
  /** Key of the pager's incident. */
  readonly dedupKey: string;
  readonly says: string;
  readonly about: Pick<PageRequest, "details" | "links" | "state" | "atMs">;
}

/** Opens the pager's own incident, which comes before anybody is asked for by name. */
export function open(
  keeper: Pick<KeepingPager, "trigger">,
  { occasion, severity, dedupKey, says, about }: Call,
  shown: Pick<PageRequest, "source" | "severity">,
): Promise<PagerAnswer> {
  return keeper.trigger({ ...about, ...shown, dedupKey, summary: says, urgent: isUrgent(occasion, severity) });
}

/** Whom one call asks for, as the pager knows them. */
export interface Asking {
  /** The same key again is the same call. */
  readonly pageKey: string;
  readonly users?: readonly string[];
  readonly policies?: readonly string[];
  /** They were due when the pager's incident was opened. */
  readonly besidesTrigger?: boolean;
}

/** Asks for people by name: the one that keeps the incident rings, any other only tells. */
export function ask(
  pager: Pick<Pager, "call">,
  { occasion, severity, dedupKey, says, about }: Call,
  { pageKey, users = [], policies = [], besidesTrigger = false }: Asking,
): Promise<PagerAnswer<Asked>> {
  return pager.call({
    ...{ ...about, dedupKey, pageKey, users, policies, besidesTrigger },
    ...{ message: says, urgent: isUrgent(occasion, severity) },
  });
}
