import { createTraffic, type TrafficSpecInput } from "../../../src/simulators/application/traffic.ts";
import type { NetworkAccess } from "../../../src/simulators/aws/database-network.ts";
import { createKms } from "../../../src/simulators/aws/kms.ts";
import { createRds } from "../../../src/simulators/aws/rds.ts";
import { type AwsCall, AwsError, type AwsService, XmlList } from "../../../src/simulators/aws/service.ts";
import type { RdsSpecInput } from "../../../src/simulators/aws/specs.ts";
import { createWorld, type World } from "../../../src/simulators/world/world.ts";

export const HOME = "eu-west-1";
export const STANDBY = "eu-central-1";

export const HOME_NAME = "primary-alb.eu-west-1.elb.amazonaws.com";
export const STANDBY_NAME = "secondary-alb.eu-central-1.elb.amazonaws.com";
export const HOME_ZONE = "Z32O12XQLNTSW2";
export const STANDBY_ZONE = "Z215JYRZR1TBD5";

const DATABASES: RdsSpecInput = {
  databases: [
    { identifier: "inventory-db", region: HOME, endpoint: "inventory-db.abc.eu-west-1.rds.amazonaws.com" },
    {
      ...{ identifier: "inventory-replica", region: STANDBY, lagSeconds: 3 },
      endpoint: "inventory-replica.abc.eu-central-1.rds.amazonaws.com",
      replicaOf: { region: HOME, identifier: "inventory-db" },
    },
  ],
  durations: { promotion: 120, staleStatus: 0 },
};

export function aliasRecord(
  { identifier, weight }: { readonly identifier: string; readonly weight: number },
  { zone, name }: { readonly zone: string; readonly name: string },
) {
  return {
    ...{ Name: "api.mycomputer.com", Type: "A" as const, SetIdentifier: identifier, Weight: weight },
    AliasTarget: { HostedZoneId: zone, DNSName: name, EvaluateTargetHealth: true },
  };
}

/** An inventory service in two regions: weighted records, a warm standby of one task, a replica that follows. */
export function inventorySpec(): TrafficSpecInput {
  const group = { name: "inventory", healthCheckPath: "/health" };
  const service = { taskDefinition: "inventory:7", targetGroups: ["inventory"], name: "inventory" };
  return {
    route53: {
      cidrCollections: [
        {
          id: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
          locations: { office: ["198.51.100.0/24"], frankfurt: ["198.18.9.0/24"] },
        },
      ],
      zones: [
        {
          ...{ id: "Z123456789", name: "mycomputer.com" },
          records: [
            aliasRecord({ identifier: "Primary", weight: 100 }, { zone: HOME_ZONE, name: HOME_NAME }),
            aliasRecord({ identifier: "Secondary", weight: 0 }, { zone: STANDBY_ZONE, name: STANDBY_NAME }),
            { Name: "www.mycomputer.com", Type: "CNAME", TTL: 300, ResourceRecords: [{ Value: "api.mycomputer.com" }] },
          ],
        },
        {
          ...{ id: "ZPRIVATE", name: "inventory.internal", private: true },
          records: [
            {
              ...{ Name: "db.inventory.internal", Type: "CNAME", TTL: 20 },
              ResourceRecords: [{ Value: "inventory-db.abc.eu-west-1.rds.amazonaws.com" }],
            },
          ],
        },
      ],
      healthChecks: [
        {
          id: "home-deep",
          config: {
            ...{ Type: "HTTPS", RequestInterval: 10 },
            FullyQualifiedDomainName: HOME_NAME,
            ResourcePath: "/health?check=db",
          },
        },
      ],
    },
    elb: {
      loadBalancers: [
        { region: HOME, name: "primary-alb", dnsName: HOME_NAME, targetGroups: [group] },
        { region: STANDBY, name: "secondary-alb", dnsName: STANDBY_NAME, targetGroups: [group] },
      ],
    },
    ecs: {
      services: [
        { ...service, region: HOME, cluster: "production", desiredCount: 2 },
        { ...service, region: STANDBY, cluster: "dr", desiredCount: 1 },
      ],
      taskDefinitions: [{ family: "inventory", latestRevision: 9, brokenRevisions: [8] }],
    },
    autoscaling: {
      targets: [{ region: STANDBY, resourceId: "service/dr/inventory", minCapacity: 1, maxCapacity: 10 }],
    },
    applications: [
      {
        ...{ name: "inventory", publicName: "api.mycomputer.com" },
        regions: [
          {
            ...{ region: HOME, cluster: "production", service: "inventory", instance: "inventory-db" },
            databaseHost: "db.inventory.internal",
          },
          {
            ...{ region: STANDBY, cluster: "dr", service: "inventory", instance: "inventory-replica" },
            databaseHost: "inventory-replica.abc.eu-central-1.rds.amazonaws.com",
          },
        ],
      },
    ],
  };
}

/** World time stands still but for `advance`, so that durations are exact. */
const STANDING_STILL = 1e-6;

export function openTraffic(
  spec: TrafficSpecInput = inventorySpec(),
  seed = 7,
  network: NetworkAccess = { allows: () => true },
) {
  const world = createWorld({ startMs: 1_795_000_000_000, speed: STANDING_STILL, seed, regions: [HOME, STANDBY] });
  const rds = createRds(world, DATABASES, { network, keys: createKms(world, {}).keys });
  const traffic = createOrStop(world, () => createTraffic(world, spec, rds.engine));
  const stop = () => {
    traffic.stop();
    world.clock.stop();
  };
  const call = (which: Pick<AwsCall, "service" | "operation">, input: Record<string, unknown>, region = HOME) =>
    callService([...traffic.services, rds.service], { ...which, input, region });
  return { world, rds, traffic, call, stop };
}

/** A world that cannot be built leaves no timer behind. */
function createOrStop<T>(world: World, create: () => T): T {
  try {
    return create();
  } catch (error) {
    world.clock.stop();
    throw error;
  }
}

/** Second by second, so that what a timer starts is due from the moment it was started. */
export function advance(world: World, seconds: number): void {
  for (let second = 0; second < seconds; second++) world.clock.jump(1_000);
}

function callService(
  services: readonly AwsService[],
  wanted: Pick<AwsCall, "service" | "operation" | "input" | "region">,
): Record<string, unknown> {
  const operation = services.find(({ name }) => name === wanted.service)?.operations[wanted.operation];
  if (!operation) throw new Error(`No ${wanted.service} ${wanted.operation}`);
  return operation.handle({ ...wanted, requestId: "r", invocationId: "i", attempt: 1 });
}

/** Code and message of the error that `act` throws. */
export function refusal(act: () => unknown): { code: string; message: string; status: number } | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof AwsError) return { code: error.code, message: error.message, status: error.status };
    throw error;
  }
  return undefined;
}

/** The member at a path of an answer, lists by position. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    const list: unknown = found instanceof XmlList ? found.entries : found;
    found = typeof list === "object" && list !== null ? Reflect.get(list, step) : undefined;
  }
  return found;
}
