import { z } from "zod";
import { Duration } from "../duration.ts";
import { alertPolicyWith } from "../incident/alert.ts";
import { Audience, PageThrottle, SeverityPolicy } from "../incident/escalation.ts";
import type { PagerEntry } from "../incident/pager-traits.ts";
import type { DoorKeys, DoorSchemas } from "../people/door-ids.ts";
import { type PagerIds, personWith } from "../people/person.ts";
import { PipelineEntry } from "../people/pipeline.ts";
import { RegionName } from "./region.ts";
import { AccountId, PolicyArn, RoleArn } from "./resource.ts";
import { Name, type ResourceSchemas, serviceSchema } from "./service.ts";
import { STORE_RISKS } from "./store-risk.ts";

/** The version that this TwoKey reads, and no other. */
export const FILE_VERSION = 2;

const approvalsWith = (groups: DoorKeys) =>
  z
    .strictObject({
      required: z.number().int().min(2).max(5).default(2).describe("Distinct people whose keys start a run."),
      approvers: z
        .array(z.string())
        .min(1, "must name at least one person")
        .describe("Keys of `people`; each must also have the role `approver`."),
      ...groups.keys,
      start_within: Duration.default(900_000).describe("A plan must be started within this time."),
      page_again_every: Duration.default(300_000).describe(
        "People are paged again this often while a plan waits for keys, a run waits for a decision, or an old side stands open.",
      ),
    })
    .transform((read) => {
      const { required, approvers, start_within, page_again_every } = read;
      return { required, approvers, groups: groups.named(read), start_within, page_again_every };
    });

/** What the kinds of pagers bring to the file. */
export interface PagerSchemas {
  /** The blocks under `pagers`, by name. */
  readonly blocks: z.ZodType<Readonly<Record<string, PagerEntry>>>;
  /** The ids that a person may have there. */
  readonly ids: z.ZodType<PagerIds>;
}

/** What the tables of kinds bring to the file. */
export interface FileParts {
  readonly doors: DoorSchemas;
  readonly pagers: PagerSchemas;
  readonly resources: ResourceSchemas;
}

/** `twokey.yaml`: everything that describes the world. Secrets come from the environment only. */
// oxlint-disable-next-line max-lines-per-function -- one table: the schema of the file
export const twoKeyFileWith = ({ doors, pagers, resources }: FileParts) =>
  z.strictObject({
    version: z.literal(FILE_VERSION).describe("Version of this format."),
    organisation: z.string().min(1).max(60).describe("Name of the organisation, as the cards show it."),
    environment: Name.describe("Name of the environment, such as production."),
    slack: doors.workspace,
    pagers: pagers.blocks.describe("Ways to page people beside Slack, one block for each pager."),
    aws: z
      .strictObject({
        account: AccountId.describe("Account that holds the protected resources."),
        sts: RegionName.describe("Region where TwoKey runs and whose STS it asks first; no protected region."),
        role: RoleArn.optional().describe(
          "Role that a run assumes, in sessions called `dr-<run>`, each limited to one step's calls; absent: the process's own credentials, which nothing limits.",
        ),
        observe_role: RoleArn.optional().describe(
          "Role for looking only; absent: `role` looks as well, in a session that may do nothing else.",
        ),
        session_policy: PolicyArn.optional().describe(
          "Managed policy for sessions of a run whose own policy would be longer than STS takes (2,048 characters), of services that `session_policies` does not name.",
        ),
        session_policies: z
          .record(z.string(), z.array(PolicyArn).min(1).max(10))
          .optional()
          .describe(
            "By service: the managed policies that take the place of a session's own where that is longer than STS takes. `twokey policy session` prints them.",
          ),
      })
      .describe("The AWS account, and where TwoKey stands. A resource may name another account and role."),
    redis: z
      .strictObject({
        accept: z
          .array(z.enum(STORE_RISKS))
          .default([])
          .describe(
            "What is accepted of the state store by name. `append-only-off`: it keeps no append-only file. `fsync-unknown`: it does not say how often it writes to disk. `eviction-unknown`: it does not say whether it evicts keys. `entry-unknown`: it gave no answer to somebody without a password.",
          ),
      })
      .default({ accept: [] })
      .describe("The state store. Where it is stands in REDIS_URL."),
    people: z
      .record(Name, personWith(doors.accounts, pagers.ids))
      .describe("Everybody who may act, agree or be paged, by a short name."),
    pipelines: z
      .record(Name, PipelineEntry)
      .default({})
      .describe("Machines that may ask for what only adds something, such as a snapshot; they turn no keys."),
    audiences: z.record(Name, Audience).describe("Groups of people that the escalation matrix pages."),
    approvals: approvalsWith(doors.groups).describe("Whose keys start a run."),
    escalation: z
      .strictObject({
        driver: z
          .string()
          .describe(
            "Who moves an unanswered page on: `twokey` by the matrix below, or the named pager by its own policy. Never both.",
          ),
        throttle: PageThrottle.default({ pages: 3, per: 900_000 }).describe(
          "Keeps one person from drowning; an incident's first page to a person always goes.",
        ),
        severities: z
          .strictObject({
            sev1: SeverityPolicy.describe("Complete outage."),
            sev2: SeverityPolicy.describe("Partial degradation."),
            sev3: SeverityPolicy.describe("Something that is not critical is unavailable."),
            sev4: SeverityPolicy.describe("Minor."),
          })
          .describe("The matrix, one block for each severity."),
      })
      .describe("Who is paged when, and how."),
    alerts: alertPolicyWith(doors.channel).describe("Which alarms are listened to, and what they mean."),
    incidents: z
      .strictObject({
        channel_prefix: Name.default("inc").describe("First part of the name of an incident's channel."),
        bookmarks: z
          .array(
            z.strictObject({
              label: z.string().describe("Text of the bookmark."),
              url: z.url("must be a URL").describe("Where it leads."),
            }),
          )
          .default([])
          .describe("Set in every incident's channel."),
        update_edit_window: Duration.default(120_000).describe(
          "A drafted update can be edited this long before it goes out.",
        ),
        heartbeat_url: z
          .url("must be a URL")
          .optional()
          .describe("Called every 30 s while nothing is overdue.")
          .meta({ examples: ["https://hc.example.com/twokey"] }),
      })
      .describe("How incidents look."),
    services: z.record(Name, serviceSchema(resources)).describe("The protected applications, by name."),
  });
export type TwoKeyFile = z.infer<ReturnType<typeof twoKeyFileWith>>;
