import { describe, expect, test } from "@jest/globals";
import { webApi } from "@slack/bolt";
import { messageOf, StepFailed } from "../../src/domain/errors.ts";
import { CallFailed, classify as judgeAws, noSession } from "../../src/integrations/aws/errors.ts";
import { sayDatabase } from "../../src/integrations/databases/words.ts";
import { failureOf as judgeMail } from "../../src/integrations/pagers/mail/classify.ts";
import { failureOf as judgePagerDuty } from "../../src/integrations/pagers/pagerduty/classify.ts";
import { classify as judgeSlack } from "../../src/integrations/slack/classify.ts";
import { storeError } from "../../src/store/plain-errors.ts";

/** What Node, an SDK or a driver says of itself. None of it reaches people: it means nothing at three in the morning. */
const NOT_FOR_PEOPLE =
  /\bE[A-Z]{4,}\b|UND_ERR|socket hang up|getaddrinfo|connect E|fetch failed|SDK|Error\b|errno|syscall|127\.0\.0\.1|providers|Command timed out|terminated unexpectedly|statusCode/;
const LONGEST_QUOTE = 160;

const node = (code: string, message: string, facts: object = {}) =>
  Object.assign(new Error(message), { code, ...facts });
const aws = (name: string, status: number, message: string) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: "r" } });

const REFUSED = node("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:9", { syscall: "connect" });
const UNKNOWN_NAME = node("ENOTFOUND", "getaddrinfo ENOTFOUND rds.eu-west-1.amazonaws.com", { syscall: "getaddrinfo" });
const CUT = node("ECONNRESET", "socket hang up");
const LATE = Object.assign(new Error("Request did not complete within the configured timeout of 8000 ms"), {
  name: "TimeoutError",
});
const UNTRUSTED = node("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate");
const WAYS = [
  [REFUSED, "nobody listens there"],
  [UNKNOWN_NAME, "its name is not known"],
  [CUT, "the connection was cut"],
  [LATE, "it did not answer in time"],
  [UNTRUSTED, "its certificate is not trusted here"],
] as const;

const viaAws = (error: unknown) =>
  new CallFailed({ doing: "promote inventory-db", region: "eu-west-1", nature: "write" }, judgeAws(error)).message;
const viaSession = (error: unknown) => {
  try {
    return noSession(error);
  } catch (thrown) {
    return messageOf(thrown);
  }
};
const viaSlack = (error: unknown) => judgeSlack(error, { method: "chat.postMessage", nature: "once" }).message;
const fetched = (cause: unknown) => new webApi.WebAPIRequestError(new TypeError("fetch failed", { cause }));
const viaMail = (error: unknown) => judgeMail(error).why;
const viaStore = (error: unknown) => messageOf(storeError(error, "write"));
const viaPagerDuty = (status: number, body: unknown) =>
  judgePagerDuty({ kind: "answer", status, resetMs: undefined, body }, "write")?.why ?? "";
const sql = (code: string, message: string) => Object.assign(new Error(message), { code });

