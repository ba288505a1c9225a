import { type Connection, startApplications, type WriteCheck } from "./application/server.ts";
import { createTraffic, type Traffic } from "./application/traffic.ts";
import { createCloudWatch } from "./aws/cloudwatch.ts";
import { addConsole } from "./aws/console.ts";
import { createEc2 } from "./aws/ec2.ts";
import { JUDGED_ONLY } from "./aws/judged-only.ts";
import { createKms } from "./aws/kms.ts";
import { createRds, type Rds } from "./aws/rds.ts";
import { AWS_LATENCY_MS, startAws } from "./aws/server.ts";
import { createSns, type Sns } from "./aws/sns.ts";
import { createSts, type Sts } from "./aws/sts.ts";
import { startDns } from "./dns/server.ts";
import { healthCheckHistory } from "./health-check-history.ts";
import { startMail } from "./mail/mail.ts";
import { startPagerDuty } from "./pagerduty/pagerduty.ts";
import { startPostgres } from "./postgres/server.ts";
import { startSlack } from "./slack/slack.ts";
import { WholeWorldSpec, type WholeWorldSpecInput } from "./whole-world-spec.ts";
import { createWorld, type World } from "./world/world.ts";

/** Loopback ports; 0 or absent: any free one. */
export interface WholeWorldPorts {
  readonly aws?: number;
  readonly slack?: number;
  readonly pagerduty?: number;
  /** Name servers; the two public resolvers take the next two ports. */
  readonly dns?: number;
  /** First load balancer; the other load balancers and then the write checks take the next ports. */
  readonly app?: number;
  readonly control?: number;
}

export interface WholeWorldOptions {
  readonly ports?: WholeWorldPorts;
  /** In place of the spec's own. */
  readonly seed?: number;
  readonly speed?: number;
}

