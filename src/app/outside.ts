import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { writeCheckProofs } from "../flows/write-checks.ts";
import type { Aws } from "../integrations/aws/aws.ts";
import type { WayOut } from "../integrations/network/way-out.ts";
import { type Accounts, approversGroupOf, slackAccounts } from "../integrations/slack/accounts.ts";
import { createChat, type ForTheDoor } from "../integrations/slack/chat.ts";
import { slackProofs } from "../integrations/slack/proofs.ts";
import type { Alarms } from "../ports/alarms.ts";
import type { Budget } from "../ports/budget.ts";
import type { Chat } from "../ports/chat.ts";
import type { StampedClock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Pagers } from "../ports/pager.ts";
import type { Proof } from "../ports/proof.ts";
import type { CutOffForMs } from "../ports/reach.ts";
import { type Clouds, createClouds } from "./clouds.ts";
import { cutOffFor } from "./cut-off.ts";
import { createPagers } from "./pagers.ts";
import { awsProofWish } from "./proof-wishes.ts";

/** Every way out, made from settings and file; in a sandbox they lead into the simulated world, and nothing else differs. */
export interface Outside extends Pick<Clouds, "cloud" | "regularCloud" | "cloudOf" | "wayOut"> {
  readonly chat: Chat & ForTheDoor;
  readonly accounts: Accounts;
  readonly pagers: Pagers;
  /** Of the ordinary account: the topics of the file are there. */
  readonly alarms: Alarms;
  confirmSubscription(topicArn: string, token: string): Promise<void>;
  readonly cutOffForMs: CutOffForMs;
  /** What shows that each way out is as environment and file say, as they are at this moment. */
  proofs(): readonly Proof[];
  close(): void;
}

export interface OutsideDeps {
  readonly clock: StampedClock;
  readonly budget: Budget;
  readonly logger: Logger;
}

export function createOutside(
  settings: Settings,
  inventory: () => Inventory,
  { clock, budget, logger }: OutsideDeps,
): Outside {
  const { file } = inventory();
  const accounts = slackAccounts(() => inventory().file);
  const clouds = createClouds(settings, inventory, clock);
  const { aws, probe, wayOut } = clouds;
  const slack = slackOf(settings, inventory, { accounts, wayOut, logger });
  const pagers = createPagers(settings, file.pagers, { budget, clock, agent: wayOut.agent });
  const vendors = proofsOfVendors({ settings, inventory, logger, pagers, aws, wayOut });
  return {
    ...{ cloud: clouds.cloud, regularCloud: clouds.regularCloud, cloudOf: clouds.cloudOf },
    // Slack stamps messages with its own clock: what we remember in world time is looked for in machine time.
    chat: { ...slack, find: (to, key, sinceMs) => slack.find(to, key, clock.toMachineMs(sinceMs)) },
    ...{ accounts, wayOut, pagers, alarms: aws.alarms },
    confirmSubscription: (topicArn, token) => aws.confirmSnsSubscription(topicArn, token),
    cutOffForMs: cutOffFor({ vendors, aws: aws.reach }),
    proofs: () => [...vendors(), ...writeCheckProofs(inventory().services, probe)],
    close: () => {
      clouds.close();
      for (const pager of [pagers.keeper, ...pagers.others]) pager.close();
    },
  };
}

interface WaysProven {
  readonly settings: Settings;
  readonly inventory: () => Inventory;
  readonly logger: Logger;
  readonly pagers: Pagers;
  readonly aws: Aws;
  readonly wayOut: WayOut;
}

function proofsOfVendors({ settings, inventory, logger, pagers, aws, wayOut }: WaysProven): () => readonly Proof[] {
  const { keeper, others } = pagers;
  const { slack, sandbox } = settings;
  const { team, enterprise } = inventory().file.slack;
  const ofSlack = slackProofs({
    botToken: slack.botToken,
    appToken: slack.mode === "socket" ? slack.appToken : undefined,
    ...{ apiUrl: sandbox?.slackApiUrl, minuteMs: sandbox?.slackMinuteMs, team, enterprise, logger },
    approversGroup: () => approversGroupOf(inventory().file),
    alertsChannel: () => inventory().file.alerts.channel,
    fetch: wayOut.fetch,
  });
  return () => [
    ...ofSlack,
    ...[keeper, ...others].flatMap((pager) => pager.proofs ?? []),
    ...aws.proofs(awsProofWish(inventory(), settings)),
  ];
}

function slackOf(
  { slack, sandbox }: Settings,
  inventory: () => Inventory,
  { accounts, wayOut, logger }: { readonly accounts: Accounts; readonly wayOut: WayOut; readonly logger: Logger },
): Chat & ForTheDoor {
  const { team, enterprise } = inventory().file.slack;
  return createChat({
    token: slack.botToken,
    ...{ apiUrl: sandbox?.slackApiUrl, minuteMs: sandbox?.slackMinuteMs },
    ...{ team, enterprise, accounts, fetch: wayOut.fetch, logger },
    approversGroup: () => approversGroupOf(inventory().file),
  });
}
