import { z } from "zod";
import { Duration } from "../duration.ts";
import type { PersonId } from "../people/person.ts";
import { PageChannel, type PagerTraits } from "./pager-traits.ts";
import type { QuietHours } from "./quiet-hours.ts";

export const Audience = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("pager"),
    pager: z.string().describe("Key of `pagers`."),
    policy: z
      .string()
      .describe("Whom it pages: an escalation policy by its id at the pager, or the address of a mailing list."),
  }),
  z.strictObject({
    kind: z.literal("people"),
    people: z.array(z.string()).min(1, "must name at least one person").describe("Keys of `people`."),
  }),
]);
export type Audience = z.infer<typeof Audience>;

/** The driver that is TwoKey itself; any other is the name of a pager. */
export const TWOKEY_DRIVES = "twokey";

export const EscalationStep = z.strictObject({
  level: z.number().int().min(1).max(9).describe("Rung of the ladder; 1 is paged at once."),
  after: Duration.describe("Counted from the declaration of the incident."),
  audience: z.string().describe("Key of `audiences`."),
  channels: z.array(PageChannel).min(1, "must name at least one channel").describe("How they are reached."),
  mode: z
    .enum(["everyone", "on_call", "round_robin", "channel_only"])
    .describe("Whom of the audience; `channel_only` writes into the incident's channel and pages nobody."),
  unless: z.literal("acked").optional().describe("Not sent once somebody has acknowledged."),
});
export type EscalationStep = z.infer<typeof EscalationStep>;

export const SeverityPolicy = z.strictObject({
  pager_severity: z.enum(["critical", "error", "warning", "info"]).describe("Severity of the incident at the pager."),
  quiet_hours: z
    .enum(["ignore", "respect"])
    .default("respect")
    .describe("Whether a page to a person waits for their quiet hours to end."),
  ack_deadline: Duration.optional().describe("Time within which somebody must acknowledge; a breach is written down."),
  response_targets: z
    .strictObject({
      detect: Duration.describe("From the first alert to the declared incident."),
      assess: Duration.describe(
        "Until a person has said what is affected: by an update, a severity, a declaration or a plan.",
      ),
      communicate: Duration.describe("Until the first update has gone out."),
    })
    .optional()
    .describe("What the response is measured against; a missed one is told in the channel."),
  status_update_every: Duration.optional().describe("How often a status update is due; absent: none is."),
  steps: z.array(EscalationStep).min(1, "must have at least one step").describe("Who is paged when, in time order."),
  repeat: z
    .strictObject({
      every: Duration.describe("Time between two rounds."),
      max: z
        .number()
        .int()
        .min(0)
        .max(50)
        .describe("Rounds after the first; 0 for none. A sev1 goes on after them until somebody acknowledges."),
      unless: z.literal("acked").describe("An acknowledgement ends the repeats."),
    })
    .describe("The steps again, until somebody acknowledges."),
});
export type SeverityPolicy = z.infer<typeof SeverityPolicy>;

/** At most `pages` pages to one person within `per`, over all incidents; an incident's first page to a person always goes. */
export const PageThrottle = z.strictObject({
  pages: z
    .number()
    .int()
    .min(1)
    .describe("Most pages to one person within `per`, over all incidents.")
    .meta({ examples: [3] }),
  per: Duration.describe("The window that is counted over."),
});
export type PageThrottle = z.infer<typeof PageThrottle>;

/** The matrix as it was when the incident was opened; later edits apply to later incidents. */
export interface EscalationSnapshot {
  readonly severities: Readonly<Record<string, SeverityPolicy>>;
  readonly audiences: Readonly<Record<string, Audience>>;
  readonly throttle: PageThrottle;
  /** Of those who have any. */
  readonly quietHours: Readonly<Record<PersonId, QuietHours>>;
  /** The pagers of the file, by name. */
  readonly pagers: Readonly<Record<string, PagerTraits>>;
  /** SHA-256 of the canonical JSON of all of the above. */
  readonly digest: string;
}
