import { describe, expect, test } from "@jest/globals";
import { classify } from "../../../src/integrations/aws/errors.ts";
import { Reachability } from "../../../src/integrations/aws/reachability.ts";

function answered(name: string, status: number, message = "") {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: "r" } });
}

describe("classification", () => {
  test.each([
    ["an error that nobody knows and that blames us", answered("Unknown", 400), "refused"],
    ["an error that nobody knows and that blames AWS", answered("Unknown", 502), "ambiguous"],
    ["too many requests by status alone", answered("Unknown", 429), "retryLater"],
    ["a code that differs from the name", Object.assign(answered("X", 400), { Code: "Throttling" }), "retryLater"],
    ["too many requests by words alone", answered("Unknown", 400, "Rate exceeded"), "retryLater"],
    ["the same words where AWS blames itself", answered("Unknown", 503, "Rate exceeded"), "ambiguous"],
    ["a busy zone", answered("PriorRequestNotComplete", 400), "inFlight"],
    ["a busy instance", answered("InvalidDBInstanceStateFault", 400, "not in available state"), "inFlight"],
    [
      "a promoted instance",
      answered("InvalidDBInstanceStateFault", 400, "DB Instance is not a read replica"),
      "alreadyDone",
    ],
    ["a skewed clock", answered("RequestTimeTooSkewed", 403), "retryLater"],
    ["something that is no error at all", "broken", "ambiguous"],
  ] as const)("%s", (_what, error, kind) => {
    expect(classify(error).kind).toBe(kind);
  });

  test.each([
    [{ code: "ECONNREFUSED", syscall: "connect" }, "no-connection", "unreachable"],
    [{ code: "ETIMEDOUT", syscall: "connect" }, "no-connection", "unreachable"],
    [{ code: "ENOTFOUND", syscall: "getaddrinfo" }, "no-connection", "unreachable"],
    [{ name: "TimeoutError", code: "ETIMEDOUT" }, "silence", "ambiguous"],
    [{ name: "TimeoutError", code: "ECONNRESET" }, "silence", "ambiguous"],
    [
      { name: "TimeoutError", message: "the request socket did not establish a connection" },
      "no-connection",
      "unreachable",
    ],
    [{ message: "AWS SDK error wrapper for Error: connect ECONNREFUSED 127.0.0.1:9" }, "no-connection", "unreachable"],
    [{ message: "AWS SDK error wrapper for Error: socket hang up" }, "silence", "ambiguous"],
  ])("%j met %s and is %s", (facts, met, kind) => {
    expect(classify(Object.assign(new Error("x"), facts))).toMatchObject({ met, kind });
  });

  test.each([
    [answered("Unknown", 429), true],
    [answered("Unknown", 503, "Rate exceeded"), true],
    [answered("RequestLimitExceeded", 503), true],
    [answered("RequestTimeTooSkewed", 403), false],
    [answered("ServiceUnavailable", 503), false],
    [Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" }), false],
  ])("%s asks for fewer calls: %s", (error, is) => {
    expect(classify(error).isThrottle).toBe(is);
  });

  test("what AWS said is kept short", () => {
    expect(classify(answered("AccessDenied", 403, "x".repeat(5_000))).said.length).toBeLessThan(400);
  });
});

test("of many looks at a silent endpoint one goes through when its time is over", () => {
  let nowMs = 0;
  const reachability = new Reachability(10_000, () => nowMs);
  reachability.silent("rds eu-west-1");
  nowMs = 9_999;
  expect(reachability.silenceOf("rds eu-west-1")).toBe(9_999);
  expect(reachability.silenceOf("ecs eu-west-1")).toBeUndefined();
  nowMs = 10_000;
  expect(reachability.silenceOf("rds eu-west-1")).toBeUndefined();
  expect(reachability.silenceOf("rds eu-west-1")).toBe(10_000);
  reachability.silent("rds eu-west-1");
  nowMs = 15_000;
  expect(reachability.silenceOf("rds eu-west-1")).toBe(15_000);
  reachability.answered("rds eu-west-1");
  expect(reachability.silenceOf("rds eu-west-1")).toBeUndefined();
});
