import { ROUTE53_CONTROL_PLANE } from "../../src/domain/service/service.ts";
import { computesIn, namesOf, storesIn } from "../../src/flows/resources/site.ts";
import type { FaultInput } from "../../src/simulators/world/faults.ts";
import type { RegionMode } from "../../src/simulators/world/regions.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import { standbyOf } from "../harness/site.ts";
import type { FaultName } from "./fault-names.ts";
import type { People } from "./people.ts";
import { type PutBack, redisCut, redisWentBack } from "./redis-faults.ts";
import type { Workers } from "./workers.ts";
import type { FaultPlan } from "./world.ts";

/** Marks what somebody else changed through the vendor's own API. */
export const SOMEBODY_ELSE = "somebody else";
/** Identifier of the record set that somebody else adds. */
export const ADDED = "added";

/** A fault that has begun. */
export interface Begun {
  /** Whether the run, or the world around it, really met it. */
  readonly isHit: () => boolean;
  readonly end?: () => Promise<void> | void;
}

/** What a fault may do besides changing the world. */
export interface Scene {
  readonly at: FailoverWorld;
  readonly people: People;
  readonly workers: Workers;
  /** The store is one of earlier: what it has lost of the run's journal. */
  readonly wentBack: (put: PutBack) => void;
}

export type Begin = (scene: Scene, plan: FaultPlan) => Promise<Begun>;

const hit: Begun = { isHit: () => true };

/** Somebody clicks in the console; what it refuses did not happen. */
const click =
  (act: (at: FailoverWorld, plan: FaultPlan) => readonly Promise<void>[]): Begin =>
  async ({ at }, plan) => {
    const answers = await Promise.allSettled(act(at, plan));
    const isDone = answers.some(({ status }) => status === "fulfilled");
    return { isHit: () => isDone };
  };

const region =
  (mode: RegionMode, of: (at: FailoverWorld) => string): Begin =>
  async ({ at }) => {
    const name = of(at);
    const set = (now: RegionMode) => {
      at.whole.world.regions.set(name, now);
      at.whole.world.log.append("world.region", { region: name, mode: now });
    };
    set(mode);
    return { ...hit, end: () => set("up") };
  };

/** One control plane by itself. */
const plane =
  (service: string, of: (at: FailoverWorld) => string): Begin =>
  async ({ at }) => {
    const name = of(at);
    const set = (mode: RegionMode) => at.whole.world.regions.setPlane({ region: name, service }, mode);
    set("dark");
    return { ...hit, end: () => set("up") };
  };

/** Calls that misbehave, until it ends. */
const calls =
  (faults: (at: FailoverWorld, plan: FaultPlan) => readonly FaultInput[]): Begin =>
  async ({ at }, plan) => {
    const planned = faults(at, plan).map((fault) => at.whole.world.faults.plan(fault));
    return {
      isHit: () => planned.some(({ taken }) => taken > 0),
      end: () => {
        for (const each of planned) each.cancel();
      },
    };
  };

const home = ({ service }: FailoverWorld) => service.home;
const standby = ({ service }: FailoverWorld) => standbyOf(service);
const silent = { kind: "hang" } as const;

const reads = (of: (at: FailoverWorld) => string, ...operations: readonly string[]): Begin =>
  calls((at) => operations.map((operation) => ({ vendor: "aws", operation, region: of(at), effect: silent })));

/** Whatever the run may ask for: the operation, and where. */
const MUTATIONS = [
  ["UpdateService", home],
  ["RegisterScalableTarget", home],
  ["RevokeSecurityGroupIngress", home],
  ["RebootDBInstance", home],
  ["PromoteReadReplica", standby],
  ["UpdateService", standby],
  ["RegisterScalableTarget", standby],
  ["ChangeResourceRecordSets", () => ROUTE53_CONTROL_PLANE],
  ["AuthorizeSecurityGroupIngress", home],
] as const;

const mutation = (effect: FaultInput["effect"], most: number): Begin =>
  calls((at, { pick }) => {
    const [operation, of] = MUTATIONS[pick % MUTATIONS.length] ?? MUTATIONS[0];
    return [{ vendor: "aws", operation, region: of(at), effect, times: 1 + (pick % most) }];
  });

/** The next few calls of people, whatever they are. */
const MOST_CALLS = 12;
const some = (vendor: "slack" | "pagerduty", effect: FaultInput["effect"]): Begin =>
  calls((_at, { pick }) => [{ vendor, effect, times: 1 + (pick % MOST_CALLS) }]);

const rebooted = (of: (at: FailoverWorld) => string): Begin =>
  click((at) =>
    storesIn(at.service, of(at)).map(({ database }) =>
      at.client.click("rds:RebootDBInstance", of(at), { DBInstanceIdentifier: database.instance }),
    ),
  );

