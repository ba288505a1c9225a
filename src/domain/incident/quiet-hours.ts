import { z } from "zod";

const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

const TimeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 22:00")
  .meta({ examples: ["22:00"] });

export const QuietHours = z.strictObject({
  from: TimeOfDay.describe("When they begin, on the clock of `zone`."),
  until: TimeOfDay.describe("When they end; earlier than `from` means on the next day."),
  zone: z
    .string()
    .refine(isTimeZone, "must be a time zone such as Europe/Berlin")
    .describe("IANA time zone of the person.")
    .meta({ examples: ["Europe/Berlin"] }),
});
export type QuietHours = z.infer<typeof QuietHours>;

/** End of the quiet hours that this moment lies in, epoch milliseconds. Undefined: it lies in none. */
export function quietUntil({ from, until, zone }: QuietHours, atMs: number): number | undefined {
  const [begins, ends] = [minutesOf(from), minutesOf(until)];
  const now = localMinutes(atMs, zone);
  const isQuiet = begins <= ends ? now >= begins && now < ends : now >= begins || now < ends;
  if (!isQuiet) return undefined;
  const minuteStart = atMs - (atMs % MINUTE_MS);
  const endsAtMs = minuteStart + modulo(ends - now, DAY_MINUTES) * MINUTE_MS;
  // In a night in which the clocks change, the end is an hour off: the clock on the wall says how much.
  const half = DAY_MINUTES / 2;
  const off = modulo(ends - localMinutes(endsAtMs, zone) + half, DAY_MINUTES) - half;
  return endsAtMs + off * MINUTE_MS;
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function localMinutes(atMs: number, zone: string): number {
  const format = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  return minutesOf(new Intl.DateTimeFormat("en-GB", format).format(atMs));
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;