const ROWS: readonly (readonly [who: string, said: string, inOurWords: string])[] = [
  ...WAYS.flatMap(([error, words]) => [
    ["AWS", viaAws(error), words] as const,
    ["AWS's sessions", viaSession(error), words] as const,
    ["Slack", viaSlack(fetched(error)), words] as const,
    ["a mail server", viaMail(error), words] as const,
    ["a database", sayDatabase(error), words] as const,
  ]),
  [
    "AWS",
    viaAws(aws("AccessDenied", 403, "User: arn:aws:iam::1:role/x is not authorized")),
    "AWS does not let TwoKey do that",
  ],
  [
    "AWS",
    viaAws(aws("ExpiredToken", 403, "The security token included in the request is expired")),
    "credentials of TwoKey",
  ],
  [
    "AWS",
    viaAws(aws("RequestTimeTooSkewed", 403, "The difference is too large")),
    "the clock of this machine is wrong",
  ],
  ["AWS", viaAws(aws("Throttling", 400, "Rate exceeded")), "AWS asks for fewer calls"],
  ["AWS", viaAws(aws("InternalFailure", 500, "")), "AWS failed at it"],
  ["AWS", viaAws(aws("InvalidParameterValue", 400, "No\nbueno “x”\n*bold*")), "AWS refuses it"],
  ["AWS", viaAws(aws("DBInstanceNotFound", 404, "x".repeat(5_000))), "AWS does not know it there"],
  ["AWS", viaAws(new SyntaxError("Unexpected token < in JSON at position 0")), "AWS's answer could not be read"],
  [
    "AWS's sessions",
    viaSession(aws("AccessDenied", 403, "not authorized to perform: sts:AssumeRole")),
    "STS does not let TwoKey take its role",
  ],
  ["AWS's sessions", viaSession(aws("RequestTimeTooSkewed", 403, "")), "the clock of this machine is wrong"],
  [
    "AWS's sessions",
    viaSession(
      Object.assign(new Error("Could not load credentials from any providers"), { name: "CredentialsProviderError" }),
    ),
    "this machine gives TwoKey no AWS credentials",
  ],
  ["Slack", viaSlack(new webApi.WebAPIHTTPError(502, "Bad Gateway", {}, "<html>")), "HTTP 502"],
  [
    "Slack",
    viaSlack(
      new webApi.WebAPIPlatformError({
        ...{ ok: false, error: "invalid_blocks" },
        response_metadata: {
          messages: [`[ERROR] no more than 50 items allowed ${"x".repeat(900)}\nTwoKey: all is well`],
        },
      }),
    ),
    "it said “[ERROR] no more than 50",
  ],
  [
    "PagerDuty",
    viaPagerDuty(401, { error: { message: "Unauthorized", code: 2006 } }),
    "it does not take the API token",
  ],
  [
    "PagerDuty",
    viaPagerDuty(400, { message: "Event object is invalid", errors: [`'payload' ${"x".repeat(900)}`] }),
    "PagerDuty refused (400)",
  ],
  ["a mail server", viaMail(Object.assign(node("EAUTH", "Invalid login: 535 5.7.8"), {})), "does not take our user"],
  [
    "a database",
    sayDatabase(sql("28P01", 'password authentication failed for user "twokey"')),
    "does not take the user or the password",
  ],
  [
    "a database",
    sayDatabase(sql("ER_ACCESS_DENIED_ERROR", "Access denied for user 'twokey'@'10.0.0.1'")),
    "does not take the user or the password",
  ],
  ["a database", sayDatabase(new Error("Connection terminated unexpectedly")), "the connection was cut"],
  [
    "a database",
    sayDatabase(node("ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames")),
    "of another name",
  ],
  ...["Command timed out", "Connection is closed.", "connect ECONNREFUSED 127.0.0.1:6379"].map(
    (said) => ["Redis", viaStore(new Error(said)), "TwoKey's memory (Redis) gave no answer"] as const,
  ),
];

describe("what people read of a vendor's failure", () => {
  test.each(ROWS)("of %s: %s", (_who, said, inOurWords) => {
    expect(said).toContain(inOurWords);
    const quotes = [...said.matchAll(/“([^”]*)”/g)].map(([, quote = ""]) => quote);
    expect(said.replaceAll(/“[^”]*”/g, "“”")).not.toMatch(NOT_FOR_PEOPLE);
    expect(said).not.toMatch(/[\n\r]/);
    expect(quotes.filter((quote) => Array.from(quote).length > LONGEST_QUOTE)).toEqual([]);
    // Our own words come first: whoever reads two lines on a phone has them.
    expect(said.indexOf(inOurWords)).toBeLessThan(said.includes("“") ? said.indexOf("“") + 60 : said.length);
  });

  test("nothing is lost of the code: it stands among the facts of the error", () => {
    const thrown = () => noSession(aws("AccessDenied", 403, "sts:AssumeRole"));
    expect(thrown).toThrow(StepFailed);
    expect(thrown).toThrow(expect.objectContaining({ facts: { code: "AccessDenied" } }));
  });
});
