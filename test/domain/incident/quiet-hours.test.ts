import { describe, expect, test } from "@jest/globals";
import { QuietHours, quietUntil } from "../../../src/domain/incident/quiet-hours.ts";

const night = { from: "22:00", until: "07:00", zone: "Europe/Berlin" };
const end = (at: string, quiet = night) => {
  const endsAtMs = quietUntil(quiet, Date.parse(at));
  return endsAtMs === undefined ? undefined : new Date(endsAtMs).toISOString();
};

describe("quiet hours", () => {
  test("last over midnight, on the clock of the person", () => {
    expect(end("2026-11-20T20:59:59Z")).toBeUndefined();
    expect(end("2026-11-20T21:00:00Z")).toBe("2026-11-21T06:00:00.000Z");
    expect(end("2026-11-21T03:00:30Z")).toBe("2026-11-21T06:00:00.000Z");
    expect(end("2026-11-21T06:00:00Z")).toBeUndefined();
  });

  test("may lie within one day", () => {
    const noon = { from: "12:00", until: "13:30", zone: "Asia/Kolkata" };
    expect(end("2026-11-21T06:45:00Z", noon)).toBe("2026-11-21T08:00:00.000Z");
    expect(end("2026-11-21T08:00:00Z", noon)).toBeUndefined();
  });

  test("end by the clock on the wall in the nights in which the clocks change", () => {
    expect(end("2026-03-28T22:00:00Z")).toBe("2026-03-29T05:00:00.000Z");
    expect(end("2026-10-24T22:00:00Z")).toBe("2026-10-25T06:00:00.000Z");
  });

  test("are refused without a real time of day or time zone", () => {
    for (const wrong of [{ from: "24:00" }, { until: "7:00" }, { zone: "Europe/Atlantis" }])
      expect(QuietHours.safeParse({ ...night, ...wrong }).success).toBe(false);
  });
});
