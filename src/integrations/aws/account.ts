import { Bug } from "../../domain/errors.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Alarms } from "../../ports/alarms.ts";
import type { Clusters } from "../../ports/clusters.ts";
import type { Compute } from "../../ports/compute.ts";
import type { Databases } from "../../ports/databases.ts";
import type { Discovery } from "../../ports/discovery.ts";
import type { Firewall } from "../../ports/firewall.ts";
import type { Guard } from "../../ports/guard.ts";
import type { Permission } from "../../ports/permission.ts";
import type { Snapshots } from "../../ports/snapshots.ts";
import type { CloudReads } from "../../ports/step.ts";
import type { TrafficControl } from "../../ports/traffic.ts";
import { awsAlarms } from "./alarms.ts";
import { Caller, type CallerOptions, type Hand } from "./caller.ts";
import { type Clients, createClients, looksOf, Sockets } from "./clients.ts";
import { awsClusters } from "./clusters.ts";
import { awsCompute } from "./compute.ts";
import {
  type CredentialOptions,
  type IdentitySource,
  type Role,
  type SessionWish,
  sessionIdentity,
} from "./credentials.ts";
import { awsDatabases } from "./databases.ts";
import { awsDiscovery } from "./discovery.ts";
import { noSession } from "./errors.ts";
import { awsFirewall } from "./firewall.ts";
import { type By, createLookups } from "./lookups.ts";
import type { Urgency } from "./read-pace.ts";
import { lookingPolicy, managedFor, sessionPolicy, whoseRole } from "./session-policy.ts";
import type { ClientSettings } from "./settings.ts";
import { awsSnapshots } from "./snapshots.ts";
import { awsTraffic } from "./traffic.ts";

export interface AwsPorts {
  readonly answers: CloudReads["answers"];
  readonly databases: Databases;
  readonly clusters: Clusters;
  readonly snapshots: Snapshots;
  readonly firewall: Firewall;
  readonly compute: Compute;
  readonly traffic: TrafficControl;
  readonly discovery: Discovery;
  readonly alarms: Alarms;
}

export interface GuardedAws extends AwsPorts {
  /** The same ports, whose mutations leave only on this guard's proof, in a session that can do no more than is permitted. */
  guardedBy(guard: Guard, permitted: readonly Permission[]): AwsPorts;
  /** Opens that session beforehand, and the one that looks. Throws TransientError where no STS hands one out now, StepFailed where none will. */
  prepare(permitted: readonly Permission[]): Promise<void>;
}

/** By what the sessions of a run are known, and who hands them out. */
export interface Naming {
  /** 2–64 of `[\w+=,.@-]`; CloudTrail tells by it who asked for what. */
  readonly sessionName: string;
  /** Whose STS is asked, in this order; absent: the ordinary ones. */
  readonly stsRegions?: readonly Region[] | undefined;
  /** ARNs of managed policies, of whatever account, for sessions whose own would be too long; absent: that of the account. */
  readonly managedPolicies?: readonly string[] | undefined;
}

/** One account, as its roles see it. */
export interface AccountAws extends GuardedAws {
  /** The same, for looks that nobody waits for: every other one goes first. */
  readonly regular: GuardedAws;
  /** The same account in sessions of its own. */
  as(naming: Naming): GuardedAws;
}

/** By what an account is entered. */
export interface Access {
  /** What looking assumes; absent: the credentials themselves look. */
  readonly role?: Role | undefined;
  /** ARN of the role that acting sessions are of; absent: the process's own credentials act. */
  readonly executeRole?: string | undefined;
  /** ARN of the managed policy for sessions whose own would be too long. */
  readonly managedPolicy?: string | undefined;
}

/** What all accounts share: how long to wait, and what is known of silent endpoints. */
export interface Way extends Pick<CallerOptions, "clock" | "reachability" | "answers" | "pace">, CredentialOptions {
  readonly settings: ClientSettings;
  /** The process's own credentials. */
  readonly own: IdentitySource;
  /** Every call that only looks: a session that looks may make these and no others. */
  readonly looks: readonly string[];
}

export interface OpenedAccount {
  readonly aws: AccountAws;
  /** Looks; a mutation leaves by it only where `guardedBy` has given it a guard. */
  readonly caller: Caller;
  /** What signs for `caller`. */
  readonly hand: Hand;
  /** What looks. */
  readonly clients: Clients;
  close(): void;
}

/** More than a process drives at once. One that is dropped while it is in use works on; its idle sockets end at AWS. */
const MOST_RUNS = 32;
/** Steps that act, of all plans that one run goes on with. */
const MOST_ACTING = 64;

/** Of one session. */
const URGENCIES = 3;

const accountOf = (roleArn: string | undefined): string | undefined => roleArn && whoseRole(roleArn).account;

/** Of what only looks: it has nothing to prove, so nothing that it asks for may change anything. */
const UNGUARDED: Guard = {
  prove: async () => {
    throw new Bug("unguarded", "A call that changes the cloud was about to leave without a guard");
  },
};

