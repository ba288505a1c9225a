import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { webApi } from "@slack/bolt";
import { messageOf } from "../../../src/domain/errors.ts";
import { classify, type Nature, wasAnswered } from "../../../src/integrations/slack/classify.ts";

/** As Node's fetch fails: the socket's error is the cause of a TypeError. */
const fetchFailed = (code: string) =>
  new webApi.WebAPIRequestError(
    new TypeError("fetch failed", { cause: Object.assign(new Error(`connect ${code}`), { code }) }),
  );
const timedOut = new webApi.WebAPIRequestError(new DOMException("The operation timed out", "TimeoutError"));
const refused = (error: string) => new webApi.WebAPIPlatformError({ ok: false, error });
const answered = (status: number) => new webApi.WebAPIHTTPError(status, "", {}, "");

const ROWS: { what: string; error: unknown; nature: Nature; name: string }[] = [
  {
    what: "a connection that never came about",
    error: fetchFailed("ECONNREFUSED"),
    nature: "once",
    name: "TransientError",
  },
  { what: "a name that is not found", error: fetchFailed("ENOTFOUND"), nature: "once", name: "TransientError" },
  { what: "a connection that was cut", error: fetchFailed("ECONNRESET"), nature: "once", name: "OutcomeUnknown" },
  { what: "no answer in time", error: timedOut, nature: "once", name: "OutcomeUnknown" },
  { what: "no answer in time to a repeatable call", error: timedOut, nature: "repeatable", name: "TransientError" },
  { what: "no answer in time to a read", error: timedOut, nature: "read", name: "TransientError" },
  { what: "a gateway's 502", error: answered(502), nature: "once", name: "OutcomeUnknown" },
  { what: "a proxy's 407", error: answered(407), nature: "once", name: "TransientError" },
  { what: "429", error: new webApi.WebAPIRateLimitedError(7), nature: "once", name: "TransientError" },
  { what: "fatal_error", error: refused("fatal_error"), nature: "once", name: "OutcomeUnknown" },
  {
    what: "fatal_error to a repeatable call",
    error: refused("fatal_error"),
    nature: "repeatable",
    name: "TransientError",
  },
  { what: "request_timeout", error: refused("request_timeout"), nature: "once", name: "TransientError" },
  { what: "a refusal", error: refused("not_in_channel"), nature: "once", name: "UserError" },
  {
    what: "an answer of a shape that is not Slack's",
    error: new Error("Invalid input"),
    nature: "once",
    name: "OutcomeUnknown",
  },
];

describe("Slack's errors", () => {
  test.each(ROWS)("$what", ({ error, nature, name }) => {
    expect(classify(error, { method: "chat.postMessage", nature }).name).toBe(name);
  });

  test("say when to come again", () => {
    const error = classify(new webApi.WebAPIRateLimitedError(7), { method: "chat.postMessage", nature: "once" });
    expect(error).toMatchObject({ facts: { method: "chat.postMessage", retryAfterMs: 7_000 } });
  });

  test("never carry the value of a header that cannot be sent", () => {
    for (const token of ["xoxb-hunter2\nhunter2", "xoxb-hunter2\r\n\u0000hunter2", "xoxb-hunter2-\u20ac"]) {
      const said = headerError(`Bearer ${token}`);
      for (const error of [said, new webApi.WebAPIRequestError(said)])
        for (const nature of ["read", "once"] as const)
          expect(inspect(classify(error, { method: "auth.test", nature }), { depth: 9 })).not.toMatch(/hunter2/);
    }
  });
});

/** As Node's fetch fails of it. */
function headerError(value: string): Error {
  try {
    new Headers({ authorization: value });
  } catch (error) {
    return new TypeError(messageOf(error));
  }
  throw new Error("this can be sent");
}

test.each<[string, unknown, boolean]>([
  ["asks for fewer calls", new webApi.WebAPIRateLimitedError(7), true],
  ["answers with an error of its own", answered(503), true],
  ["is busy", refused("fatal_error"), true],
  ["refuses", refused("invalid_auth"), true],
  ["is behind a proxy that wants a password", answered(407), false],
  ["is not reached", fetchFailed("ECONNREFUSED"), false],
  ["says nothing in time", timedOut, false],
])("whether Slack is reached, where it %s", (_what, error, is) => {
  expect(wasAnswered(classify(error, { method: "auth.test", nature: "read" }))).toBe(is);
});