export interface WholeWorld {
  readonly world: World;
  readonly spec: WholeWorldSpec;
  readonly rds: Rds;
  readonly sns: Sns;
  readonly traffic: Traffic;
  readonly controlPort: number;
  readonly ports: Required<WholeWorldPorts> & { readonly resolvers: readonly number[]; readonly vpcResolver: number };
  /** Load balancers: the address that DNS answers, and the loopback port that serves it. */
  readonly connections: readonly Connection[];
  readonly writeChecks: readonly WriteCheck[];
  /** What clients need; every credential is a simulated one. */
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

type Stop = () => void | Promise<void>;

/**
 * Starts every simulator in this process, wired to one another. Rejects with a ZodError for a wrong spec and with Node's
 * own error for a taken port; nothing keeps running then.
 */
export async function startWholeWorld(
  input: WholeWorldSpecInput,
  options: WholeWorldOptions = {},
): Promise<WholeWorld> {
  const spec = WholeWorldSpec.parse(input);
  const world = createWorld({
    startMs: spec.startAt === undefined ? Date.now() : Date.parse(spec.startAt),
    speed: options.speed ?? spec.speed,
    seed: options.seed ?? spec.seed,
    regions: spec.regions,
  });
  const stops: Stop[] = [];
  const stop = async () => {
    // The clock first: nothing that is due may start while the servers close.
    world.clock.stop();
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const inside = createInside(world, spec, stops);
    const started = await startServers(world, spec, { inside, starting: { ports: options.ports ?? {}, stops } });
    return { world, spec, ...inside, ...started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Inside = Pick<WholeWorld, "rds" | "sns" | "traffic"> & Pick<Traffic, "services"> & Pick<Sts, "authorise">;

/** What has no port of its own. The data plane comes first, since control planes and users act on it. */
function createInside(world: World, spec: WholeWorldSpec, stops: Stop[]): Inside {
  const ec2 = createEc2(world, spec.ec2);
  const kms = createKms(world, spec.kms);
  const rds = createRds(world, spec.rds, { network: ec2.network, keys: kms.keys });
  const traffic = createTraffic(world, spec.traffic, rds.engine);
  stops.push(() => traffic.stop());
  ec2.subnets.attach(traffic.ecs.interfacesIn);
  const sns = createSns(world, spec.sns);
  stops.push(() => sns.stop());
  const cloudwatch = createCloudWatch(world, spec.cloudwatch, {
    replicaLagAt: rds.replicaLagAt,
    replicasIn: rds.replicasIn,
    healthCheckIds: () => traffic.route53.healthChecks.ids(),
    publish: sns.publish,
    healthCheckStatusAt: healthCheckHistory(world, (id) => traffic.healthCheckStatus(id)),
  });
  traffic.route53.healthChecks.attach(cloudwatch.alarmStateOf);
  const sts = createSts(world, spec.sts, { tagsOf: rds.tagsOf, keyOf: kms.keys.find, vpcOf: ec2.vpcOf });
  const own = [rds, kms, sns, cloudwatch, sts, ec2].map(({ service }) => service);
  const services = [...own, ...traffic.services, ...JUDGED_ONLY];
  addConsole(world, services);
  return { rds, sns, traffic, services, authorise: sts.authorise };
}

interface Starting {
  readonly ports: WholeWorldPorts;
  readonly stops: Stop[];
}

interface Around {
  readonly inside: Inside;
  readonly starting: Starting;
}

async function startServers(world: World, spec: WholeWorldSpec, { inside, starting }: Around) {
  const latencyMs = spec.awsLatencyMs ?? AWS_LATENCY_MS;
  const vendors = await startVendors(world, { ...spec, awsLatencyMs: latencyMs }, { inside, starting });
  const { aws, dns, application, slack, pagerduty, mail, postgres } = vendors;
  const env: Record<string, string> = {
    ...{ ...aws.env, ...dns.env, ...application.env, ...slack.env, ...pagerduty.env, ...mail?.env, ...postgres.env },
    CONNECT_MAP: JSON.stringify({ ...application.connectMap, ...postgres.connections }),
    ...pagerDutySecrets(spec),
    // The SDKs of Python read this one, and the AWS CLI does.
    AWS_DEFAULT_REGION: spec.regions[0] ?? "us-east-1",
  };
  world.control.on("GET /env", () => env);
  // AWS in world time, the other two in machine time.
  world.control.on("GET /latency", () => ({
    awsWorldMs: [latencyMs.low, latencyMs.high],
    slackMs: spec.slack.latencyMs,
    pagerDutyMs: spec.pagerduty.latencyMs,
  }));
  starting.stops.push(() => world.control.close());
  const controlPort = await world.control.listen(starting.ports.control ?? 0);
  env["WORLD_CONTROL_URL"] = `http://127.0.0.1:${controlPort}`;
  return {
    ...{ controlPort, env, connections: application.connections, writeChecks: application.writeChecks },
    ports: {
      ...{ aws: aws.port, slack: slack.port, pagerduty: pagerduty.port, dns: dns.port, app: application.port },
      ...{ control: controlPort, resolvers: dns.resolverPorts, vpcResolver: dns.vpcResolverPort },
    },
  };
}

/** Each is stopped with the world, the last one first. */
async function startVendors(
  world: World,
  spec: WholeWorldSpec & { readonly awsLatencyMs: typeof AWS_LATENCY_MS },
  { inside: { services, sns, traffic, rds, authorise }, starting: { ports, stops } }: Around,
) {
  const started = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    stops.push(() => server.stop());
    return server;
  };
  const latencyMs = spec.awsLatencyMs;
  const aws = await started(
    startAws(world, services, { port: ports.aws ?? 0, document: sns.certificateAt, latencyMs, authorise }),
  );
  const dns = await started(startDns(world, traffic.authorities, dnsPorts(ports.dns ?? 0)));
  const application = await started(startApplications(world, traffic, { firstPort: ports.app ?? 0 }));
  const slack = await started(startSlack(world, spec.slack, { port: ports.slack ?? 0 }));
  const pagerduty = await started(startPagerDuty(world, spec.pagerduty, { port: ports.pagerduty ?? 0 }));
  const mail = spec.mail && (await started(startMail(world, spec.mail, { port: 0 })));
  const postgres = await started(startPostgres(world, { engine: rds.engine, instances: rds.speakPostgres() }));
  return { aws, dns, application, slack, pagerduty, mail, postgres };
}

function dnsPorts(port: number) {
  return { port, resolverPorts: port === 0 ? [0, 0] : [port + 1, port + 2] };
}

/** Of the first service and the first webhook subscription, where there are any. */
function pagerDutySecrets({ pagerduty }: WholeWorldSpec): Record<string, string> {
  const [routingKey] = pagerduty.services[0]?.integrationKeys ?? [];
  const secrets = pagerduty.webhookSubscriptions[0]?.secrets;
  return {
    ...(routingKey === undefined ? {} : { PAGERDUTY_ROUTING_KEY: routingKey }),
    ...(secrets ? { PAGERDUTY_WEBHOOK_SECRETS: secrets.join(",") } : {}),
  };
}
