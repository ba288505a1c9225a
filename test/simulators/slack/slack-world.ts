import { App, HTTPReceiver, LogLevel, SocketModeReceiver, webApi } from "@slack/bolt";
import { type Accounts, slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { SlackPeople } from "../../../src/simulators/slack/people.ts";
import { type SlackSimulator, startSlack } from "../../../src/simulators/slack/slack.ts";
import type { SlackSpecInput } from "../../../src/simulators/slack/spec.ts";
import { createWorld, type World } from "../../../src/simulators/world/world.ts";
import { inSlack } from "../../harness/in-slack.ts";

export const SCOPES = [
  ...["commands", "chat:write", "channels:manage", "channels:read", "channels:history", "users:read"],
  ...["users:read.email", "usergroups:read", "pins:write", "pins:read", "bookmarks:read", "bookmarks:write"],
  ...["reactions:write", "channels:join", "im:write"],
];

export const BOT_TOKEN = "xoxb-sim-1";
const APP_TOKEN = "xapp-sim-1";
const SIGNING_SECRET = "sim-signing-secret";

/** Two colleagues and one whom nobody listed, a guest, a stranger from elsewhere, somebody who left; one channel; one app. */
export const SPEC = {
  team: { id: "T0ACME", name: "Acme", domain: "acme" },
  users: [
    { id: "U0ANA", name: "ana", realName: "Ana", email: "ana@example.com" },
    { id: "U0BEN", name: "ben", realName: "Ben", email: "ben@example.com" },
    { id: "U0LEA", name: "lea", realName: "Lea" },
    { id: "U0GUS", name: "gus", realName: "Gus", flags: { singleChannelGuest: true } },
    { id: "U0ZOE", name: "zoe", realName: "Zoe", teamId: "T0OTHER" },
    { id: "U0DAN", name: "dan", realName: "Dan", flags: { deleted: true } },
  ],
  usergroups: [{ id: "S0APPROVERS", handle: "approvers", users: ["U0ANA", "U0BEN", "U0DAN"] }],
  channels: [{ id: "C0OPS", name: "ops", members: ["U0ANA", "U0BEN", "U0BOT"] }],
  apps: [
    {
      appId: "A0TWOKEY",
      name: "TwoKey",
      botToken: BOT_TOKEN,
      botUserId: "U0BOT",
      appToken: APP_TOKEN,
      signingSecret: SIGNING_SECRET,
      scopes: SCOPES,
      commands: ["/dr"],
    },
  ],
} satisfies SlackSpecInput;

/** Whose accounts they are. Lea, Gus and Zoe are nobody whom TwoKey knows. */
export const ACCOUNTS: Accounts = slackAccounts(() => ({
  people: { ana: inSlack("U0ANA"), ben: inSlack("U0BEN"), dan: inSlack("U0DAN") },
}));

export const APP = SPEC.apps[0] ?? failed("there is an app");

function failed(claim: string): never {
  throw new Error(claim);
}

export interface SlackWorld {
  readonly world: World;
  readonly slack: SlackSimulator;
  readonly people: SlackPeople;
  /** Ends with the world, the last first. */
  readonly onStop: (end: () => Promise<unknown>) => void;
  stop(): Promise<void>;
}

export async function openSlackWorld(
  spec: Partial<SlackSpecInput> = {},
  options: { seed?: number; now?: () => number } = {},
): Promise<SlackWorld> {
  const world = createWorld({
    startMs: Date.parse("2026-11-21T03:00:00Z"),
    speed: 60,
    seed: options.seed ?? 7,
    regions: [],
  });
  const slack = await startSlack(world, { ...SPEC, ...spec }, options.now ? { now: options.now } : {});
  const controlPort = await world.control.listen();
  const ends: (() => Promise<unknown>)[] = [];
  return {
    world,
    slack,
    people: new SlackPeople(`http://127.0.0.1:${controlPort}`),
    onStop: (end) => void ends.push(end),
    stop: async () => {
      for (const end of ends.reverse()) await end();
      await slack.stop();
      await world.control.close();
      world.clock.stop();
    },
  };
}

/** A client as the product builds it: no retries, no waiting for limits, ten seconds at most. */
export function clientOf({ slack }: SlackWorld, token: string = BOT_TOKEN, options: webApi.WebClientOptions = {}) {
  return new webApi.WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    timeout: 10_000,
    rejectRateLimitedCalls: true,
    logger: QUIET,
    ...options,
  });
}

/** Bolt over Socket Mode; `clientPingTimeout` is also the SDK's wait before it connects again. */
export async function startSocketApp(place: SlackWorld, prepare: (app: App) => void): Promise<App> {
  const slackApiUrl = place.slack.apiUrl;
  const receiver = new SocketModeReceiver({
    appToken: APP_TOKEN,
    clientPingTimeout: 300,
    logger: QUIET,
    installerOptions: {
      clientOptions: {
        slackApiUrl,
        retryConfig: { forever: true, minTimeout: 100, maxTimeout: 500, factor: 1.5, randomize: true },
      },
    },
  });
  const app = new App({
    token: BOT_TOKEN,
    receiver,
    logger: QUIET,
    clientOptions: {
      slackApiUrl,
      retryConfig: { retries: 0 },
      timeout: 10_000,
      rejectRateLimitedCalls: true,
      logger: QUIET,
    },
  });
  prepare(app);
  await app.start();
  place.onStop(() => app.stop());
  return app;
}

/** Bolt behind a request URL. The port must be known before Slack starts, so the receiver comes first. */
export async function openHttpWorld(prepare: (app: App) => void): Promise<SlackWorld & { readonly port: number }> {
  const receiver = new HTTPReceiver({ signingSecret: SIGNING_SECRET, logger: QUIET, port: 0 });
  const server = await receiver.start(0);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const requestUrl = `http://127.0.0.1:${port}/slack/events`;
  const place = await openSlackWorld({ apps: [{ ...APP, requestUrl, events: ["message"] }] });
  const app = new App({
    token: BOT_TOKEN,
    receiver,
    logger: QUIET,
    clientOptions: { slackApiUrl: place.slack.apiUrl, retryConfig: { retries: 0 }, timeout: 10_000, logger: QUIET },
  });
  prepare(app);
  place.onStop(() => receiver.stop());
  return { ...place, port };
}

/** What the SDK says is not part of any claim here. */
const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

/** The `error` of Slack's refusal, or the class of another failure. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof webApi.WebAPIPlatformError) return error.data.error;
    return error instanceof Error ? error.constructor.name : String(error);
  }
  return "accepted";
}

export const button = (actionId: string, value: string) => ({
  type: "actions" as const,
  block_id: "keys",
  elements: [
    { type: "button" as const, action_id: actionId, value, text: { type: "plain_text" as const, text: "Turn my key" } },
  ],
});

export const modal = (title: string) => ({
  type: "modal" as const,
  callback_id: "declare",
  title: { type: "plain_text" as const, text: title },
  submit: { type: "plain_text" as const, text: "Declare" },
  blocks: [
    {
      type: "input" as const,
      block_id: "what",
      label: { type: "plain_text" as const, text: "What happened" },
      element: { type: "plain_text_input" as const, action_id: "text", max_length: 40 },
    },
  ],
});
