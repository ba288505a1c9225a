import { describe, expect, test } from "@jest/globals";
import { webApi } from "@slack/bolt";
import { classify, type Nature } from "../../../src/integrations/slack/classify.ts";

/** As Node's fetch fails: the socket's error is the cause of a TypeError. */
const fetchFailed = (code: string) =>
  new webApi.WebAPIRequestError(
    new TypeError("fetch failed", { cause: Object.assign(new Error(`connect ${code}`), { code }) }),
  );
const timedOut = new webApi.WebAPIRequestError(new DOMException("The operation timed out", "TimeoutError"));
const refused = (error: string) => new webApi.WebAPIPlatformError({ ok: false, error });
const answered = (status: number) => new webApi.WebAPIHTTPError(status, "", {}, "");

const ROWS: [what: string, error: unknown, nature: Nature, name: string][] = [
  ["a connection that never came about", fetchFailed("ECONNREFUSED"), "once", "TransientError"],
  ["a name that is not found", fetchFailed("ENOTFOUND"), "once", "TransientError"],
  ["a connection that was cut", fetchFailed("ECONNRESET"), "once", "OutcomeUnknown"],
  ["no answer in time", timedOut, "once", "OutcomeUnknown"],
  ["no answer in time to a repeatable call", timedOut, "repeatable", "TransientError"],
  ["no answer in time to a read", timedOut, "read", "TransientError"],
  ["a gateway's 502", answered(502), "once", "OutcomeUnknown"],
  ["a proxy's 407", answered(407), "once", "TransientError"],
  ["429", new webApi.WebAPIRateLimitedError(7), "once", "TransientError"],
  ["fatal_error", refused("fatal_error"), "once", "OutcomeUnknown"],
  ["fatal_error to a repeatable call", refused("fatal_error"), "repeatable", "TransientError"],
  ["request_timeout", refused("request_timeout"), "once", "TransientError"],
  ["a refusal", refused("not_in_channel"), "once", "UserError"],
  ["an answer of a shape that is not Slack's", new Error("Invalid input"), "once", "OutcomeUnknown"],
];

describe("Slack's errors", () => {
  test.each(ROWS)("%s", (_what, error, nature, name) => {
    expect(classify(error, { method: "chat.postMessage", nature }).name).toBe(name);
  });

  test("say when to come again", () => {
    const error = classify(new webApi.WebAPIRateLimitedError(7), { method: "chat.postMessage", nature: "once" });
    expect(error).toMatchObject({ facts: { method: "chat.postMessage", retryAfterMs: 7_000 } });
  });
});
