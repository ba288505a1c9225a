import { describe, expect, test } from "@jest/globals";
import { blindMs, lossMs, positionOf, sayLoss } from "../../../src/domain/plan-run/data-position.ts";
import type { LagFacts } from "../../../src/domain/service/observed.ts";

const AT = Date.parse("2026-11-21T03:12:45Z");
const SAMPLE = { seconds: 2, measuredAtMs: AT - 60_000 };
const BROKEN: LagFacts = { known: false, cause: "failed", why: "it does not replicate (ReplicaLag -1)", atMs: AT };
const at = (ms: number) => ({ atMs: ms, measuredAtMs: AT });

describe("a position", () => {
  test("is the time of the sample less its lag, and stays so however late it is read", () => {
    const now = positionOf({ known: true, value: SAMPLE, atMs: AT }, 0);
    const laterOn = positionOf({ ...BROKEN, atMs: AT + 9 * 3_600_000, lastGood: SAMPLE }, 0);

    expect(now).toEqual({ atMs: AT - 62_000, measuredAtMs: AT - 60_000 });
    expect(laterOn).toEqual({ ...now, why: "it does not replicate (ReplicaLag -1)" });
  });

  test("is unknown only where no good sample is known", () => {
    expect(positionOf(BROKEN, 0)).toBeUndefined();
    expect(positionOf(undefined, 0)).toBeUndefined();
  });

  test("counts a minute less where the engine goes on saying 0 over a silent link", () => {
    expect(blindMs("postgres")).toBe(0);
    expect([blindMs("mysql"), blindMs("mariadb"), blindMs(undefined)]).toEqual([60_000, 60_000, 60_000]);
    expect(positionOf({ ...BROKEN, lastGood: SAMPLE }, 60_000)?.atMs).toBe(AT - 122_000);
  });

  test("is said as a point in time, with the date when it is another day's", () => {
    expect(sayLoss(at(AT), AT + 60_000)).toBe("writes after 03:12:45Z may be lost");
    expect(sayLoss(at(AT), AT + 86_400_000)).toBe("writes after 2026-11-21 03:12:45Z may be lost");
  });
});

describe("what is lost at most", () => {
  test("is what was committed between the position and the outage", () => {
    expect(lossMs(AT, AT + 5_000, AT + 600_000)).toBe(5_000);
  });

  test("counts up to the end where no outage is known, or commits went on after it was seen", () => {
    expect(lossMs(AT, undefined, AT + 600_000)).toBe(600_000);
    expect(lossMs(AT, AT - 1, AT + 600_000)).toBe(600_000);
    expect(lossMs(AT, undefined, AT - 1)).toBe(0);
  });
});
