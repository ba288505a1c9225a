import { z } from "zod";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

/** A duration as people write it: `30s`, `15m`, `4h`, `7d`. Parsed to milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d+[smhd]$/, "must be a whole number and a unit: 30s, 15m, 4h or 7d")
  .meta({ examples: ["15m"] })
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as Unit]);

/** Whole days from 1d to 35d, as AWS keeps backups. Parsed to milliseconds, like every duration. */
export const BackupDays = z
  .string()
  .regex(/^([1-9]|[12]\d|3[0-5])d$/, "must be whole days from 1d to 35d")
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS.d);

/** `754_000` → `12 min 34 s`; the two largest units, for people. */
export function sayDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor((seconds % 86_400) / 3_600), "h"],
    [Math.floor((seconds % 3_600) / 60), "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** The same of what may be no less than it is said to be: rounded up to the smaller unit that is shown. */
export function sayAtMost(ms: number): string {
  const shownMs = ms < UNIT_MS.h ? UNIT_MS.s : ms < UNIT_MS.d ? UNIT_MS.m : UNIT_MS.h;
  return sayDuration(Math.ceil(ms / shownMs) * shownMs);
}

/** A short wait, for people: `1_500` → `1.5 s`. */
export const saySeconds = (ms: number): string => `${ms / 1_000} s`;

/** World time as `03:12:41Z`, or with the date when it is another day than `nowMs`. */
export function sayTime(ms: number, nowMs?: number): string {
  const iso = new Date(ms).toISOString();
  const sameDay = nowMs === undefined || new Date(nowMs).toISOString().slice(0, 10) === iso.slice(0, 10);
  return sameDay ? `${iso.slice(11, 19)}Z` : `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}
