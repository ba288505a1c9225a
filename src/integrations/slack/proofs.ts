import { z } from "zod";
import { chainOf, UserError } from "../../domain/errors.ts";
import type { Proven } from "../../domain/proof.ts";
import type { Secret } from "../../domain/secret.ts";
import { whyNoAnswer } from "../../domain/untrusted.ts";
import type { Logger } from "../../ports/logger.ts";
import { OK, type Proof, RESTART } from "../../ports/proof.ts";
import { proofOfAlerts } from "./channel-proof.ts";
import { wasAnswered } from "./classify.ts";
import { SCOPES, SlackClient, type SlackClientOptions } from "./client.ts";

export interface SlackProofOptions {
  readonly botToken: Secret;
  /** Absent: Slack calls us by signed HTTP. */
  readonly appToken: Secret | undefined;
  readonly apiUrl: string | undefined;
  readonly minuteMs: number | undefined;
  /** The team of the file, and its enterprise. */
  readonly team: string;
  readonly enterprise: string | undefined;
  /** The user group that approvals are limited to, if the file names one: only then its scope is needed. */
  readonly approversGroup: () => string | undefined;
  /** The one of the file, as it is at this moment. */
  readonly alertsChannel: () => string;
  readonly fetch?: SlackClientOptions["fetch"];
  readonly logger: Logger;
}

type Wrong = Extract<Proven, { kind: "wrong" }>;

const INSTALL = "Install the app again from docs/slack-manifest.yaml";

/** The two tokens by a call that changes nothing, and the scopes by what Slack says beside its answer. */
export function slackProofs(options: SlackProofOptions): readonly Proof[] {
  const { logger, apiUrl, minuteMs, fetch, botToken, appToken } = options;
  const client = (token: Secret) => new SlackClient({ token: token.alone(), apiUrl, minuteMs, fetch, logger });
  const bot = client(botToken);
  return [
    {
      id: "slack-bot-token",
      proves: "Slack takes the bot token",
      neededBy: "no move",
      prove: () => proveBot(bot, options),
    },
    {
      ...{ id: "slack-scopes", proves: "the bot token has every scope that TwoKey needs", neededBy: "no move" },
      prove: () => proveScopes(bot, options),
    },
    proofOfAlerts(bot, options.alertsChannel),
    appToken === undefined ? SIGNING_SECRET : proofOfApp(client(appToken)),
  ];
}

const SIGNING_SECRET: Proof = {
  ...{ id: "slack-signing-secret", proves: "Slack signs with the signing secret", neededBy: "no move" },
  prove: async () => ({ kind: "unprovable", why: "only a request that Slack signs can show it: type /dr status" }),
};

const proofOfApp = (app: SlackClient): Proof => ({
  ...{ id: "slack-app-token", proves: "Slack takes the app token", neededBy: "no move" },
  // The address that it hands out is not used: it holds no socket, and ends by itself.
  prove: () =>
    answered(
      () => app.call("apps.connections.open", z.object({ url: z.string() }), (web) => web.apps.connections.open({})),
      APP,
    ),
});

const Auth = z.object({
  team_id: z.string(),
  enterprise_id: z.string().optional(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});

const asked = (bot: SlackClient) => bot.call("auth.test", Auth, (web) => web.auth.test());

async function proveBot(bot: SlackClient, { team, enterprise }: SlackProofOptions): Promise<Proven> {
  return answered(async () => {
    const { team_id, enterprise_id } = await asked(bot);
    if (team_id === team || (enterprise !== undefined && enterprise_id === enterprise)) return OK;
    return {
      kind: "wrong",
      what: `The bot token is of the team ${team_id}, and twokey.yaml names ${team}.`,
      instead: `Set SLACK_BOT_TOKEN to the token of the team of the file, or mend slack.team, ${RESTART}`,
    };
  }, BOT);
}

async function proveScopes(bot: SlackClient, { approversGroup }: SlackProofOptions): Promise<Proven> {
  return answered(async () => {
    const has = (await asked(bot)).response_metadata?.scopes;
    if (has === undefined)
      return { kind: "unknown", why: "Slack did not say which scopes the token has", isAnswered: true };
    const needed = SCOPES.filter((scope) => scope !== "usergroups:read" || approversGroup() !== undefined);
    const missing = needed.filter((scope) => !has.includes(scope));
    if (missing.length === 0) return OK;
    return {
      kind: "wrong",
      what: `The bot token lacks ${missing.length === 1 ? "the scope" : "the scopes"} ${missing.join(", ")}.`,
      instead: `Add ${missing.join(", ")} to the app's bot token scopes, and install the app again.`,
    };
  }, NOT_THE_SCOPES);
}

interface Words {
  readonly token: string;
  readonly variable: string;
  readonly instead: string;
}

const BOT: Words = { token: "bot token", variable: "SLACK_BOT_TOKEN", instead: INSTALL };
const APP: Words = {
  ...{ token: "app token", variable: "SLACK_APP_TOKEN" },
  instead: "Make an app-level token with connections:write, with Socket Mode on",
};
/** What is wrong with the token itself is told once. */
const NOT_THE_SCOPES = "the bot token is not taken, and without it Slack names no scopes";

/** A refusal that Slack gave is wrong; what came about otherwise is no answer. */
async function answered(ask: () => Promise<unknown>, refused: Words | string): Promise<Proven> {
  try {
    const came = await ask();
    return isProven(came) ? came : OK;
  } catch (error) {
    const code = error instanceof UserError ? error.facts["slack"] : undefined;
    const isAnswered = wasAnswered(error) ? ({ isAnswered: true } as const) : {};
    const why = whyNoAnswer(chainOf(error), "Slack gives no answer");
    if (typeof code !== "string") return { kind: "unknown", why, ...isAnswered };
    return typeof refused === "string" ? { kind: "unknown", why: refused, ...isAnswered } : wrongToken(code, refused);
  }
}

const isProven = (came: unknown): came is Proven => typeof came === "object" && came !== null && "kind" in came;

const wrongToken = (code: string, { token, variable, instead }: Words): Wrong => ({
  kind: "wrong",
  what: `Slack refuses the ${token} (${code}).`,
  instead: `${instead}, set ${variable}, ${RESTART}`,
});
