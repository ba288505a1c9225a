import { sayTime } from "../domain/duration.ts";
import { belongsToTime, hasJustPassed, isOtherTime, LONGEST_WAIT_MS, readUntil } from "../domain/plan-run/wait.ts";
import { MOST_HOURS } from "../views/wait.ts";
import type { Ask } from "./intent.ts";

/** What somebody said in words or in the form. */
export interface Said {
  /** A plan, an incident or a service, as it was typed or as a button carries it. */
  readonly about: string | undefined;
  readonly until: string | undefined;
  readonly reason: string;
}

export const fromFields = ({ fields = {}, value }: Ask): Said => ({
  about: value,
  until: fields["until"]?.trim() ?? "",
  reason: fields["reason"]?.trim() ?? "",
});

const LEADS_IN = /^(until|till|for)$/i;
const IS_LIKE_A_TIME = /^\d/;

/** What is meant stands before the time, if it is named at all; everything behind the time is the reason. */
export function fromWords({ text, value }: Ask, nowMs: number): Said {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const [first = ""] = words;
  const isTime = (word: string) => readUntil(word, nowMs) !== undefined || IS_LIKE_A_TIME.test(word);
  const isNamed = words.length > 0 && !isTime(first) && !LEADS_IN.test(first);
  const rest = (isNamed ? words.slice(1) : words).filter((word, at) => at > 0 || !LEADS_IN.test(word));
  const [time, ...behind] = rest;
  const isLonger = time !== undefined && belongsToTime(time, behind);
  const until = isLonger ? `${time} ${behind[0]}` : time;
  const why = isLonger ? behind.slice(1) : behind;
  const reason = why.join(" ").replace(/^because\b\s*/i, "");
  return { about: isNamed ? first : value, until, reason };
}

/** By the field's id; empty: nothing is wrong. */
export function wrongWith({ until = "", reason }: Said, nowMs: number): Readonly<Record<string, string>> {
  const untilMs = readUntil(until, nowMs);
  const time = untilMs === undefined ? noTime(until, nowMs) : noWait({ until, untilMs }, nowMs);
  return {
    ...(time === undefined ? {} : { until: time }),
    ...(reason === "" ? { reason: "Say why: everybody in the room reads it." } : {}),
  };
}

function noTime(until: string, nowMs: number): string {
  if (!isOtherTime(until)) return `“${until}” is no time. Write 03:40, which is in UTC, or how long: 20m.`;
  return `“${until}” is not read. Write only a time in UTC, from 00:00 to 23:59, or how long: 20m. In UTC it is ${sayTime(nowMs).slice(0, 5)} now.`;
}

/** Undefined: it can be waited for. */
function noWait({ until, untilMs }: { until: string; untilMs: number }, nowMs: number): string | undefined {
  if (hasJustPassed(until, nowMs))
    return `“${until}” has just passed: in UTC it is ${sayTime(nowMs)} now. Write a later time, or how long: 20m.`;
  if (untilMs > nowMs + LONGEST_WAIT_MS) return `“${until}” is too long. Wait ${MOST_HOURS} hours at most.`;
  return untilMs <= nowMs ? `“${until}” is too short. Wait a minute or more.` : undefined;
}
