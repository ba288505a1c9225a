import { z } from "zod";
import type { AwsModel, OperationModel, ServiceModel } from "../../ports/aws-model.ts";

/** Clients that carry the model of their service, by the name that the AWS CLI has for it. Each is loaded when it is asked about. */
const CLIENTS: Readonly<Record<string, () => Promise<object>>> = {
  "application-autoscaling": () => import("@aws-sdk/client-application-auto-scaling"),
  cloudwatch: () => import("@aws-sdk/client-cloudwatch"),
  ec2: () => import("@aws-sdk/client-ec2"),
  ecr: () => import("@aws-sdk/client-ecr"),
  ecs: () => import("@aws-sdk/client-ecs"),
  elbv2: () => import("@aws-sdk/client-elastic-load-balancing-v2"),
  kms: () => import("@aws-sdk/client-kms"),
  rds: () => import("@aws-sdk/client-rds"),
  route53: () => import("@aws-sdk/client-route-53"),
  "service-quotas": () => import("@aws-sdk/client-service-quotas"),
  sns: () => import("@aws-sdk/client-sns"),
  sts: () => import("@aws-sdk/client-sts"),
};

/** Schemas of the SDK are tuples: kind, namespace, name, traits, and from there on what the kind needs. */
const LIST = 1;
const STRUCTURE = 3;
const OPERATION = 9;
const Schema = z.tuple([z.number(), z.string(), z.string(), z.unknown()]).rest(z.unknown());
type Schema = z.infer<typeof Schema>;
const Members = z.tuple([z.array(z.string()), z.array(z.unknown()), z.number().default(0)]);

/** The models of these services, as far as TwoKey has a client for them. No call is made. */
export async function awsModel(services: Iterable<string>): Promise<AwsModel> {
  const known = [...new Set(services)].flatMap((name) => {
    const load = Object.hasOwn(CLIENTS, name) ? CLIENTS[name] : undefined;
    return load === undefined ? [] : [{ name, load }];
  });
  return new Map(await Promise.all(known.map(async ({ name, load }) => [name, serviceFrom(await load())] as const)));
}

function serviceFrom(client: object): ServiceModel {
  const operations = new Map<string, Schema>();
  const waiters = new Set<string>();
  for (const [name, value] of Object.entries(client)) {
    if (name.startsWith("waitUntil")) waiters.add(plain(name.slice("waitUntil".length)));
    const schema = name.endsWith("$") ? schemaOf(value) : undefined;
    if (schema?.[0] === OPERATION) operations.set(plain(schema[2]), schema);
  }
  return {
    operation: (name) => {
      const schema = operations.get(plain(name));
      return schema && operationFrom(schema);
    },
    waitsFor: (name) => waiters.has(plain(name)),
  };
}

function operationFrom([, , , , input, output]: Schema): OperationModel {
  const { names, required } = membersOf(input);
  const taken = new Set(names.map(plain));
  return { takes: (option) => taken.has(plain(option)), required, answers: (path) => hasField(output, path) };
}

function hasField(from: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  const { names, types } = membersOf(from);
  const at = names.findIndex((each) => plain(each) === plain(name));
  // What is not modelled, such as a map, has whatever it is asked for.
  if (names.length === 0) return true;
  return at !== -1 && hasField(types[at], rest);
}

function membersOf(from: unknown): {
  names: readonly string[];
  types: readonly unknown[];
  required: readonly string[];
} {
  const schema = schemaOf(from);
  if (schema?.[0] === LIST) return membersOf(schema[4]);
  const members = schema?.[0] === STRUCTURE ? Members.safeParse(schema.slice(4)) : undefined;
  if (!members?.success) return { names: [], types: [], required: [] };
  const [names, types, requiredOnes] = members.data;
  return { names, types, required: names.slice(0, requiredOnes) };
}

/** The SDK puts functions where schemas name each other, and wraps some with traits. */
function schemaOf(value: unknown): Schema | undefined {
  const given: unknown = typeof value === "function" ? value() : value;
  if (Array.isArray(given) && typeof given[0] !== "number") return given.length > 0 ? schemaOf(given[0]) : undefined;
  const parsed = Schema.safeParse(given);
  return parsed.success ? parsed.data : undefined;
}

const plain = (name: string): string => name.replaceAll(/[-_]/g, "").toLowerCase();
