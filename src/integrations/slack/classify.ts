import { webApi } from "@slack/bolt";
import { brokenWay } from "../../domain/broken-way.ts";
import { OutcomeUnknown, TransientError, UserError } from "../../domain/errors.ts";
import { quotedWords } from "../../domain/quoted-words.ts";
import type { Reception } from "../../domain/secret.ts";

/** What happens when a call is made twice. `once`: it would show twice. */
export type Nature = "read" | "repeatable" | "once";

/** Slack's answers to a call that it did not carry out, and that may be made again as it is. */
const NOT_NOW = new Set(["ratelimited", "rate_limited", "request_timeout", "service_unavailable", "team_added_to_org"]);
/** Documented as possibly half done. */
const HALF_DONE = new Set(["fatal_error", "internal_error"]);
/** A connection that never came about, so that nothing can have happened. */
const NEVER_SENT = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"],
]);

const RETRY_SOON_MS = 1_000;

/** What to mend, for the refusals that a setting causes. */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_auth: "the bot token is not accepted; check SLACK_BOT_TOKEN",
  not_authed: "the bot token is missing; check SLACK_BOT_TOKEN",
  token_revoked: "the bot token was revoked; install the app again",
  token_expired: "the bot token has expired; install the app again",
  account_inactive: "the app was removed from the workspace; install it again",
  missing_scope: "the app lacks a scope; add it and install the app again",
  not_in_channel: "the bot is not in this channel; invite it",
  channel_not_found: "the bot cannot see this channel; check the id, or invite the bot",
  is_archived: "the channel is archived",
  restricted_action: "the workspace's settings forbid it",
  plan_upgrade_required: "the workspace's plan has no user groups; list people by id instead",
  no_such_subteam: "there is no such user group",
  user_not_found: "there is no such member",
};

/**
 * The one judge of Slack's errors: UserError for a refusal, TransientError where nothing happened or a repetition does no
 * harm (`facts.retryAfterMs`), OutcomeUnknown where a message may or may not have been posted. In words of ours alone, and without a
 * cause: the SDK's errors carry whole requests, and chains of causes reach cards. `SlackClient` logs what the SDK said.
 */
export function classify(error: unknown, call: { readonly method: string; readonly nature: Nature }): Error {
  const { method } = call;
  if (error instanceof webApi.WebAPIRateLimitedError)
    return transient("slack-rate-limited", "Slack asks for fewer calls", {
      method,
      // Slack knows when: no pause of our own is added.
      ...{ retryAfterMs: error.retryAfter * 1_000, mostMs: error.retryAfter * 1_000, [ANSWERED]: true },
    });
  if (error instanceof webApi.WebAPIPlatformError) return refusal(error, call);
  const status = error instanceof webApi.WebAPIHTTPError ? `HTTP ${error.statusCode}` : undefined;
  const way = status ?? brokenWay(error);
  const why = `Slack gave no clear answer to ${method}${way === undefined ? "" : ` (${way})`}`;
  const neverDone = wasNeverSent(error) || (error instanceof webApi.WebAPIHTTPError && error.statusCode < 500);
  if (neverDone || call.nature !== "once")
    return transient("slack-unavailable", why, {
      method,
      retryAfterMs: RETRY_SOON_MS,
      ...(isOfSlack(error) && { [ANSWERED]: true }),
    });
  return new OutcomeUnknown("slack-outcome-unknown", why, { facts: { method } });
}

/** Answers by which Slack refuses the token itself: nothing was done. */
const TOKEN_REFUSALS = new Set(["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"]);

export const receptionOf = (error: unknown): Reception =>
  TOKEN_REFUSALS.has(slackCodeOf(error) ?? "") ? "refused" : "unknown";

/** Slack's own name for the refusal, or undefined. */
export function slackCodeOf(error: unknown): string | undefined {
  return error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;
}

function refusal(error: webApi.WebAPIPlatformError, { method, nature }: { method: string; nature: Nature }): Error {
  const code = error.data.error;
  if (NOT_NOW.has(code))
    return transient("slack-unavailable", `Slack could not do ${method} now: ${code}`, {
      method,
      retryAfterMs: RETRY_SOON_MS,
      [ANSWERED]: true,
    });
  if (HALF_DONE.has(code)) {
    if (nature !== "once")
      return transient("slack-unavailable", `Slack failed in ${method}: ${code}`, {
        method,
        retryAfterMs: RETRY_SOON_MS,
        [ANSWERED]: true,
      });
    return new OutcomeUnknown("slack-outcome-unknown", `Slack failed in ${method}: ${code}`, { facts: { method } });
  }
  const needed = "needed" in error.data && typeof error.data.needed === "string" ? `needs ${error.data.needed}` : "";
  const messages = error.data.response_metadata?.messages ?? [];
  const quote = messages.length === 0 ? "" : `it said ${quotedWords(messages.join("; "))}`;
  const said = [ADVICE[code] ?? "", needed, quote].filter((detail) => detail !== "").join("; ");
  const message = `Slack refused ${method}: ${said === "" ? code : `${said} (${code})`}`;
  return new UserError(`slack-${code}`, message, { facts: { method, slack: code } });
}

const ANSWERED = "answered";

interface Again {
  readonly method: string;
  readonly retryAfterMs: number;
  readonly mostMs?: number;
  readonly [ANSWERED]?: true;
}

/** A proxy that wants a password has not asked Slack. */
const isOfSlack = (error: unknown): boolean => error instanceof webApi.WebAPIHTTPError && error.statusCode !== 407;

/** Slack itself said that it cannot, or a machine of its own did: it is reached. */
export const wasAnswered = (error: unknown): boolean =>
  (error instanceof TransientError && error.facts[ANSWERED] === true) ||
  (error instanceof UserError && error.facts["slack"] !== undefined);

const transient = (code: string, message: string, facts: Again): Error =>
  new TransientError(code, message, { facts: { ...facts } });

/** Looked for along the chain of causes: fetch wraps the socket's error at least once. */
function wasNeverSent(error: unknown): boolean {
  for (let current = error, depth = 0; typeof current === "object" && current !== null && depth < 5; depth += 1) {
    if ("code" in current && typeof current.code === "string" && NEVER_SENT.has(current.code)) return true;
    current = "cause" in current ? current.cause : undefined;
  }
  return false;
}
