import { z } from "zod";
import { TrafficSpec } from "./application/traffic.ts";
import { Ec2Spec } from "./aws/ec2-spec.ts";
import { CloudWatchSpec, KmsSpec, RdsSpec, SnsSpec, StsSpec } from "./aws/specs.ts";
import { MailSpec } from "./mail/mail.ts";
import { PagerDutySpec } from "./pagerduty/spec.ts";
import { SlackSpec } from "./slack/spec.ts";

/** A whole outside world as data: each part is the specification of one simulator. */
export const WholeWorldSpec = z.strictObject({
  /** World time at the start; absent: now. */
  startAt: z.iso.datetime().optional(),
  seed: z.number().int().nonnegative().default(1),
  /** World seconds per machine second. */
  speed: z.number().positive().default(1),
  /** The first one is the AWS_REGION of the printed environment. */
  regions: z.array(z.string()).min(1),
  /** Bounds of one AWS call's latency, world milliseconds. */
  awsLatencyMs: z.strictObject({ low: z.number().nonnegative(), high: z.number().nonnegative() }).optional(),
  ec2: Ec2Spec.prefault({}),
  kms: KmsSpec.prefault({}),
  rds: RdsSpec.prefault({ databases: [] }),
  traffic: TrafficSpec.prefault({ route53: { zones: [] } }),
  sns: SnsSpec.prefault({}),
  cloudwatch: CloudWatchSpec.prefault({}),
  sts: StsSpec.prefault({}),
  slack: SlackSpec,
  /** `people` scripts who answers the phone, and when. */
  pagerduty: PagerDutySpec,
  /** Absent: there is no mail server. */
  mail: MailSpec.optional(),
});
export type WholeWorldSpec = z.infer<typeof WholeWorldSpec>;
export type WholeWorldSpecInput = z.input<typeof WholeWorldSpec>;
