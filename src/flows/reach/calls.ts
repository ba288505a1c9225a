import { z } from "zod";
import type { Event } from "../../domain/event.ts";

/** World time of the last call, and how many there were of late. */
const SERIES = { atMs: z.number(), count: z.number().int() };

/** What has been called about one subject so far. */
export const Calls = z.strictObject({
  /** Why people are called; another reason starts at round 0. */
  reason: z.string(),
  round: z.number().int(),
  /** When the pager accepted this round. */
  pagedAtMs: z.number().optional(),
  /** Ways that only tell, each with its person, that have accepted this round: `pager:person`, or `direct:person`. */
  told: z.array(z.string()),
  /** When the newest of them did. */
  toldAtMs: z.number().exactOptional(),
  /** Failures in a row, the newest one's time, and when the next try is due. */
  failures: z.number().int(),
  failedAtMs: z.number().optional(),
  retryAtMs: z.number().optional(),
  outcome: z.string(),
  /** Cards that were sent to one person each, of every reason so far: they are kept as true as the one in the room. */
  direct: z.array(z.string()).exactOptional(),
  /** How the run stood when they were last asked for again. */
  shown: z.string().exactOptional(),
  /** Where several things are called about under one key. */
  news: z
    .strictObject({
      ...SERIES,
      /** Each by its name; `isCalled`: since it broke. */
      about: z.array(z.strictObject({ what: z.string(), ...SERIES, isCalled: z.boolean() })),
      /** More was called for. */
      isCut: z.boolean(),
    })
    .exactOptional(),
  /** Of each outbreak when a way first called for it, as long as that counts. */
  firstCalls: z.array(z.strictObject({ way: z.string(), part: z.string(), atMs: z.number() })).exactOptional(),
  /** Keys under which the pager may have an incident open: one for each reason, with its own title. */
  open: z.array(z.string()),
  /** What is over and the pager did not take yet: as above. */
  standDown: z
    .strictObject({ failures: z.number().int(), failedAtMs: z.number(), retryAtMs: z.number() })
    .exactOptional(),
});
export type Calls = z.infer<typeof Calls>;

/** Whether the next try is not due yet. A failure in the future is of a clock that went back since, and holds nothing back. */
export const isToWait = (
  { failedAtMs, retryAtMs }: Pick<Calls, "failedAtMs" | "retryAtMs"> = {},
  nowMs: number,
): boolean => failedAtMs !== undefined && failedAtMs <= nowMs && nowMs < (retryAtMs ?? nowMs);

/** Where the calls about one subject are remembered. */
export interface CallMemory {
  read(): Promise<Calls | undefined>;
  change(decide: (current: Calls | undefined) => { value: Calls; events: readonly Event[] } | undefined): Promise<void>;
}

export const NOBODY_CALLED: Calls = { reason: "", round: 0, told: [], failures: 0, outcome: "", open: [] };

/** What outlives the reason. */
export const kept = (before: Calls | undefined): Pick<Calls, "direct" | "shown" | "news" | "firstCalls"> => ({
  ...(before?.direct !== undefined && { direct: before.direct }),
  ...(before?.shown !== undefined && { shown: before.shown }),
  ...(before?.news !== undefined && { news: before.news }),
  ...(before?.firstCalls !== undefined && { firstCalls: before.firstCalls }),
});
