import { LogLevel, webApi } from "@slack/bolt";
import { z } from "zod";
import { chainOf } from "../../domain/errors.ts";
import { askWith, type Secret, withoutHeaders } from "../../domain/secret.ts";
import type { Logger } from "../../ports/logger.ts";
import { classify, type Nature, receptionOf, slackCodeOf } from "./classify.ts";
import { type PacedCall, type PacedMessage, Pacing, type Tier } from "./pacing.ts";

/** Machine time; the SDK's own default is none. */
const TIMEOUT_MS = 10_000;

interface MethodFacts {
  readonly tier: Tier | "post";
  readonly nature: Nature;
  /** What the bot token has to be allowed for it. */
  readonly scopes: readonly string[];
}

/** Every method we call: its tier (docs.slack.dev), whether a repetition would show, and the scopes of the manifest that it takes. */
const METHODS = {
  // With the app token, whose only scope is connections:write.
  "apps.connections.open": { tier: 2, nature: "read", scopes: [] },
  "auth.test": { tier: 4, nature: "read", scopes: [] },
  "bookmarks.add": { tier: 2, nature: "repeatable", scopes: ["bookmarks:write"] },
  "bookmarks.list": { tier: 3, nature: "read", scopes: ["bookmarks:read"] },
  "chat.postEphemeral": { tier: 4, nature: "repeatable", scopes: ["chat:write"] },
  "chat.postMessage": { tier: "post", nature: "once", scopes: ["chat:write"] },
  "chat.update": { tier: 3, nature: "repeatable", scopes: ["chat:write"] },
  "conversations.create": { tier: 2, nature: "repeatable", scopes: ["channels:manage"] },
  "conversations.open": { tier: 3, nature: "repeatable", scopes: ["im:write"] },
  "conversations.history": { tier: 3, nature: "read", scopes: ["channels:history", "im:history"] },
  "conversations.invite": { tier: 3, nature: "repeatable", scopes: ["channels:manage"] },
  "conversations.info": { tier: 3, nature: "read", scopes: ["channels:read"] },
  "conversations.list": { tier: 2, nature: "read", scopes: ["channels:read"] },
  "conversations.replies": { tier: 3, nature: "read", scopes: ["channels:history", "im:history"] },
  "conversations.setPurpose": { tier: 2, nature: "repeatable", scopes: ["channels:manage"] },
  "conversations.setTopic": { tier: 2, nature: "repeatable", scopes: ["channels:manage"] },
  "pins.add": { tier: 2, nature: "repeatable", scopes: ["pins:write"] },
  "usergroups.users.list": { tier: 2, nature: "read", scopes: ["usergroups:read"] },
  "users.info": { tier: 4, nature: "read", scopes: ["users:read"] },
} as const satisfies Readonly<Record<string, MethodFacts>>;
export type MethodName = keyof typeof METHODS;

/** Every scope that the bot token needs: for what we call, and for being called by `/dr`. */
export const SCOPES: readonly string[] = [
  ...new Set(["commands", ...Object.values(METHODS).flatMap(({ scopes }) => scopes)]),
].toSorted();

/** For calls whose answer tells nothing. */
export const DONE = z.unknown();

export interface SlackClientOptions {
  readonly token: Secret;
  /** Absent: the real one. */
  readonly apiUrl?: string | undefined;
  /** How long its minute is; absent: 60,000 ms. */
  readonly minuteMs?: number | undefined;
  /** Absent: Node's own. */
  readonly fetch?: webApi.WebClientOptions["fetch"] | undefined;
  readonly logger: Logger;
}

/** The SDK's client without its retries (they post twice), without its waiting, and with our pace. */
export class SlackClient {
  readonly #options: SlackClientOptions;
  readonly #pacing: Pacing;
  #made: { readonly token: string; readonly web: webApi.WebClient } | undefined;

  constructor(options: SlackClientOptions) {
    this.#options = options;
    this.#pacing = new Pacing(options.minuteMs);
  }

  /**
   * One call in its turn, its answer parsed. Throws UserError, TransientError or OutcomeUnknown; `accept` may take an
   * error for an answer.
   */
  // biome-ignore lint/complexity/useMaxParams: the fourth is for the few calls that take an error for an answer
  async call<T>(
    method: MethodName,
    shape: z.ZodType<T>,
    ask: (web: webApi.WebClient) => Promise<unknown>,
    options: { readonly message?: PacedMessage; readonly accept?: (error: unknown) => T | undefined } = {},
  ): Promise<T> {
    const { tier, nature } = METHODS[method];
    const paced: PacedCall = { method, tier, message: options.message };
    await this.#pacing.turn(paced);
    try {
      const answer = await askWith(
        this.#options.token,
        (token) =>
          ask(this.#webOf(token)).then(
            (value) => ({ value }),
            (error: unknown) => ({ error }),
          ),
        (came) => ("value" in came ? "taken" : receptionOf(came.error)),
      );
      if ("error" in answer) throw answer.error;
      return shape.parse(answer.value);
    } catch (error) {
      const accepted = options.accept?.(error);
      if (accepted !== undefined) return accepted;
      if (error instanceof webApi.WebAPIRateLimitedError) this.#pacing.rest(paced, error.retryAfter * 1_000);
      this.#log(method, error);
      throw classify(error, { method, nature });
    }
  }

  /** What people read of a failure is in words of ours: the SDK's stand here alone. A refusal's name says it whole. */
  #log(method: MethodName, error: unknown): void {
    if (slackCodeOf(error) !== undefined) return;
    this.#options.logger.warn({ method, said: withoutHeaders(chainOf(error)) }, "Slack gave no clear answer");
  }

  /** The SDK's client keeps its token, so another token has another client. */
  #webOf(token: string): webApi.WebClient {
    if (this.#made?.token !== token) this.#made = { token, web: new webApi.WebClient(token, optionsOf(this.#options)) };
    return this.#made.web;
  }
}

const optionsOf = ({ apiUrl, fetch, logger }: SlackClientOptions): webApi.WebClientOptions => ({
  ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
  ...(fetch === undefined ? {} : { fetch }),
  retryConfig: { retries: 0 },
  timeout: TIMEOUT_MS,
  rejectRateLimitedCalls: true,
  logger: sdkLogger(logger),
});

/** The SDK says what it does in prose, and at its lowest level with whole requests: only its warnings are passed on. */
function sdkLogger(logger: Logger): NonNullable<webApi.WebClientOptions["logger"]> {
  const pass = (...said: unknown[]) =>
    logger.debug({ said: withoutHeaders(said.map(String).join(" ")).slice(0, 300) }, "Slack's SDK warned");
  const ignore = () => undefined;
  return {
    debug: ignore,
    info: ignore,
    warn: pass,
    error: pass,
    setLevel: ignore,
    getLevel: () => LogLevel.WARN,
    setName: ignore,
  };
}
