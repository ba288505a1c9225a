import { z } from "zod";
import { Event } from "../domain/event.ts";

/** Increases when `Event` changes so that what older versions wrote does not fit any more. */
const EVENT_VERSION = 1;
const Written = z
  .strictObject({ ...Event.shape, v: z.literal(EVENT_VERSION) })
  .transform(({ v: _, ...event }) => event);

const UNREADABLE = "event.unreadable";
export const isUnreadable = ({ kind }: Event): boolean => kind === UNREADABLE;

/** As an event stands in the stream and in its lists. */
export const textOf = (event: Event): string => JSON.stringify({ v: EVENT_VERSION, ...event });

/** What is taken of one that cannot be read, as far as it can. */
const Left = z.object({
  v: z.unknown(),
  atMs: z.number().optional().catch(undefined),
  incident: z.string().optional().catch(undefined),
  run: z.string().optional().catch(undefined),
});

/**
 * Of another version, or damaged, it stands in its place with what can be read of it: the timeline says that something happened,
 * and neither its neighbours nor what ends old ones stop at it. `nearMs`: its time where it says none.
 */
export function eventFrom(text: string, nearMs: number): Event {
  const json = jsonOf(text);
  const event = Written.safeParse(json);
  if (event.success) return event.data;
  const { v, atMs = nearMs, incident, run } = Left.catch({ v: undefined }).parse(json);
  return {
    ...{ kind: UNREADABLE, atMs, door: "engine" },
    ...(incident === undefined ? {} : { incident }),
    ...(run === undefined ? {} : { run }),
    says: `Something happened here that this version of TwoKey cannot read: ${carries(v)}`,
    // Whole, so that the archive keeps it.
    facts: { stored: text },
  };
}

function carries(version: unknown): string {
  if (version === EVENT_VERSION) return "its content is not what its version says";
  return typeof version === "number"
    ? `it carries version ${version}, and this one reads ${EVENT_VERSION}`
    : "it carries no version";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
