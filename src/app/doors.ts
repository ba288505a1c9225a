import { readFile } from "node:fs/promises";
import type { Intents } from "../commands/intent.ts";
import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { createSlackDoor, type SlackDoor } from "../doors/slack/bolt.ts";
import { createPagerDutyDoor } from "../doors/webhooks/pagerduty.ts";
import { startWeb, type Web } from "../doors/webhooks/server.ts";
import { createSnsDoor } from "../doors/webhooks/sns.ts";
import { certificateFetcher } from "../doors/webhooks/sns-certificates.ts";
import { incidentsAbout } from "../flows/incident/paging/evidence.ts";
import { isSignedByPagerDuty } from "../integrations/pagers/pagerduty/webhook-signature.ts";
import { messageOf } from "../integrations/slack/blocks.ts";
import { modalOf } from "../integrations/slack/modal.ts";
import type { Queues } from "../jobs/queues.ts";
import type { Logger } from "../ports/logger.ts";
import type { StoreClock } from "../store/clock.ts";
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
  readonly clock: StoreClock;
  readonly logger: Logger;
  readonly intents: Intents;
  readonly inventory: () => Inventory;
  isReady(): Promise<readonly string[]>;
}

export interface Doors {
  readonly web: Web;
  readonly slack: SlackDoor;
}

/** Machine times for which inbound ids are remembered. PagerDuty redelivers for 48 h, Slack for minutes. */
const REMEMBER_SLACK_MS = 3_600_000;
const REMEMBER_PAGERDUTY_MS = 49 * 3_600_000;

export async function openDoors(sources: DoorSources): Promise<Doors> {
  const slack = createSlack(sources);
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
      ...(sandbox?.snsCertificateUrl === undefined
        ? {}
        : { fetchCertificate: certificateFetcher(sandbox.snsCertificateUrl) }),
      ...(sandbox?.snsCaPath === undefined ? {} : { authorities: [await readFile(sandbox.snsCaPath, "utf8")] }),
    }),
    pagerDuty: createPagerDuty(sources),
    slack: slack.listener,
  });
  await slack.start();
  return { web, slack };
}

function createSlack({ settings, redis, outside, logger, intents, inventory }: DoorSources): SlackDoor {
  const { slack, sandbox } = settings;
  const { accounts } = outside;
  const { team, enterprise } = inventory().file.slack;
  return createSlackDoor({
    connection:
      slack.mode === "socket"
        ? { mode: "socket", appToken: slack.appToken }
        : { mode: "http", signingSecret: slack.signingSecret },
    botToken: slack.botToken,
    apiUrl: sandbox?.slackApiUrl,
    team,
    enterprise,
    intents,
    logger,
    chat: outside.chat,
    firstTime: (key) => firstTime(redis, `slack:${key}`, REMEMBER_SLACK_MS),
    personOf: accounts.personOf,
    render: {
      message: (card) => messageOf(card, accounts.memberOf),
      modal: (form, carried) => modalOf(form, accounts.memberOf, carried),
    },
  });
}

/** A webhook never acts: it only makes us read the pager's own truth at once. */
function createPagerDuty({ settings, redis, stores, queues, logger, clock }: DoorSources) {
  return createPagerDutyDoor({
    isSigned: (raw, header) =>
      isSignedByPagerDuty(raw, typeof header === "string" ? header : undefined, settings.pagerDuty.webhookSecrets),
    accept: async (event) => {
      const tooOld = clock.toMachineMs(clock.now()) - event.occurredAtMs > REMEMBER_PAGERDUTY_MS;
      if (tooOld || !(await firstTime(redis, `pagerduty:${event.webhookId}`, REMEMBER_PAGERDUTY_MS))) return;
      try {
        await Promise.all(
          (await incidentsAbout(event, stores.incidents)).map((id) => queues.wake.incidentEvidence(id)),
        );
      } catch (error) {
        await forget(redis, `pagerduty:${event.webhookId}`);
        throw error;
      }
    },
    onBadSignature: () =>
      logger.error({}, "A PagerDuty webhook was not signed with our secret: check PAGERDUTY_WEBHOOK_SECRETS"),
    logger,
  });
}
