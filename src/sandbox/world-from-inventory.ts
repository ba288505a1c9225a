import { roleWish } from "../app/policy.ts";
import { type Inventory, inventoryFrom } from "../domain/service/inventory.ts";
import { looksFor } from "../flows/resources/looks.ts";
import { permitsFor } from "../flows/resources/permits.ts";
import { deletePolicy, executePolicy, observePolicy } from "../integrations/aws/role-policies.ts";
import type { ApplicationSpec } from "../simulators/application/spec.ts";
import { PolicyDocument } from "../simulators/aws/iam/policy.ts";
import type { PagerDutySpec } from "../simulators/pagerduty/spec.ts";
import type { WholeWorldSpecInput } from "../simulators/whole-world-spec.ts";
import { deriveAlarms, deriveHealthChecks, deriveTopics } from "./derive-alarms.ts";
import {
  deriveApplications,
  deriveClusters,
  deriveCompute,
  deriveDatabases,
  deriveNames,
  deriveSecurityGroups,
} from "./derive-data-plane.ts";
import { derivePagerDuty, PAGERDUTY_EXTRAS } from "./derive-pagerduty.ts";
import { deriveSlack, SLACK_EXTRAS } from "./derive-slack.ts";
import { deriveZones } from "./derive-zones.ts";
import { type Rewrite, rewrite, rewritesFor } from "./rewrites.ts";

export interface WorldFromInventoryOptions {
  /** Where SNS and PagerDuty deliver to; absent: the default port of a bot on this machine. */
  readonly webhooks?: { readonly sns: string; readonly pagerDuty: string };
  /** World time at the start; absent: now, when the world starts. */
  readonly startAt?: string;
  readonly seed?: number;
  readonly speed?: number;
  /** Replication lag of every standby database, world seconds. */
  readonly lagSeconds?: number;
  /** The users of each application. */
  readonly writers?: Partial<ApplicationSpec["writers"]>;
  /** Who answers the phone, and when; absent: nobody by themselves. */
  readonly people?: PagerDutySpec["people"];
}

/** What a client of the derived world has to know and cannot read from the file. */
export interface WorldSettings {
  readonly webhooks: { readonly sns: string; readonly pagerDuty: string };
  readonly slack: typeof SLACK_EXTRAS;
  readonly pagerDuty: typeof PAGERDUTY_EXTRAS;
  /** What the file itself needs in this world; write checks are added when their ports are known. */
  readonly rewrites: readonly Rewrite[];
}

const DEFAULT_WEBHOOKS = {
  sns: "http://127.0.0.1:3000/webhooks/sns",
  pagerDuty: "http://127.0.0.1:3000/webhooks/pagerduty",
};

/**
 * The world that a `twokey.yaml` describes, on a normal day: home regions serve, standbys sleep, replicas follow. Pure.
 * Throws Error where the names of one hosted zone have no domain in common.
 */
export function worldFromInventory(
  real: Inventory,
  options: WorldFromInventoryOptions = {},
): { readonly spec: WholeWorldSpecInput; readonly settings: WorldSettings } {
  const rewrites = rewritesFor(real.file);
  const inventory = inventoryFrom(rewrite(real.file, rewrites));
  const { file, services } = inventory;
  const webhooks = options.webhooks ?? DEFAULT_WEBHOOKS;
  const checks = deriveHealthChecks(inventory);
  const checkOf = (name: string) => checks.find(({ service }) => service.name === name)?.spec.id;
  const spec: WholeWorldSpecInput = {
    ...(options.startAt === undefined ? {} : { startAt: options.startAt }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.speed === undefined ? {} : { speed: options.speed }),
    regions: regionsOf(inventory),
    ec2: { securityGroups: deriveSecurityGroups(services) },
    rds: { databases: deriveDatabases(services, options.lagSeconds ?? 1), clusters: deriveClusters(services) },
    traffic: {
      route53: { zones: deriveZones(services, checkOf), healthChecks: checks.map((check) => check.spec) },
      ...deriveCompute(services),
      applications: deriveApplications(services, options.writers ?? {}),
      names: deriveNames(services),
    },
    sns: { topics: deriveTopics(file.alerts.topics, webhooks.sns) },
    cloudwatch: { alarms: deriveAlarms(inventory, checks) },
    sts: { roles: rolesIn(inventory) },
    slack: deriveSlack(inventory),
    ...(file.pagers["mail"] === undefined ? {} : { mail: {} }),
    pagerduty: derivePagerDuty(inventory, {
      webhookUrl: webhooks.pagerDuty,
      ...(options.people === undefined ? {} : { people: options.people }),
    }),
  };
  return { spec, settings: { webhooks, rewrites, slack: SLACK_EXTRAS, pagerDuty: PAGERDUTY_EXTRAS } };
}

/** The roles of the file, with the policies that `twokey policy` prints for it. All accounts are one in a simulated world. */
function rolesIn({ file, services }: Inventory): NonNullable<WholeWorldSpecInput["sts"]>["roles"] {
  const wish = {
    ...roleWish({ file, services }, undefined),
    permitted: permitsFor(services),
    looks: looksFor(services),
  };
  const { observe_role: observe, role } = file.aws;
  const looks = written(observePolicy(wish));
  return [
    ...(observe === undefined ? [] : [{ arn: observe, policies: [looks] }]),
    ...(role === undefined ? [] : [{ arn: role, policies: [looks, written(executePolicy(wish))] }]),
    ...(role === undefined ? [] : [{ arn: deleteRoleBeside(role), policies: [written(deletePolicy(wish))] }]),
  ];
}

/** The file does not name it, for TwoKey never assumes it: whoever deletes old copies does. */
export const deleteRoleBeside = (role: string): string => role.replace(/[^/]+$/, "twokey-delete");

/** As AWS gets it. */
const written = (document: object): PolicyDocument => PolicyDocument.parse(JSON.parse(JSON.stringify(document)));

/** Where users are served first; Route 53's API and its metrics live in us-east-1. */
function regionsOf({ file, services }: Inventory): string[] {
  const topics = file.alerts.topics.flatMap((arn) => arn.split(":")[3] ?? []);
  const sites = [...services.map(({ home }) => home), ...services.flatMap(({ regions }) => regions)];
  return [...new Set([...sites, file.aws.sts, ...topics, "us-east-1"])];
}
