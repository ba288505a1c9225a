import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { type AccountAws, createAws, type GuardedAws } from "../integrations/aws/aws.ts";
import { createProbe } from "../integrations/network/probe.ts";
import { type Accounts, slackAccounts } from "../integrations/slack/accounts.ts";
import { createChat, type ForTheDoor } from "../integrations/slack/chat.ts";
import type { Budget } from "../ports/budget.ts";
import type { Chat } from "../ports/chat.ts";
import type { Guard } from "../ports/guard.ts";
import type { Logger } from "../ports/logger.ts";
import type { Pagers } from "../ports/pager.ts";
import type { Cloud, CloudReads, GuardedCloud } from "../ports/step.ts";
import type { StoreClock } from "../store/clock.ts";
import { createPagers } from "./pagers.ts";

/** Every way out, made from settings and file; in a sandbox they lead into the simulated world, and nothing else differs. */
export interface Outside {
  /** For looking. */
  readonly cloud: CloudReads;
  /** For what a run asks for; CloudTrail shows its calls under `dr-<run>`. */
  readonly cloudOf: (run: string) => GuardedCloud;
  readonly chat: Chat & ForTheDoor;
  readonly accounts: Accounts;
  readonly pagers: Pagers;
  confirmSubscription(topicArn: string, token: string): Promise<void>;
  close(): void;
}

export interface OutsideDeps {
  readonly clock: StoreClock;
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
  const { sandbox } = settings;
  const aws = createAws({
    stsRegion: file.aws.sts,
    clock,
    endpoint: sandbox?.awsEndpointUrl,
    // A rehearsal acts with the keys of its own world.
    ...(sandbox ? {} : rolesOf(file, settings.processName)),
  });
  const probe = createProbe(
    sandbox
      ? {
          dnsServers: sandbox.dnsServers.map(({ host, port }) => `${host}:${port}`),
          authoritativeServers: sandbox.nameServers.map(({ host, port }) => `${host}:${port}`),
          connect: sandbox.connectMap,
        }
      : {},
  );
  const slack = createChat({
    token: settings.slack.botToken,
    ...{ apiUrl: sandbox?.slackApiUrl, minuteMs: sandbox?.slackMinuteMs },
    team: file.slack.team,
    enterprise: file.slack.enterprise,
    accounts,
    approversGroup: () => inventory().file.approvals.slack_user_group,
    logger,
  });
  const pagers = createPagers(settings, file.pagers, { budget, clock });
  const cloudBy = cloudsOf({
    open: (role) => {
      // A rehearsal acts with the keys of its own world.
      if (role === undefined || sandbox) return aws;
      return aws.inAccount({ role: { arn: role, sessionName: settings.processName }, executeRole: role });
    },
    probe,
    clock,
  });
  return {
    cloud: cloudBy(undefined),
    cloudOf: (run) => cloudBy(`dr-${run}`),
    // Slack stamps messages with its own clock: what we remember in world time is looked for in machine time.
    chat: { ...slack, find: (to, key, sinceMs) => slack.find(to, key, clock.toMachineMs(sinceMs)) },
    accounts,
    pagers,
    confirmSubscription: (topicArn, token) => aws.confirmSnsSubscription(topicArn, token),
    close: () => {
      aws.close();
      for (const pager of [pagers.keeper, ...pagers.others]) pager.close();
    },
  };
}

interface Ways extends Pick<CloudReads, "probe" | "clock"> {
  /** The account that a role leads into; undefined: the ordinary one. */
  readonly open: (role: string | undefined) => AccountAws;
}

/** The world under one session name, by whichever role it is entered. It acts only behind a guard. */
export function cloudsOf({ open, probe, clock }: Ways): (session: string | undefined) => GuardedCloud {
  const inAccount = (session: string | undefined, role: string | undefined): GuardedAws => {
    const account = open(role);
    return session === undefined ? account : account.as(session);
  };
  const acts = (session: string | undefined, role: string | undefined, guard: Guard): Cloud => {
    const { databases, clusters, snapshots, firewall, compute, traffic, discovery } = inAccount(
      session,
      role,
    ).guardedBy(guard);
    return {
      ...{ databases, clusters, snapshots, firewall, compute, traffic, discovery, probe, clock },
      through: (other) => acts(session, other, guard),
    };
  };
  const looks = (session: string | undefined, role: string | undefined): GuardedCloud => {
    const { databases, clusters, snapshots, firewall, compute, traffic, discovery } = inAccount(session, role);
    return {
      ...{ databases, clusters, snapshots, firewall, compute, traffic, discovery, probe, clock },
      guardedBy: (guard) => acts(session, role, guard),
      through: (other) => looks(session, other),
    };
  };
  return (session) => looks(session, undefined);
}

/** Looking has a role of its own where the file names one; else it shares the run's role under another session name. */
function rolesOf({ aws }: Inventory["file"], sessionName: string) {
  const observeRole = aws.observe_role ?? aws.role;
  return {
    executeRole: aws.role,
    role: observeRole === undefined ? undefined : { arn: observeRole, sessionName },
  };
}
