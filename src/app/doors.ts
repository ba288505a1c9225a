import { readFile } from "node:fs/promises";
import type { Intents } from "../commands/intent.ts";
import type { Settings } from "../config/environment.ts";
import { keysIn } from "../config/pipeline-environment.ts";
import { UserError } from "../domain/errors.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { sayUnreadFile } from "../domain/unread-file.ts";
import { createSlackDoor, type SlackDoor } from "../doors/slack/bolt.ts";
import { createHintDoor, type HintDoor } from "../doors/webhooks/hints.ts";
import {
  createPipelineDoor,
  type PipelineDoor,
  type PipelineOptions,
  pipelineRoute,
} from "../doors/webhooks/pipelines.ts";
import { type Readiness, startWeb, type Web } from "../doors/webhooks/server.ts";
import { createSnsDoor } from "../doors/webhooks/sns.ts";
import { certificateFetcher } from "../doors/webhooks/sns-certificates.ts";
import { incidentsAbout } from "../flows/incident/paging/evidence.ts";
import { PAGERS } from "../integrations/pagers/index.ts";
import { messageOf } from "../integrations/slack/blocks.ts";
import { modalOf } from "../integrations/slack/modal.ts";
import type { Queues } from "../jobs/queues.ts";
import type { StampedClock } from "../ports/clock.ts";
import type { HintSource } from "../ports/hints.ts";
import type { Logger } from "../ports/logger.ts";
import { firstTime, forget } from "../store/once.ts";
import type { ScriptedRedis } from "../store/scripts.ts";
import type { Outside } from "./outside.ts";
import type { Stores } from "./stores.ts";

export interface DoorSources {
  readonly settings: Settings;
  readonly redis: ScriptedRedis;
  readonly stores: Stores;
  readonly outside: Outside;
  readonly queues: Queues;
  readonly clock: StampedClock;
  readonly logger: Logger;
  readonly intents: Intents;
  readonly askFromPipeline: PipelineOptions["ask"];
  readonly inventory: () => Inventory;
  isReady(): Promise<Readiness>;
}

export interface Doors {
  readonly web: Web;
  readonly slack: SlackDoor;
}

/** The web listens when this resolves; Slack is connected by its `start`. */
export async function openDoors(sources: DoorSources): Promise<Doors> {
  const slack = createSlack(sources);
  sources.settings.secrets.onChange((changed) => {
    if (changed.includes("SLACK_APP_TOKEN")) slack.renew();
  });
  const { settings, outside, queues, clock, logger, inventory } = sources;
  const { sandbox } = settings;
  const web = await startWeb({
    host: settings.http.host,
    port: settings.http.port,
    logger,
    isReady: () => sources.isReady(),
    sns: createSnsDoor({
      policy: () => ({
        topics: inventory().file.alerts.topics,
        allowsVersion1: inventory().file.alerts.signature_version_1,
      }),
      clock,
      logger,
      enqueue: (signal) => queues.enqueueSignal(signal),
      confirm: (topicArn, token) => outside.confirmSubscription(topicArn, token),
      fetchCertificate: certificateFetcher(sandbox?.snsCertificateUrl, outside.wayOut.fetch),
      ...(sandbox?.snsCaPath === undefined ? {} : { authorities: [await authorityIn(sandbox.snsCaPath)] }),
    }),
    hints: createHints(sources),
    slack: slack.listener,
    routes: [pipelineRoute(createPipelines(sources))],
  });
  return { web, slack };
}

async function authorityIn(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = `The certificates in ${path} cannot be read: ${sayUnreadFile(error)}.`;
    throw new UserError("certificates-unread", `${why} Mend TWOKEY_SNS_CA.`);
  }
}

/** Which pipelines there are may change with the file, and their keys where they stand in files of their own. */
function createPipelines({ settings, inventory, askFromPipeline, logger }: DoorSources): PipelineDoor {
  const pipelines = () => inventory().file.pipelines;
  for (const [pipeline, { keys }] of Object.entries(pipelines()))
    if (!settings.pipelines[keys])
      logger.warn({ pipeline, variable: keys }, "A pipeline has no keys: its requests are refused until it has");
  return createPipelineDoor({
    keysOf: (name) => {
      const pipeline = Object.hasOwn(pipelines(), name) ? pipelines()[name] : undefined;
      return keysIn(pipeline && settings.pipelines[pipeline.keys]);
    },
    ask: askFromPipeline,
    nowMs: Date.now,
    logger,
  });
}

function createSlack({ settings, redis, outside, logger, intents, inventory, clock }: DoorSources): SlackDoor {
  const { slack, sandbox } = settings;
  const { accounts } = outside;
  const { team, enterprise } = inventory().file.slack;
  return createSlackDoor({
    connection:
      slack.mode === "socket"
        ? { mode: "socket", appToken: slack.appToken }
        : { mode: "http", signingSecret: slack.signingSecret },
    botToken: slack.botToken,
    wayOut: outside.wayOut,
    apiUrl: sandbox?.slackApiUrl,
    team,
    enterprise,
    intents,
    logger,
    chat: outside.chat,
    firstTime: (key) => firstTime(redis, `slack:${key}`, clock.now()),
    personOf: accounts.personOf,
    confirm: (member) => outside.chat.confirm(member),
    membership: (member) => outside.chat.membership(member),
    render: {
      message: (card) => messageOf(card, accounts.memberOf),
      modal: (form, carried) => modalOf(form, accounts.memberOf, carried),
    },
  });
}

/** A webhook of a pager never acts: it only makes us read the pager's own truth at once. */
function createHints(sources: DoorSources): Readonly<Record<string, HintDoor>> {
  const { settings, inventory } = sources;
  const kinds = PAGERS.filter(({ name }) => inventory().file.pagers[name] !== undefined);
  const found = kinds.flatMap(({ hints }) => hints?.(settings.pagers) ?? []);
  return Object.fromEntries(found.map((source) => [source.name, hintDoor(source, sources)]));
}

function hintDoor(source: HintSource, { redis, stores, queues, logger, clock }: DoorSources): HintDoor {
  return createHintDoor({
    source,
    accept: async (hint) => {
      const id = `${source.name}:${hint.id}`;
      const tooOld = clock.toMachineMs(clock.now()) - hint.occurredAtMs > source.rememberMs;
      if (tooOld || !(await firstTime(redis, id, clock.now()))) return;
      try {
        await Promise.all(
          (await incidentsAbout(hint, stores.incidents)).map((incident) => queues.wake.incidentEvidence(incident)),
        );
      } catch (error) {
        await forget(redis, id);
        throw error;
      }
    },
    onBadSignature: () =>
      logger.error(
        { pager: source.name, variable: source.variable },
        "A webhook of a pager was not signed with our secret: check the variable that holds it",
      ),
    logger,
  });
}
