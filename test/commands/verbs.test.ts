import { describe, expect, test } from "@jest/globals";
import { VERBS } from "../../src/commands/index.ts";
import { DECISIONS } from "../../src/domain/plan-run/decision.ts";

describe("while the state store is lost (G17)", () => {
  test("every verb that decides about a run is refused, and the failover itself", () => {
    const deciding = ["failover", ...Object.keys(DECISIONS)].filter((name) => VERBS[name] !== undefined);

    expect(deciding.length).toBeGreaterThan(5);
    expect(deciding.filter((name) => VERBS[name]?.moves !== true)).toEqual([]);
  });

  test("looking and the way on are not refused", () => {
    expect(["status", "by-hand", "accept-store", "ack"].filter((name) => VERBS[name]?.moves === true)).toEqual([]);
  });
});
