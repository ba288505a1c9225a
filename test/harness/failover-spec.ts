import type { Ec2SpecInput } from "../../src/simulators/aws/ec2-spec.ts";
import type { WholeWorldSpecInput } from "../../src/simulators/whole-world-spec.ts";
import type { ExampleName } from "./example.ts";
import { given, pair, waitsOf } from "./waits.ts";

export interface FailoverWorldOptions {
  readonly example: ExampleName;
  /** What its text is changed to before it is read. */
  readonly edit?: (text: string) => string;
  /** The service that is moved; absent: the first of the example. */
  readonly service?: string;
  readonly speed: number;
  readonly seed?: number;
  readonly lagSeconds?: number;
  /** Of all databases; absent: PostgreSQL. */
  readonly engine?: "mysql" | "mariadb";
  /** Of MySQL and MariaDB: what somebody has set as `replica_net_timeout` for all of them; absent: nothing. */
  readonly netTimeoutSeconds?: number;
  /** For which the applications keep a session to their database open. */
  readonly sessionSeconds?: number;
  /** World seconds between two jobs that the applications do without being asked; 0 or absent: none. */
  readonly jobSeconds?: number;
  /** World seconds that a task takes to stop once it drains. */
  readonly stopSeconds?: number;
  /** What AWS takes its time for takes about as long as in the real one: faults meet a run in the middle of each. */
  readonly isLong?: true;
  /** World seconds that a task takes to start, from and to. */
  readonly startSeconds?: readonly [number, number];
  /** World seconds until a change of records is everywhere, from and to. */
  readonly insyncSeconds?: readonly [number, number];
  /** World seconds between two orders of the application's users. */
  readonly orderSeconds?: number;
  /** World seconds of a reboot; absent: as long as it takes in AWS, by chance. */
  readonly rebootSeconds?: number;
  /** World seconds until an instance that is deleted is gone; absent: the same. */
  readonly deletionSeconds?: number;
  /** World seconds for which EC2 and ECS show what was there before a change; absent: none. */
  readonly staleSeconds?: number;
  /** What else there is in EC2. */
  readonly moreEc2?: Pick<Ec2SpecInput, "securityGroups" | "networkInterfaces">;
  /** Machine time that a silent endpoint is given. */
  readonly answerWithinMs?: number;
  /** An empty database of Redis; absent: a fresh one of the test's own. */
  readonly redisUrl?: string;
}

/** The group of parameters that all databases use where something is set in it. */
export const OWN_GROUP = "orders-tuned";

export function enginesFor(rds: WholeWorldSpecInput["rds"], { engine, netTimeoutSeconds }: FailoverWorldOptions) {
  const group = netTimeoutSeconds === undefined ? {} : { parameterGroup: OWN_GROUP };
  const databases = (rds?.databases ?? []).map((database) => ({ ...database, ...group, ...(engine && { engine }) }));
  const parameters = {
    [engine === "mariadb" ? "slave_net_timeout" : "replica_net_timeout"]: String(netTimeoutSeconds),
  };
  const regions = [...new Set(databases.map(({ region }) => region))];
  return {
    databases,
    ...(netTimeoutSeconds !== undefined && {
      parameterGroups: regions.map((region) => ({ region, name: OWN_GROUP, parameters })),
    }),
  };
}

const MYSQL_PORT = 3_306;

export function ec2With(own: Ec2SpecInput | undefined, options: FailoverWorldOptions): Ec2SpecInput {
  const { moreEc2, staleSeconds, engine } = options;
  const port = engine && { fromPort: MYSQL_PORT, toPort: MYSQL_PORT };
  const groups = (own?.securityGroups ?? []).map((group) => ({
    ...group,
    ...(port && { ingress: (group.ingress ?? []).map((rule) => ({ ...rule, ...port })) }),
  }));
  const securityGroups = [...groups, ...(moreEc2?.securityGroups ?? [])];
  return { ...own, ...moreEc2, securityGroups, ...(staleSeconds !== undefined && { staleRead: staleSeconds }) };
}

export function trafficFor(traffic: WholeWorldSpecInput["traffic"], options: FailoverWorldOptions) {
  const { sessionSeconds, jobSeconds, staleSeconds } = options;
  const { balancer: slowness, startSeconds, stopSeconds, insyncSeconds } = { ...waitsOf(options), ...given(options) };
  if (!traffic) return traffic;
  const applications = (traffic.applications ?? []).map((each) => ({
    ...each,
    ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
    ...(jobSeconds === undefined ? {} : { jobs: { intervalSeconds: jobSeconds } }),
  }));
  // Each family has a newer revision that nobody has rolled out yet.
  const taskDefinitions = traffic.ecs?.taskDefinitions?.map((each) => ({ ...each, latestRevision: 2 }));
  const ecs = traffic.ecs && {
    ...traffic.ecs,
    ...(taskDefinitions && { taskDefinitions }),
    ...{ startSeconds: pair(startSeconds), stopSeconds },
    ...(staleSeconds !== undefined && { staleSeconds: [staleSeconds, staleSeconds] as [number, number] }),
  };
  const loadBalancers = traffic.elb?.loadBalancers?.map((balancer) => ({
    ...balancer,
    targetGroups: balancer.targetGroups.map((group) => ({ ...group, ...slowness })),
  }));
  return {
    ...{ ...traffic, applications, route53: { ...traffic.route53, insyncSeconds: pair(insyncSeconds) } },
    ...(ecs ? { ecs } : {}),
    ...(loadBalancers ? { elb: { loadBalancers } } : {}),
  };
}
