import { z } from "zod";
import { DoorName } from "../event.ts";

/**
 * Somebody decided to wait with moving a service. A decision and no lock: a key counts all the same, and a plan can be asked for.
 *
 *   standing ──its time has come──▶ over
 *      └──the move has started, or the incident is closed──▶ ended
 *
 * One a service; deciding again replaces it.
 */
export const Wait = z.strictObject({
  service: z.string(),
  /** Counts the decisions about this service: what is said of each is said once. */
  number: z.number().int(),
  state: z.enum(["standing", "over", "ended"]),
  /** World times. */
  atMs: z.number(),
  untilMs: z.number(),
  by: z.string(),
  door: DoorName,
  reason: z.string(),
  /** The plan that waited for keys then. */
  plan: z.string().exactOptional(),
  incident: z.string().exactOptional(),
  /** Where it is said, unless its incident has a channel of its own by then. */
  channel: z.string(),
  /** Everybody was told of it as it stands now, and every card that shows it was asked for. */
  isTold: z.boolean(),
});
export type Wait = z.infer<typeof Wait>;

/** People see that it stands, or have still to be told that it does not. */
export const isTended = ({ state, isTold }: Wait): boolean => state === "standing" || !isTold;

/** Undefined where it stands no more: nothing that is shown says so. */
export const standingAt = (wait: Wait | undefined, nowMs: number): Wait | undefined =>
  wait?.state === "standing" && nowMs < wait.untilMs ? wait : undefined;

const DAY_MS = 24 * 3_600_000;
export const LONGEST_WAIT_MS = DAY_MS;

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)z?$/i;
const HOW_LONG = /^(\d{1,4})(s|m|min|h)$/i;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

/** `03:40` is the next one, in UTC like every time that is typed; `20m` and `1h` begin now. World time; undefined: it is neither. */
export function readUntil(word: string, nowMs: number): number | undefined {
  const [, hours, minutes] = TIME_OF_DAY.exec(word) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    const atMs = nowMs - (nowMs % DAY_MS) + Number(hours) * 3_600_000 + Number(minutes) * 60_000;
    return atMs > nowMs ? atMs : atMs + DAY_MS;
  }
  const [, count, unit = ""] = HOW_LONG.exec(word) ?? [];
  return count === undefined ? undefined : nowMs + Number(count) * (UNIT_MS[unit.toLowerCase()] ?? 0);
}
