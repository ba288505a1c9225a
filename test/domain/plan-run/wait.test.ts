import { expect, test } from "@jest/globals";
import {
  belongsToTime,
  hasJustPassed,
  needsDate,
  readUntil,
  standingAt,
  type Wait,
} from "../../../src/domain/plan-run/wait.ts";

const NOW = Date.parse("2026-11-21T03:20:30Z");
const at = (time: string) => Date.parse(`2026-11-${time}:00Z`);

test.each([
  ["03:40", at("21T03:40")],
  ["3:40", at("21T03:40")],
  ["03:40Z", at("21T03:40")],
  ["03:40 UTC", at("21T03:40")],
  ["03:40gmt", at("21T03:40")],
  ["23:59", at("21T23:59")],
  // The next one: what is over for today is tomorrow's.
  ["03:20", at("22T03:20")],
  ["00:05", at("22T00:05")],
  ["20m", NOW + 20 * 60_000],
  ["20min", NOW + 20 * 60_000],
  ["1H", NOW + 3_600_000],
  ["90s", NOW + 90_000],
])("%s is a moment", (word, ms) => {
  expect(readUntil(word, NOW)).toBe(ms);
});

test.each([
  "",
  "24:00",
  "03:60",
  "3.40",
  "0340",
  "20",
  "m",
  "20 m",
  "-5m",
  "tomorrow",
  "03:40:10",
  "03:40 CET",
  "11:30 pm",
  "03:40+02:00",
])("“%s” is none", (word) => {
  expect(readUntil(word, NOW)).toBeUndefined();
});

test("a wait whose time has come stands no more, whoever has looked at it since", () => {
  const wait: Wait = {
    ...{ service: "inventory", number: 1, state: "standing", atMs: NOW, untilMs: NOW + 60_000, by: "ana" },
    ...{ door: "slack", reason: "AWS says that it comes back", channel: "C1", isTold: true },
  };
  expect(standingAt(wait, NOW + 59_999)).toBe(wait);
  expect(standingAt(wait, NOW + 60_000)).toBeUndefined();
  expect(standingAt({ ...wait, state: "ended" }, NOW)).toBeUndefined();
});

test.each([
  ["03:20", true],
  ["02:21", true],
  ["02:20", false],
  ["03:21", false],
  ["24h", false],
])("%s has just passed: %s", (word, isSo) => {
  expect(hasJustPassed(word, NOW)).toBe(isSo);
});

test.each([
  ["11:30", "pm because it comes back", true],
  ["11:30", "p.m. it comes back", true],
  ["03:40", "CET it comes back", true],
  ["03:40", "PT because of the lag", true],
  ["03:40", "+02:00 because of the lag", true],
  ["03:40", "UTC+2 because of the lag", true],
  ["03:40", "Europe/Berlin because of the lag", true],
  ["03:40", "Berlin because of the lag", true],
  ["03:40", "utc because of the lag", true],
  ["03:40", "because CET is what AWS says", false],
  ["03:40", "AWS says that it comes back", false],
  ["03:40", "it comes back", false],
  ["03:40", "", false],
  ["20m", "Berlin because of the lag", false],
])("%s, and what begins “%s” belongs to the time: %s", (time, behind, isSo) => {
  expect(belongsToTime(time, behind.split(" "))).toBe(isSo);
});

test("a time has its date where it is hours ahead, or another day", () => {
  expect([at("21T03:40"), at("21T06:20"), at("21T06:21"), at("22T03:00")].map((ms) => needsDate(ms, NOW))).toEqual([
    ...[false, false, true, true],
  ]);
  expect(needsDate(at("22T00:10"), at("21T23:50"))).toBe(true);
});
