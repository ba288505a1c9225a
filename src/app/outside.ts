import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { LOOK_ACTIONS } from "../flows/resources/looks.ts";
import { writeCheckProofs } from "../flows/write-checks.ts";
import {
  type Access,
  type AccountAws,
  type Aws,
  createAws,
  type GuardedAws,
  type Naming,
} from "../integrations/aws/aws.ts";
import { databaseSessions, guardedSessions } from "../integrations/databases/sessions.ts";
import { createProbe } from "../integrations/network/probe.ts";
import { DIRECTLY, throughProxies, type WayOut } from "../integrations/network/way-out.ts";
import { type Accounts, approversGroupOf, slackAccounts } from "../integrations/slack/accounts.ts";
import { createChat, type ForTheDoor } from "../integrations/slack/chat.ts";
import { slackProofs } from "../integrations/slack/proofs.ts";
import type { Alarms } from "../ports/alarms.ts";
import type { Budget } from "../ports/budget.ts";
import type { Chat } from "../ports/chat.ts";
import type { StampedClock } from "../ports/clock.ts";
import type { DatabaseSessions } from "../ports/database-sessions.ts";
import type { Guard } from "../ports/guard.ts";
import type { Logger } from "../ports/logger.ts";
import type { Pagers } from "../ports/pager.ts";
import { enteredThrough, type Permission, rolesIn } from "../ports/permission.ts";
import type { Probe } from "../ports/probe.ts";
import type { Proof } from "../ports/proof.ts";
import type { Cloud, CloudReads, GuardedCloud } from "../ports/step.ts";
import { createPagers } from "./pagers.ts";
import { awsProofWish } from "./proof-wishes.ts";
import { otherSts, type RunOfService, stsOf } from "./sts-order.ts";

