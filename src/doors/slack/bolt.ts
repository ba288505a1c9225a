import type { RequestListener } from "node:http";
import { App, type types } from "@slack/bolt";
import type { Intents } from "../../commands/intent.ts";
import { sentenceCard } from "../../domain/card/card.ts";
import { chainOf } from "../../domain/errors.ts";
import type { Secret } from "../../domain/secret.ts";
import type { Logger } from "../../ports/logger.ts";
import { TOO_OLD } from "../../views/store-answers.ts";
import { answering } from "../door.ts";
import { atMost } from "./at-most.ts";
import { type Acknowledging, type Conversing, converse } from "./conversation.ts";
import { type Inbound, readAction, readCommand, readSubmission, readUnknown } from "./inbound.ts";
import type { Members } from "./members.ts";
import { answerMembers } from "./outsiders.ts";
import { sdkLogger } from "./sdk-logger.ts";
import { signedHttp } from "./signed-http.ts";
import { SocketWay } from "./socket-way.ts";
import type { SlackRendering, SlackVoice } from "./telling.ts";
import type { SlackWayOut, Way } from "./way.ts";

/** Machine time. */
const API_TIMEOUT_MS = 10_000;
const FINISH_WITHIN_MS = 5_000;

export interface SlackDoorOptions {
  readonly connection:
    | { readonly mode: "socket"; readonly appToken: Secret }
    | { readonly mode: "http"; readonly signingSecret: Secret };
  readonly botToken: Secret;
  /** How HTTP and the socket leave this machine; absent: directly. */
  readonly wayOut?: SlackWayOut | undefined;
  /** Absent: the real one. */
  readonly apiUrl?: string | undefined;
  /** Only this team, or everybody of this enterprise, is answered. */
  readonly team: string;
  readonly enterprise?: string | undefined;
  readonly intents: Intents;
  /** True once for each key, in whichever process; should remember for at least an hour. */
  readonly firstTime: (key: string) => Promise<boolean>;
  /** Whose accounts these are. */
  readonly personOf: Members["personOf"];
  /** What Slack says of an account at this moment. */
  readonly confirm: Members["confirm"];
  /** Whether somebody whom nobody listed is one of us. */
  readonly membership: Members["membership"];
  readonly chat: SlackVoice;
  readonly render: SlackRendering;
  readonly logger: Logger;
}

export interface SlackDoor {
  /** Resolves when connected, or after 3 s: a Slack that is down keeps nothing from starting. Connecting goes on. */
  start(): Promise<void>;
  /** Takes nothing more at once, then lets what is under way finish, 5 s at most. */
  stop(): Promise<void>;
  /** The app token or signing secret has another value: it is taken into use, and nothing is missed meanwhile. */
  renew(): void;
  readonly isConnected: () => boolean;
  /** In HTTP mode: to be mounted at POST /slack/events. */
  readonly listener: RequestListener | undefined;
}

/** Slack through Bolt: commands, buttons and forms become asks; answers become messages and forms. */
export function createSlackDoor(options: SlackDoorOptions): SlackDoor {
  const { connection } = options;
  const way: Way =
    connection.mode === "socket"
      ? new SocketWay({ ...connection, ...options })
      : signedHttp(connection.signingSecret, options.logger);
  const app = new App({
    receiver: way.receiver,
    // Not `token`: Bolt would ask auth.test first, and nothing here may wait for that.
    authorize: () => Promise.resolve({ botToken: options.botToken.reveal() }),
    convoStore: false,
    ignoreSelf: false,
    logger: sdkLogger(options.logger),
    clientOptions: {
      ...(options.apiUrl === undefined ? {} : { slackApiUrl: options.apiUrl }),
      ...(options.wayOut && { fetch: options.wayOut.fetch }),
      retryConfig: { retries: 0 },
      timeout: API_TIMEOUT_MS,
      rejectRateLimitedCalls: true,
    },
  });
  const underWay = new Set<Promise<void>>();
  listen(app, options, (work) => {
    underWay.add(work);
    return work.finally(() => underWay.delete(work));
  });
  return {
    start: () => way.open(),
    stop: async () => {
      await way.close();
      await atMost(Promise.allSettled(underWay), FINISH_WITHIN_MS);
    },
    renew: () => way.renew(),
    isConnected: way.isConnected,
    listener: way.listener,
  };
}

