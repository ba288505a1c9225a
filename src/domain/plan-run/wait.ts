import { z } from "zod";
import { DoorName } from "../event.ts";

/**
 * Somebody decided to wait with moving a service. A decision and no lock: a key counts all the same, and a plan can be asked for.
 *
 *   standing ──its time has come──▶ over
 *      └──the move has started, or its incident is closed and no plan waits──▶ ended
 *
 * One a service; deciding again replaces it.
 */
export const Wait = z.strictObject({
  service: z.string(),
  /** Counts the decisions about this service. It begins again where the document could not be read. */
  number: z.number().int(),
  state: z.enum(["standing", "over", "ended"]),
  /** World times. No two decisions about a service are of one moment: what is said of each is said once. */
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

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)(?: ?(?:z|utc|gmt))?$/i;
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

/** Less than this ago: `03:40` at 03:40:20 is nobody's word for tomorrow. */
const JUST_PASSED_MS = 3_600_000;

/** A time of day that was a moment ago: the next one is tomorrow's, and nobody says that it is meant. */
export function hasJustPassed(word: string, nowMs: number): boolean {
  const untilMs = TIME_OF_DAY.test(word) ? readUntil(word, nowMs) : undefined;
  return untilMs !== undefined && untilMs > nowMs + DAY_MS - JUST_PASSED_MS;
}

/** UTC by its names; the zone of a time of day stands behind it. */
const IS_UTC = /^(z|utc|gmt)$/i;
const HALF_OF_DAY = /^[ap]\.?m\.?$/i;
const OFFSET = /^(utc|gmt)?[+-]\d{1,2}(:?\d\d)?$/i;
/** In capitals, because some of them are words. */
const ZONES = new Set(
  "CET CEST EET EEST WET WEST BST IST MSK EST EDT ET CST CDT CT MST MDT MT PST PDT PT AKST AKDT HST JST KST SGT HKT AEST AEDT ACST ACDT AWST NZST NZDT BRT ART SAST EAT WAT CAT PKT GST ICT WIB PHT".split(
    " ",
  ),
);
const PLACE = /^[A-Z][A-Za-z_]+\/[A-Z]/;

/** The word behind a time of day belongs to it: a zone, or the half of the day. `because` behind one word shows that it is no reason. */
export function belongsToTime(time: string, [word = "", next = ""]: readonly string[]): boolean {
  if (!STARTS_AS_TIME.test(time)) return false;
  if ([IS_UTC, HALF_OF_DAY, OFFSET, PLACE].some((each) => each.test(word)) || ZONES.has(word)) return true;
  return /^because$/i.test(next) && !/^because$/i.test(word);
}

const STARTS_AS_TIME = /^\d{1,2}:\d\d/;

/** Looks like a time of day, and has something behind it that is read by nobody, such as a zone. */
export const isOtherTime = (word: string): boolean => /^\d{1,2}:\d\d ?\S/.test(word);

const FAR_MS = 3 * 3_600_000;

/** A bare time of day could be any day's: the date belongs to it where it is some hours ahead, or another day in UTC. */
export const needsDate = (ms: number, nowMs: number): boolean =>
  ms - nowMs > FAR_MS || Math.floor(ms / DAY_MS) !== Math.floor(nowMs / DAY_MS);