/** Every way out, made from settings and file; in a sandbox they lead into the simulated world, and nothing else differs. */
export interface Outside {
  /** For looking. */
  readonly cloud: CloudReads;
  /** The same for looks that nobody waits for. */
  readonly regularCloud: CloudReads;
  /** For what a run asks for; CloudTrail shows its calls under `dr-<run>`. */
  readonly cloudOf: (run: RunOfService) => GuardedCloud;
  readonly chat: Chat & ForTheDoor;
  readonly accounts: Accounts;
  /** How all HTTP leaves, also that of doors. */
  readonly wayOut: WayOut;
  readonly pagers: Pagers;
  /** Of the ordinary account: the topics of the file are there. */
  readonly alarms: Alarms;
  confirmSubscription(topicArn: string, token: string): Promise<void>;
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
  const { sandbox } = settings;
  const wayOut = settings.proxies ? throughProxies(settings.proxies) : DIRECTLY;
  const aws = createAws({
    ...{ stsRegion: file.aws.sts, otherSts: otherSts(inventory()), clock },
    looks: LOOK_ACTIONS,
    endpoint: sandbox?.awsEndpointUrl,
    agent: wayOut.agent,
    ...rolesOf(file, settings.processName),
  });
  const probe = probeOf(sandbox, wayOut);
  const slack = slackOf(settings, inventory, { accounts, wayOut, logger });
  const pagers = createPagers(settings, file.pagers, { budget, clock, agent: wayOut.agent });
  // A simulated world has one account.
  const open = (role: string | undefined) =>
    role === undefined || sandbox ? aws : aws.inAccount(accessBy(role, file, settings.processName));
  const { databases: passwords } = settings;
  const sessions = databaseSessions({ passwords, connect: sandbox?.connectMap, now: () => clock.now() });
  const cloudBy = cloudsOf({ open, probe, clock, sessions });
  return {
    ...{ cloud: cloudBy(undefined), regularCloud: cloudBy("regular") },
    cloudOf: (run) => cloudBy(namingOf(run, inventory())),
    // Slack stamps messages with its own clock: what we remember in world time is looked for in machine time.
    chat: { ...slack, find: (to, key, sinceMs) => slack.find(to, key, clock.toMachineMs(sinceMs)) },
    ...{ accounts, wayOut, pagers, alarms: aws.alarms },
    confirmSubscription: (topicArn, token) => aws.confirmSnsSubscription(topicArn, token),
    proofs: proofsOfWays({ settings, inventory, logger, pagers, aws, probe, wayOut }),
    close: () => {
      aws.close();
      void sessions.close();
      wayOut.close();
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
  readonly probe: Probe;
  readonly wayOut: WayOut;
}

function proofsOfWays({ settings, inventory, logger, pagers, aws, probe, wayOut }: WaysProven): () => readonly Proof[] {
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
    ...writeCheckProofs(inventory().services, probe),
  ];
}

/** Its sessions in CloudTrail, who hands them out, and what limits those whose own policy is too long. */
const namingOf = (run: RunOfService, inventory: Inventory): Naming => ({
  ...{ sessionName: `dr-${run.id}`, stsRegions: stsOf(run, inventory) },
  managedPolicies: inventory.file.aws.session_policies?.[run.service],
});

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

/** In a sandbox names and addresses lead into the simulated world. */
function probeOf(sandbox: Settings["sandbox"], { agentTo }: WayOut): Probe {
  if (!sandbox) return createProbe({ agentTo });
  const addresses = (servers: typeof sandbox.dnsServers) => servers.map(({ host, port }) => `${host}:${port}`);
  return createProbe({
    dnsServers: addresses(sandbox.dnsServers),
    authoritativeServers: addresses(sandbox.nameServers),
    connect: sandbox.connectMap,
  });
}

interface Ways extends Pick<CloudReads, "probe" | "clock"> {
  readonly sessions: DatabaseSessions;
  /** The account that a role leads into; undefined: the ordinary one. */
  readonly open: (role: string | undefined) => AccountAws;
}

/** A run by its name, what looks by itself, or people. */
type Asking = Naming | "regular" | undefined;

/** The world under one session name, by whichever role it is entered. It acts only behind a guard. */
export function cloudsOf({ open, probe, clock, sessions }: Ways): (naming: Asking) => GuardedCloud {
  const inAccount = (naming: Asking, role: string | undefined): GuardedAws => {
    const account = open(role);
    if (naming === "regular") return account.regular;
    return naming === undefined ? account : account.as(naming);
  };
  const acts = (naming: Asking, role: string | undefined, acting: Acting): Cloud => {
    const permitted = enteredThrough(role, acting.permitted);
    const account = inAccount(naming, role).guardedBy(acting.guard, permitted);
    const { databases, clusters, snapshots, firewall, compute, traffic, discovery, answers } = account;
    return {
      ...{ databases, clusters, snapshots, firewall, compute, traffic, discovery, answers, probe, clock },
      sessions: guardedSessions(sessions, acting.guard),
      through: (other) => acts(naming, other, acting),
    };
  };
  const looks = (naming: Asking, role: string | undefined): GuardedCloud => {
    const account = inAccount(naming, role);
    const { databases, clusters, snapshots, firewall, compute, traffic, discovery, answers } = account;
    return {
      ...{ databases, clusters, snapshots, firewall, compute, traffic, discovery, answers, probe, clock },
      sessions: {
        ...{ count: sessions.count, leave: sessions.leave },
        ...{ canMark: sessions.canMark, isMarked: sessions.isMarked },
      },
      guardedBy: (guard, permitted) => acts(naming, role, { guard, permitted }),
      prepare: async (permitted) => {
        for (const by of rolesIn(permitted)) await inAccount(naming, by).prepare(enteredThrough(by, permitted));
      },
      through: (other) => looks(naming, other),
    };
  };
  return (naming) => looks(naming, undefined);
}

interface Acting {
  readonly guard: Guard;
  readonly permitted: readonly Permission[];
}

/** Looking has a role of its own where the file names one; else it shares the run's role under another session name. */
export function rolesOf({ aws }: Inventory["file"], sessionName: string) {
  const observeRole = aws.observe_role ?? aws.role;
  return {
    executeRole: aws.role,
    role: observeRole === undefined ? undefined : { arn: observeRole, sessionName },
    managedPolicy: aws.session_policy,
  };
}

/** Another account is looked at and changed by one role. */
const accessBy = (role: string, file: Inventory["file"], sessionName: string): Access => ({
  role: { arn: role, sessionName },
  executeRole: role,
  managedPolicy: managedIn(file, role),
});

/** A managed policy is of one account. */
export function managedIn({ aws }: Pick<Inventory["file"], "aws">, role: string): string | undefined {
  const accountOf = (arn: string | undefined) => arn?.split(":")[4];
  return accountOf(aws.session_policy) === accountOf(role) ? aws.session_policy : undefined;
}