/** A new revision is rolled out, and when the fault ends the one before it again. */
const deployed =
  (of: (at: FailoverWorld) => string): Begin =>
  async ({ at }) => {
    const roll = (revision: number) =>
      computesIn(at.service, of(at)).map(({ compute: { cluster, service } }) =>
        at.client.click("ecs:UpdateService", of(at), {
          ...{ cluster, service, forceNewDeployment: true },
          taskDefinition: `${service.replaceAll(/[^\w-]/g, "-")}:${revision}`,
        }),
      );
    const begun = await Promise.allSettled(roll(2));
    const isBegun = begun.some(({ status }) => status === "fulfilled");
    return { isHit: () => isBegun, end: async () => void (await Promise.allSettled(roll(1))) };
  };

/** Something about the replication of each store, and how it is again afterwards. */
const replicated =
  (now: ReplicationWord, then: ReplicationWord): Begin =>
  async ({ at }) => {
    const say = async (word: ReplicationWord) => {
      const region = standby(at);
      const all = storesIn(at.service, region).map(({ database: { instance } }) =>
        at.client.post(word.path, { ...word.body(instance), region }),
      );
      // A replica that was promoted meanwhile follows nobody.
      return (await Promise.allSettled(all)).some(({ status }) => status === "fulfilled");
    };
    const isSaid = await say(now);
    return { isHit: () => isSaid, end: async () => void (await say(then)) };
  };

interface ReplicationWord {
  readonly path: string;
  readonly body: (instance: string) => Record<string, unknown>;
}

const frozenLag = (isFrozen: boolean): ReplicationWord => ({
  path: "/cloudwatch/metric",
  body: (of) => ({ namespace: "AWS/RDS", metric: "ReplicaLag", of, isFrozen }),
});
const linkSaid = (seconds: number | "silent"): ReplicationWord => ({
  path: "/rds/lag",
  body: (instance) => ({ instance, seconds }),
});

const portOf = ({ whole }: FailoverWorld): number =>
  whole.spec.rds.databases.some(({ engine }) => engine !== "postgres") ? 3_306 : 5_432;

/** World time within which a modification of an instance is through. */
const CHANGED_WITHIN_MS = 90_000;

const refusal = (code: string, status: number) => ({ kind: "error", status, code }) as const;

/** What a policy denies of the old side's control planes: one by itself, or, as where the whole region is shut, all. */
const EC2_LOOKS = ["DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeNetworkInterfaces"] as const;
const ECS_LOOKS = ["DescribeServices", "ListTasks", "DescribeTasks"] as const;
const LOOKS = [
  EC2_LOOKS,
  ECS_LOOKS,
  ["DescribeDBInstances"],
  [...EC2_LOOKS, ...ECS_LOOKS, "DescribeDBInstances"],
] as const;