/** Nothing is asked before it is needed. */
export function openAccount(way: Way, access: Access): OpenedAccount {
  const { role, executeRole } = access;
  const own = openRun(way, access, { role, naming: { sessionName: role?.sessionName ?? "" } });
  const runs = new Recent<OpenedRun>(MOST_RUNS);
  const as = (naming: Naming): GuardedAws => {
    if (executeRole === undefined) return own.portsAt("run");
    const key = [naming.sessionName, ...(naming.stsRegions ?? [])].join(" ");
    const assumed = { ...role, arn: executeRole, sessionName: naming.sessionName };
    return runs.get(key, () => openRun(way, access, { role: assumed, naming })).portsAt("run");
  };
  return {
    aws: { ...own.portsAt("people"), regular: own.portsAt("regular"), as },
    ...{ caller: own.caller, hand: own.hand, clients: own.clients },
    close: () => {
      for (const run of [own, ...runs.all()]) run.close();
    },
  };
}

/** The ones that were used last; one that is not used for longest goes first. */
class Recent<T> {
  readonly #most: number;
  readonly #kept = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: () => T): T {
    const found = this.#kept.get(key) ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, found);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest);
    return found;
  }

  all(): T[] {
    return [...this.#kept.values()];
  }
}

interface OpenedRun {
  readonly caller: Caller;
  readonly hand: Hand;
  readonly clients: Clients;
  /** The same ones each time. */
  readonly portsAt: (urgency: Urgency) => GuardedAws;
  close(): void;
}

interface RunWish {
  /** What looks; absent: the process's own credentials. */
  readonly role: Role | undefined;
  readonly naming: Naming;
}

/** One session that looks, and one for each thing that is permitted, over the same connections. */
function openRun(way: Way, { executeRole, managedPolicy }: Access, { role, naming }: RunWish): OpenedRun {
  const sockets = new Sockets();
  const open = (wish: SessionWish | undefined) => openHand(way, { wish, naming, sockets });
  const looking = open(role && { ...role, policy: lookingPolicy(way.looks) });
  const acting = new Recent<Hand>(MOST_ACTING);
  const hand = (permitted: readonly Permission[]): Hand => {
    // Nobody can limit the process's own credentials.
    if (executeRole === undefined) return acting.get("", () => open(undefined));
    const policy = sessionPolicy(permitted, whoseRole(executeRole));
    const managedPolicies = managedFor(executeRole, naming.managedPolicies) ?? (managedPolicy ? [managedPolicy] : []);
    const wish = { ...role, arn: executeRole, sessionName: naming.sessionName, policy, managedPolicies };
    return acting.get(policy, () => open(wish));
  };
  const { clock, reachability, answers, pace } = way;
  const account = accountOf(role?.arn ?? executeRole);
  const shared = { clock, reachability, answers, pace, account, urgency: "people" as const };
  const caller = new Caller({ ...shared, looking, acting: looking, guard: UNGUARDED });
  const clients = looksOf(looking.clients);
  const made = new Recent<GuardedAws>(URGENCIES);
  const portsAt = (urgency: Urgency): GuardedAws => {
    const asking = caller.as(urgency);
    // Looks are shared by all that look in this session as urgently, whatever guard they act behind.
    const lookups = createLookups(asking, clients, () => clock.now());
    const through = (by: Caller) => ({ ...portsOf({ caller: by, clients, lookups }, () => clock.now()), answers });
    return {
      ...through(asking),
      guardedBy: (guard, permitted) => through(asking.guardedBy(guard, hand(permitted))),
      prepare: async (permitted) => {
        // A step looks before it acts.
        await Promise.all([looking.identity(), hand(permitted).identity()]).catch(noSession);
      },
    };
  };
  return {
    ...{ caller, hand: looking, clients },
    portsAt: (urgency) => made.get(urgency, () => portsAt(urgency)),
    close: () => {
      for (const each of [looking, ...acting.all()]) each.clients.close();
    },
  };
}

interface HandWish {
  /** Absent: the process's own credentials. */
  readonly wish: SessionWish | undefined;
  readonly naming: Naming;
  readonly sockets: Sockets;
}

function openHand(way: Way, { wish, naming, sockets }: HandWish): Hand {
  const { settings, reachability, own, stsRegion, otherSts = [] } = way;
  const stsRegions = naming.stsRegions ?? [stsRegion, ...otherSts];
  const identity = wish ? sessionIdentity(wish, { settings, reachability, own, stsRegions }) : own;
  return { identity, clients: createClients({ settings, credentials: identity, home: stsRegion, sockets }) };
}

function portsOf(by: By, now: () => number): Omit<AwsPorts, "answers"> {
  const { caller, clients } = by;
  return {
    databases: awsDatabases(by, now),
    clusters: awsClusters(by),
    snapshots: awsSnapshots(caller, clients),
    firewall: awsFirewall(by),
    compute: awsCompute(by),
    traffic: awsTraffic(by),
    discovery: awsDiscovery(by),
    alarms: awsAlarms(caller, clients),
  };
}
