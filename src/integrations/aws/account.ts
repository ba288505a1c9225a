import type { Clusters } from "../../ports/clusters.ts";
import type { Compute } from "../../ports/compute.ts";
import type { Databases } from "../../ports/databases.ts";
import type { Discovery } from "../../ports/discovery.ts";
import type { Firewall } from "../../ports/firewall.ts";
import type { Guard } from "../../ports/guard.ts";
import type { Snapshots } from "../../ports/snapshots.ts";
import type { TrafficControl } from "../../ports/traffic.ts";
import { Caller, type CallerOptions } from "./caller.ts";
import { type Clients, createClients } from "./clients.ts";
import { awsClusters } from "./clusters.ts";
import { awsCompute } from "./compute.ts";
import { type CredentialOptions, identitySource, type Role } from "./credentials.ts";
import { awsDatabases } from "./databases.ts";
import { awsDiscovery } from "./discovery.ts";
import { awsFirewall } from "./firewall.ts";
import type { ClientSettings } from "./settings.ts";
import { awsSnapshots } from "./snapshots.ts";
import { awsTraffic } from "./traffic.ts";

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

/** One account, as its roles see it. */
export interface AccountAws extends GuardedAws {
  /** The same account with sessions of this name (2–64 of `[\w+=,.@-]`), by which CloudTrail tells who asked for what. */
  as(sessionName: string): GuardedAws;
}

/** By what an account is entered. */
export interface Access {
  /** What looking assumes; absent: the credentials themselves look. */
  readonly role?: Role | undefined;
  /** ARN of the role that `as` assumes; absent: whoever acts has the identity of whoever looks. */
  readonly executeRole?: string | undefined;
}

/** What all accounts share: how long to wait, and what is known of silent endpoints. */
export interface Way extends Pick<CallerOptions, "clock" | "reachability">, Omit<CredentialOptions, "role"> {
  readonly settings: ClientSettings;
}

export interface OpenedAccount {
  readonly aws: AccountAws;
  readonly caller: Caller;
  readonly clients: Clients;
  close(): void;
}

/** More than a process drives at once. One that is dropped while it is in use works on; its idle sockets end at AWS. */
const MOST_SESSIONS = 32;

/** Nothing is asked before it is needed. */
export function openAccount(way: Way, { role, executeRole }: Access): OpenedAccount {
  const own = openSession(way, role);
  const sessions = new Map<string, Session>();
  const as = (sessionName: string) => {
    if (executeRole === undefined) return own.ports;
    const session = sessions.get(sessionName) ?? openSession(way, { ...role, arn: executeRole, sessionName });
    // Put last again: the one that was not used for longest stands first.
    sessions.delete(sessionName);
    sessions.set(sessionName, session);
    const [oldest] = sessions.keys();
    if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    return session.ports;
  };
  return {
    aws: { ...own.ports, as },
    caller: own.caller,
    clients: own.clients,
    close: () => {
      for (const { clients } of [own, ...sessions.values()]) clients.close();
    },
  };
}

interface Session {
  readonly caller: Caller;
  readonly clients: Clients;
  readonly ports: GuardedAws;
}

function openSession(way: Way, role: Role | undefined): Session {
  const { settings, clock, reachability, stsRegion } = way;
  const identity = identitySource({ ...way, role }, settings);
  const clients = createClients(settings, identity, stsRegion);
  const caller = new Caller({ clock, identity, reachability });
  return { caller, clients, ports: portsOf(caller, clients, () => clock.now()) };
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
