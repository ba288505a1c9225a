import type { Settings } from "../config/environment.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { LOOK_ACTIONS } from "../flows/resources/looks.ts";
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
import type { StampedClock } from "../ports/clock.ts";
import type { DatabaseSessions } from "../ports/database-sessions.ts";
import type { Guard } from "../ports/guard.ts";
import { enteredThrough, type Permission, rolesIn } from "../ports/permission.ts";
import type { Probe } from "../ports/probe.ts";
import type { Cloud, CloudReads, GuardedCloud } from "../ports/step.ts";
import { otherSts, type RunOfService, stsOf } from "./sts-order.ts";

/** The ways to the cloud, to databases and to names: what an executor needs. */
export interface Clouds {
  /** For looking. */
  readonly cloud: CloudReads;
  /** The same for looks that nobody waits for. */
  readonly regularCloud: CloudReads;
  /** For what a run asks for; CloudTrail shows its calls under `dr-<run>`. */
  readonly cloudOf: (run: RunOfService) => GuardedCloud;
  /** Of the ordinary account. */
  readonly aws: Aws;
  readonly probe: Probe;
  /** How all HTTP leaves, also that of doors. */
  readonly wayOut: WayOut;
  close(): void;
}

export function createClouds(settings: Settings, inventory: () => Inventory, clock: StampedClock): Clouds {
  const { file } = inventory();
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
  // A simulated world has one account.
  const open = (role: string | undefined) =>
    role === undefined || sandbox ? aws : aws.inAccount(accessBy(role, file, settings.processName));
  const { databases: passwords } = settings;
  const sessions = databaseSessions({ passwords, connect: sandbox?.connectMap, now: () => clock.now() });
  const cloudBy = cloudsOf({ open, probe, clock, sessions });
  return {
    ...{ cloud: cloudBy(undefined), regularCloud: cloudBy("regular"), aws, probe, wayOut },
    cloudOf: (run) => cloudBy(namingOf(run, inventory())),
    close: () => {
      aws.close();
      void sessions.close();
      wayOut.close();
    },
  };
}

/** Its sessions in CloudTrail, who hands them out, and what limits those whose own policy is too long. */
const namingOf = (run: RunOfService, inventory: Inventory): Naming => ({
  ...{ sessionName: `dr-${run.id}`, stsRegions: stsOf(run, inventory) },
  managedPolicies: inventory.file.aws.session_policies?.[run.service],
});

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
