import { z } from "zod";
import { arnOf } from "../arn.ts";
import type { AwsCall } from "../service.ts";
import type { RequestContext } from "./conditions.ts";
import { KEY_OPERATIONS, OTHER_ACCESSES } from "./other-accesses.ts";
import type { Access } from "./policy.ts";
import { RDS_ACCESSES } from "./rds-accesses.ts";
import { ROUTE53_ACCESSES } from "./route53-accesses.ts";
import type { AccessesOf, Things } from "./wanted.ts";

/** How IAM calls a service, where that is not its signing name. */
const IAM_NAMES: Readonly<Record<string, string>> = { monitoring: "cloudwatch" };

const text = (input: AwsCall["input"], name: string): string => z.string().catch("").parse(input[name]);
const texts = (input: AwsCall["input"], name: string): string[] => z.array(z.string()).catch([]).parse(input[name]);
const lastPart = (nameOrArn: string): string => nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1);

const inCluster = ({ input, region }: AwsCall): RequestContext => ({
  "ecs:cluster": [arnOf("ecs", region, `cluster/${lastPart(text(input, "cluster"))}`)],
});
const ecsService =
  (names: (input: AwsCall["input"]) => readonly string[]): AccessesOf =>
  (call) =>
    names(call.input).map((name) => {
      const resource = `service/${lastPart(text(call.input, "cluster"))}/${lastPart(name)}`;
      return { action: call.operation, resource: arnOf("ecs", call.region, resource), context: inCluster(call) };
    });
const oneService = ecsService((input) => [text(input, "service")]);

const ECS: Readonly<Record<string, AccessesOf>> = {
  CreateService: ecsService((input) => [text(input, "serviceName")]),
  UpdateService: oneService,
  DeleteService: oneService,
  DescribeServices: ecsService((input) => texts(input, "services")),
  DescribeClusters: ({ operation, region, input }) =>
    texts(input, "clusters").map((name) => {
      return { action: operation, resource: arnOf("ecs", region, `cluster/${lastPart(name)}`) };
    }),
  ListTasks: (call) => [{ action: call.operation, resource: "*", context: inCluster(call) }],
  DescribeTasks: (call) =>
    texts(call.input, "tasks").map((task) => {
      const cluster = lastPart(text(call.input, "cluster"));
      const resource = arnOf("ecs", call.region, `task/${cluster}/${lastPart(task)}`);
      return { action: call.operation, resource, context: inCluster(call) };
    }),
};

const securityGroup: AccessesOf = ({ operation, region, input }, { vpcOf }) => {
  const group = text(input, "GroupId");
  const vpc = vpcOf(region, group);
  return [
    {
      ...{ action: operation, resource: arnOf("ec2", region, `security-group/${group}`) },
      context: vpc === undefined ? {} : { "ec2:vpc": [arnOf("ec2", region, `vpc/${vpc}`)] },
    },
  ];
};

const scalableTarget: AccessesOf = ({ operation, region, input }) => [
  {
    action: operation,
    // IAM knows a target by an id that nobody chooses: all that a policy can name is the kind of target.
    resource: arnOf("application-autoscaling", region, `scalable-target/${text(input, "ResourceId")}`),
    context: {
      "application-autoscaling:service-namespace": [text(input, "ServiceNamespace")],
      "application-autoscaling:scalable-dimension": [text(input, "ScalableDimension")],
    },
  },
];

const named =
  (member: string): AccessesOf =>
  ({ operation, input }) => [{ action: operation, resource: text(input, member) }];

const dashboard: AccessesOf = ({ operation, region, input }) => {
  const [, partition, , , account] = arnOf("cloudwatch", region, "").split(":");
  const resource = `arn:${partition}:cloudwatch::${account}:dashboard/${text(input, "DashboardName")}`;
  return [{ action: operation, resource }];
};

const onKey: AccessesOf = ({ operation, region, input }, { keyOf }) => [
  { action: operation, resource: keyOf(region, text(input, "KeyId"))?.arn ?? arnOf("kms", region, "key/none") },
];

/** By service and operation; every other operation needs its own name on `*`. */
const ACCESSES: Readonly<Record<string, Readonly<Record<string, AccessesOf>>>> = {
  ...OTHER_ACCESSES,
  rds: RDS_ACCESSES,
  route53: ROUTE53_ACCESSES,
  ecs: ECS,
  ec2: {
    RevokeSecurityGroupIngress: securityGroup,
    AuthorizeSecurityGroupIngress: securityGroup,
    DeleteSecurityGroup: securityGroup,
  },
  "application-autoscaling": { RegisterScalableTarget: scalableTarget, DeregisterScalableTarget: scalableTarget },
  ecr: {
    DescribeImages: ({ operation, region, input }) => {
      const [, partition, , , own] = arnOf("ecr", region, "repository/").split(":");
      const repository = `repository/${text(input, "repositoryName")}`;
      const resource = `arn:${partition}:ecr:${region}:${text(input, "registryId") || own}:${repository}`;
      return [{ action: operation, resource }];
    },
  },
  monitoring: { PutDashboard: dashboard, GetDashboard: dashboard },
  kms: Object.fromEntries(["DescribeKey", ...KEY_OPERATIONS].map((operation) => [operation, onKey])),
  sns: Object.fromEntries(
    [
      ...["Subscribe", "ConfirmSubscription", "Publish", "GetTopicAttributes", "SetTopicAttributes", "DeleteTopic"],
      "ListSubscriptionsByTopic",
    ].map((operation) => [operation, named("TopicArn")]),
  ),
  sts: {
    AssumeRole: named("RoleArn"),
    // Nobody can be denied to ask who they are.
    GetCallerIdentity: () => [],
  },
};

/** Everything that a call has to be allowed, as AWS's service authorization reference lists it. */
export function accessesOf(call: AwsCall, things: Things): readonly Access[] {
  const { service, operation, region } = call;
  const own = ACCESSES[service];
  const of = own && Object.hasOwn(own, operation) ? own[operation] : undefined;
  const wanted = of ? of(call, things) : [{ action: operation, resource: "*" }];
  return wanted.map(({ action, resource, context = {} }) => ({
    action: action.includes(":") ? action : `${IAM_NAMES[service] ?? service}:${action}`,
    resource,
    context: { "aws:requestedregion": [region], ...tagsFor(resource, things), ...context },
  }));
}

function tagsFor(arn: string, { tagsOf }: Things): RequestContext {
  return Object.fromEntries(
    Object.entries(tagsOf(arn) ?? {}).map(([key, value]) => [`aws:resourcetag/${key.toLowerCase()}`, [value]]),
  );
}

/** Operations that IAM knows and no simulated service performs, such as most deletes. */
export function isKnownToIam(service: string, operation: string): boolean {
  const own = ACCESSES[service];
  return own !== undefined && Object.hasOwn(own, operation);
}