function listen(app: App, options: SlackDoorOptions, track: (work: Promise<void>) => Promise<void>): void {
  const { render, chat, logger, firstTime } = options;
  const answer = answering(options.intents, logger);
  const deps = (openView: Conversing["openView"]): Conversing => ({
    ...{ render, chat, logger, firstTime, send: options.wayOut?.fetch },
    answer,
    openView,
  });
  const act = (client: App["client"], { read, body }: Reading, ack: Acknowledging) => {
    const inbound = readIfKnown(read, body, options);
    return track(admit(deps(viewOpener(client)), options, { inbound, body, ack }));
  };

  app.command(/.+/, ({ ack, body, client }) =>
    act(
      client,
      { read: readCommand, body },
      {
        done: () => ack(),
        shown: (card, audience) =>
          ack({ response_type: audience === "asker" ? "ephemeral" : "in_channel", ...render.message(card) }),
      },
    ),
  );
  app.action({ type: "block_actions" }, ({ ack, body, client }) =>
    act(client, { read: readAction, body }, { done: () => ack() }),
  );
  app.view(/.*/, ({ ack, body, client }) =>
    act(
      client,
      { read: readSubmission, body },
      {
        done: () => ack(),
        fieldErrors: (errors) => ack({ response_action: "errors", errors: fittingErrors(errors, body.view.blocks) }),
        nextForm: (view) => ack({ response_action: "update", view }),
      },
    ),
  );
  // Bolt calls it for what happens outside of `converse`, such as a payload of a shape that Slack never documented.
  app.error(async (error) => logger.error({ error: chainOf(error) }, "The Slack door failed"));
}

interface Reading {
  readonly read: (body: unknown, members: Members) => Inbound | undefined;
  readonly body: unknown;
}

/** Undefined where it is none of ours, or of a shape that Slack never documented. */
function readIfKnown(read: Reading["read"], body: unknown, options: SlackDoorOptions): Inbound | undefined {
  try {
    return read(body, options);
  } catch (error) {
    options.logger.error({ error: chainOf(error) }, "What Slack sent could not be read");
    return undefined;
  }
}

const viewOpener =
  (client: App["client"]): Conversing["openView"] =>
  async (trigger_id, view) => {
    await client.views.open({ trigger_id, view });
  };

/** Nobody of another team is answered, and a button or form that nobody knows is said to be old. */
async function admit(
  deps: Conversing,
  options: SlackDoorOptions,
  { inbound: known, body, ack }: { inbound: Inbound | undefined; body: unknown; ack: Acknowledging },
): Promise<void> {
  const { team, enterprise } = options;
  const inbound = known ?? readUnknown(body, options);
  if (!known) deps.logger.warn({}, "Somebody pressed a button or sent a form that is not known");
  if (inbound === undefined) return ack.done();
  const isOurs = inbound.team === team || (enterprise !== undefined && inbound.enterprise === enterprise);
  const { ask, place } = inbound;
  // The id stays here: inside, somebody who is not listed has a name only.
  if (isOurs && ask.who.kind === "guest")
    deps.logger.info({ member: place.member, verb: ask.verb }, "Somebody asked who is not listed under people");
  const answerOurs = known ? answerMembers(deps.answer, place, options) : tooOld;
  if (isOurs) return converse({ ...deps, answer: answerOurs }, inbound, ack);
  deps.logger.warn({ team: inbound.team, member: place.member }, "Somebody of another team was turned away");
  const answer = async () => ({ kind: "whisper", card: sentenceCard("TwoKey answers only its own team.") }) as const;
  return converse({ ...deps, answer }, inbound, ack);
}

const tooOld = async () => ({ kind: "whisper", card: sentenceCard(TOO_OLD) }) as const;

/** Slack refuses errors for fields that the form does not have; those go to its first field. */
function fittingErrors(errors: Readonly<Record<string, string>>, blocks: readonly (types.Block | types.KnownBlock)[]) {
  const fields = blocks.filter(({ type }) => type === "input").flatMap(({ block_id }) => block_id ?? []);
  const fitting: Record<string, string> = {};
  for (const [id, error] of Object.entries(errors)) {
    const field = fields.includes(id) ? id : (fields[0] ?? id);
    fitting[field] = fitting[field] === undefined ? error : `${fitting[field]} ${error}`;
  }
  return fitting;
}
