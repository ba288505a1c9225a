import { ConfirmSubscriptionCommand } from "@aws-sdk/client-sns";
import { UserError } from "../../domain/errors.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Clusters } from "../../ports/clusters.ts";
import type { Compute } from "../../ports/compute.ts";
import type { Databases } from "../../ports/databases.ts";
import type { Discovery } from "../../ports/discovery.ts";
import type { Firewall } from "../../ports/firewall.ts";
import type { Guard } from "../../ports/guard.ts";
import type { Snapshots } from "../../ports/snapshots.ts";
import type { TrafficControl } from "../../ports/traffic.ts";
import { Caller } from "./caller.ts";
import { type Clients, createClients } from "./clients.ts";
import { awsClusters } from "./clusters.ts";
import { awsCompute } from "./compute.ts";
import { type CredentialOptions, type Identity, identitySource, type Role } from "./credentials.ts";
import { awsDatabases } from "./databases.ts";
import { awsDiscovery } from "./discovery.ts";
import { awsFirewall } from "./firewall.ts";
import { Reachability } from "./reachability.ts";
import { clientSettings, PATIENCE, type Patience } from "./settings.ts";
import { awsSnapshots } from "./snapshots.ts";
import { awsTraffic } from "./traffic.ts";

export interface AwsOptions extends CredentialOptions {
  /** TwoKey's own region: its STS hands out sessions. */
  readonly home: Region;
  readonly clock: Pick<Clock, "now" | "speed">;
  /** Where all APIs are, instead of at AWS. */
  readonly endpoint?: string | undefined;
  /** Absent: where the SDK finds them. */
  readonly credentials?: Identity | undefined;
  /** What looking assumes; absent: the credentials themselves look. */
  readonly role?: Role | undefined;
  /** ARN of the role that `as` assumes; absent: whoever acts has the identity of whoever looks. */
  readonly executeRole?: string | undefined;
  readonly patience?: Patience | undefined;
  /** How long reads take an endpoint that did not answer as silent, machine time. */
  readonly rememberSilenceMs?: number | undefined;
}

export interface AwsPorts {
  readonly databases: Databases;
  readonly clusters: Clusters;
  readonly snapshots: Snapshots;
  readonly firewall: Firewall;
  readonly compute: Compute;
  readonly traffic: TrafficControl;
  readonly discovery: Discovery;
}

export interface GuardedAws extends AwsPorts {
  /** The same ports, whose mutations leave only on this guard's proof. */
  guardedBy(guard: Guard): AwsPorts;
}

export interface Aws extends GuardedAws {
  /** The same world with sessions of this name (2–64 of `[\w+=,.@-]`), by which CloudTrail tells who asked for what. */
  as(sessionName: string): GuardedAws;
  /** Confirms a subscription of the topic, in the topic's region. Throws as mutations do. */
  confirmSnsSubscription(topicArn: string, token: string): Promise<void>;
  close(): void;
}

/** Longer than a call may take, so that the one look that goes through is over before the next one does. */
const REMEMBER_SILENCE_MS = 10_000;

/** More than a process drives at once. One that is dropped while it is in use works on; its idle sockets end at AWS. */
const MOST_SESSIONS = 32;

/** The adapters to AWS. Nothing is asked before it is needed. */
export function createAws(options: AwsOptions): Aws {
  const settings = clientSettings(options.endpoint, options.patience ?? PATIENCE);
  const reachability = new Reachability(options.rememberSilenceMs ?? REMEMBER_SILENCE_MS);
  const opened = (role: Role | undefined) => {
    const identity = identitySource({ ...options, role }, settings);
    const clients = createClients(settings, identity, options.home);
    const caller = new Caller({ clock: options.clock, identity, reachability });
    return { caller, clients, ports: portsOf(caller, clients, () => options.clock.now()) };
  };
  const { caller, clients, ports } = opened(options.role);
  const sessions = new Map<string, ReturnType<typeof opened>>();
  return {
    ...ports,
    as(sessionName) {
      const arn = options.executeRole;
      if (arn === undefined) return ports;
      const session = sessions.get(sessionName) ?? opened({ ...options.role, arn, sessionName });
      // Put last again: the one that was not used for longest stands first.
      sessions.delete(sessionName);
      sessions.set(sessionName, session);
      const [oldest] = sessions.keys();
      if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      return session.ports;
    },
    confirmSnsSubscription: (topicArn, token) => confirm(caller, clients, { topicArn, token }),
    close: () => {
      for (const each of sessions.values()) each.clients.close();
      clients.close();
    },
  };
}

function portsOf(caller: Caller, clients: Clients, now: () => number): GuardedAws {
  const through = (way: Caller): AwsPorts => ({
    databases: awsDatabases(way, clients, now),
    clusters: awsClusters(way, clients),
    snapshots: awsSnapshots(way, clients),
    firewall: awsFirewall(way, clients),
    compute: awsCompute(way, clients),
    traffic: awsTraffic(way, clients),
    discovery: awsDiscovery(way, clients),
  });
  return { ...through(caller), guardedBy: (guard) => through(caller.guardedBy(guard)) };
}

async function confirm(caller: Caller, clients: Clients, { topicArn, token }: { topicArn: string; token: string }) {
  const region = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:/.exec(topicArn)?.[1];
  if (region === undefined) throw new UserError("topic-arn", `${topicArn} is not the ARN of an SNS topic`);
  const ask = { api: "sns", region, doing: `confirm the subscription of ${topicArn}` };
  await caller.act(async (requestIds) => {
    const command = new ConfirmSubscriptionCommand({
      TopicArn: topicArn,
      Token: token,
      AuthenticateOnUnsubscribe: "true",
    });
    await caller.write(ask, requestIds, (sendOptions) => clients.sns.in(region).send(command, sendOptions));
    return {};
  });
}