export const BEGIN: Readonly<Record<FaultName, Begin>> = {
  "rule-reopened": click((at) =>
    storesIn(at.service, home(at)).map(({ database }) =>
      at.client.click("ec2:AuthorizeSecurityGroupIngress", home(at), {
        GroupId: database.security_group,
        IpPermissions: [
          { IpProtocol: "tcp", FromPort: portOf(at), ToPort: portOf(at), IpRanges: [{ CidrIp: "10.0.0.0/8" }] },
        ],
      }),
    ),
  ),
  "old-instance-rebooted": rebooted(home),
  "replica-rebooted": rebooted(standby),
  "replica-modified": click((at) =>
    storesIn(at.service, standby(at)).map(({ database }) =>
      at.client.click("rds:ModifyDBInstance", standby(at), {
        DBInstanceIdentifier: database.instance,
        BackupRetentionPeriod: 3,
        ApplyImmediately: "true",
      }),
    ),
  ),
  "replica-upgraded": click((at) =>
    storesIn(at.service, standby(at)).map(({ database }) =>
      at.client.click("rds:ModifyDBInstance", standby(at), {
        DBInstanceIdentifier: database.instance,
        ...{ EngineVersion: "99.1", AllowMajorVersionUpgrade: "true", ApplyImmediately: "true" },
      }),
    ),
  ),
  "replica-deleted": async ({ at }) => {
    const all = storesIn(at.service, standby(at)).map(({ database }) => deleted(at, database.instance));
    const isDeleted = (await Promise.allSettled(all)).some(({ status }) => status === "fulfilled");
    return { isHit: () => isDeleted };
  },
  "record-edited": click((at, { pick }) => namesOf(at.service).map((name) => editRecord(at, name, pick % 100))),
  "record-added": click((at, { pick }) => namesOf(at.service).map((name) => addRecord(at, name, 1 + (pick % 10)))),
  "service-scaled": click((at, { pick }) =>
    computesIn(at.service, home(at)).map(({ compute }) =>
      at.client.click("ecs:UpdateService", home(at), {
        cluster: compute.cluster,
        service: compute.service,
        desiredCount: 1 + (pick % 4),
      }),
    ),
  ),
  "home-dark": region("dark", home),
  "home-refusing": region("refusing", home),
  "home-slow": region("slow", home),
  "home-throttled": region("throttled", home),
  "home-control-plane-down": region("control-plane-down", home),
  "home-rds-dark": plane("rds", home),
  "home-ec2-dark": plane("ec2", home),
  "home-ecs-dark": plane("ecs", home),
  "home-look-denied": calls((at, { pick }) =>
    (LOOKS[pick % LOOKS.length] ?? LOOKS[0]).map((operation) => ({
      ...{ vendor: "aws", operation, region: home(at), effect: refusal("AccessDenied", 403) },
    })),
  ),
  "standby-dark": region("dark", standby),
  "dns-control-plane-dark": region("dark", () => ROUTE53_CONTROL_PLANE),
  "replica-unseen": reads(standby, "DescribeDBInstances"),
  "services-unseen": reads(home, "DescribeServices", "ListTasks", "DescribeTasks"),
  "firewall-unseen": reads(home, "DescribeSecurityGroups", "DescribeSecurityGroupRules"),
  "lag-unseen": reads(standby, "GetMetricData"),
  "lag-stale": replicated(frozenLag(true), frozenLag(false)),
  // Of MySQL: its replica says 0 while nothing arrives, until it notices.
  "lag-zero-over-dead-link": replicated(linkSaid("silent"), linkSaid(1)),
  "home-deployed": deployed(home),
  "standby-deployed": deployed(standby),
  "write-check-silent": calls((at) => [
    { vendor: "app", operation: "POST /write-check", region: home(at), effect: silent },
  ]),
  "answer-lost": mutation({ kind: "drop-after" }, 2),
  "answer-hangs": mutation({ kind: "hang-after" }, 1),
  "call-cut": mutation({ kind: "drop-before" }, 3),
  "call-throttled": mutation(refusal("Throttling", 400), 4),
  "call-denied": mutation(refusal("AccessDenied", 403), 1),
  "worker-killed": async ({ workers }) => {
    const isKilled = workers.kill();
    return { isHit: () => isKilled };
  },
  // Somebody stops everything; two approvers lift it.
  frozen: async ({ people }) => {
    await people.freeze();
    return { ...hit, end: () => people.lift() };
  },
  "slack-dark": calls(() => [{ vendor: "slack", effect: { kind: "drop-before" } }]),
  "slack-rate-limiting": some("slack", { ...refusal("ratelimited", 429), retryAfterSeconds: 1 }),
  "pager-silent": some("pagerduty", { kind: "drop-after" }),
  "pager-refusing": some("pagerduty", refusal("internal", 500)),
  "redis-cut": redisCut,
  "redis-went-back": redisWentBack,
};

/** Where it still is a replica: a writer is deleted by nobody. */
async function deleted(at: FailoverWorld, instance: string): Promise<void> {
  const region = standby(at);
  const named = { DBInstanceIdentifier: instance };
  await at.client.click("rds:ModifyDBInstance", region, { ...named, DeletionProtection: "false" });
  await at.clock.sleep(CHANGED_WITHIN_MS);
  const now = await at.others.databases.describe(region, instance);
  if (!now.known || now.value.role !== "replica") throw new Error(`${instance} is no replica`);
  await at.client.click("rds:DeleteDBInstance", region, { ...named, SkipFinalSnapshot: "true" });
}

interface NamedIn {
  readonly zone: string;
  readonly name: string;
}

/** One more set like the first, which leads to where that leads now. */
async function addRecord(at: FailoverWorld, { zone, name }: NamedIn, weight: number): Promise<void> {
  const found = await at.others.traffic.records(zone, name);
  const like = found.known ? found.value.find((record) => record.weight !== undefined) : undefined;
  if (!like) throw new Error(`${name} has no weights`);
  const records = [{ ...like, setIdentifier: ADDED, weight }];
  await at.others.traffic.upsert({ zone, records, comment: SOMEBODY_ELSE });
}

async function editRecord(at: FailoverWorld, { zone, name }: NamedIn, weight: number): Promise<void> {
  const found = await at.others.traffic.records(zone, name);
  const records = found.known ? found.value.filter((record) => record.weight !== undefined) : [];
  if (records.length === 0) throw new Error(`${name} has no weights`);
  await at.others.traffic.upsert({
    zone,
    records: records.map((record) => ({ ...record, weight })),
    comment: SOMEBODY_ELSE,
  });
}
