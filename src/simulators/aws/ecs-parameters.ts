import { AwsError, type AwsOperation } from "./service.ts";

type Type = "text" | "number" | "flag" | "texts" | "list" | "structure";
type Parameters = Readonly<Record<string, Type>>;

const all = (type: Type, ...names: readonly string[]): Parameters =>
  Object.fromEntries(names.map((name) => [name, type]));

const SHAPED: Parameters = {
  ...all("text", "cluster", "taskDefinition", "availabilityZoneRebalancing", "platformVersion", "propagateTags"),
  ...all("number", "desiredCount", "healthCheckGracePeriodSeconds"),
  ...all("flag", "enableExecuteCommand", "enableECSManagedTags"),
  ...all("list", "capacityProviderStrategy", "placementConstraints", "placementStrategy", "loadBalancers"),
  ...all("list", "serviceRegistries", "volumeConfigurations", "vpcLatticeConfigurations", "gatewayConnectors"),
  ...all("structure", "deploymentConfiguration", "networkConfiguration", "deploymentController"),
  ...all("structure", "serviceConnectConfiguration", "monitoring"),
};
const PAGED: Parameters = { nextToken: "text", maxResults: "number" };

/** What ECS takes, whether the world does something with it or not. A test compares it with AWS's own client. */
export const ECS_PARAMETERS: Readonly<Record<string, Parameters>> = {
  CreateService: {
    ...SHAPED,
    ...all("text", "serviceName", "clientToken", "launchType", "role", "schedulingStrategy"),
    tags: "list",
  },
  UpdateService: { ...SHAPED, service: "text", forceNewDeployment: "flag" },
  DeleteService: { cluster: "text", service: "text", force: "flag" },
  DescribeServices: { cluster: "text", services: "texts", include: "texts" },
  DescribeClusters: { clusters: "texts", include: "texts" },
  DescribeTasks: { cluster: "text", tasks: "texts", include: "texts" },
  DescribeTaskDefinition: { taskDefinition: "text", include: "texts" },
  ListClusters: PAGED,
  ListServices: { ...PAGED, ...all("text", "cluster", "launchType", "schedulingStrategy", "resourceManagementType") },
  ListTasks: {
    ...PAGED,
    ...all("text", "cluster", "containerInstance", "family", "startedBy", "serviceName", "desiredStatus"),
    ...all("text", "launchType", "daemonName"),
  },
};

/**
 * As ECS reads a call: what it does not know is ignored, null is absent, and a wrong type is refused before anything else. What it knows
 * and no operation here performs is left to the operation, which refuses it.
 */
export function readingParameters(
  operations: Readonly<Record<string, AwsOperation>>,
): Readonly<Record<string, AwsOperation>> {
  const read = (name: string, { handle, ...operation }: AwsOperation): AwsOperation => {
    const known = ECS_PARAMETERS[name] ?? {};
    return { ...operation, handle: (call) => handle({ ...call, input: parametersOf(known, call.input) }) };
  };
  return Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, read(name, operation)]));
}

function parametersOf(known: Parameters, input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => {
      const type = Object.hasOwn(known, name) ? known[name] : undefined;
      return type === undefined || value === null ? [] : [[name, READ[type](value)]];
    }),
  );
}

const SCALARS = { text: "String", number: "Integer", flag: "Boolean" } as const;

function scalar(value: unknown, type: keyof typeof SCALARS): never {
  if (Array.isArray(value)) throw unreadable("Start of list found where not expected");
  if (typeof value === "object") throw unreadable("Start of structure or map found where not expected.");
  const kind = typeof value === "boolean" ? String(value).toUpperCase() : (typeof value).toUpperCase();
  throw unreadable(`${kind}_VALUE cannot be converted to ${SCALARS[type]}`);
}

const text = (value: unknown): unknown => (typeof value === "string" ? value : scalar(value, "text"));

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unreadable(
    typeof value === "object" ? "Start of structure or map found where not expected." : "Expected list or null",
  );
}

const READ: Readonly<Record<Type, (value: unknown) => unknown>> = {
  text,
  number: (value) => (typeof value === "number" ? Math.trunc(value) : scalar(value, "number")),
  flag: (value) => (typeof value === "boolean" ? value : scalar(value, "flag")),
  texts: (value) => list(value).map(text),
  list,
  structure: (value) => {
    if (Array.isArray(value)) throw unreadable("Start of list found where not expected");
    if (typeof value === "object") return value;
    throw unreadable("Expected null");
  },
};

/** In the words of ECS itself for text and numbers, and of other services of AWS with the same protocol for the rest. */
const unreadable = (message: string): AwsError => new AwsError("SerializationException", message);
