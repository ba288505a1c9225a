import { z } from "zod";
import type { Person } from "../people/person.ts";
import { Audience, type EscalationSnapshot } from "./escalation.ts";
import { PageChannel, PagerTraits } from "./pager-traits.ts";
import { QuietHours } from "./quiet-hours.ts";

/**
 * Pages of one incident: who is asked for, in which way, and what became of it. When they are due: `ladder.ts`.
 *
 *   planned → intent → accepted | rejected | unknown | retry → acked | superseded | exhausted
 *                    ↘ throttled
 */
export const PageTarget = z.strictObject({
  kind: z.enum(["person", "policy"]),
  /** Of a policy: the pager that knows it. */
  pager: z.string().optional(),
  /** Key of `people`, or what the pager knows as a policy. */
  id: z.string(),
  channels: z.array(PageChannel),
});
export type PageTarget = z.infer<typeof PageTarget>;

export const PageState = z.enum([
  "intent",
  "accepted",
  "told",
  "rejected",
  "unknown",
  "retry",
  "throttled",
  "acked",
  "superseded",
  "exhausted",
]);
export type PageState = z.infer<typeof PageState>;

/** `pager`: phone, SMS, e-mail and push; the pager picks among them by each person's own notification rules.
 * `slack`: a direct message. Anything else is the name of a pager that only tells. */
export const PageVia = z.string();
export type PageVia = z.infer<typeof PageVia>;

export const Page = z.strictObject({
  key: z.string(),
  /** Duty that makes the call; one call may carry several pages. */
  duty: z.string(),
  ladder: z.number().int(),
  level: z.number().int(),
  target: z.strictObject({ kind: z.enum(["person", "policy", "pager-service"]), id: z.string() }),
  via: PageVia,
  channels: z.array(PageChannel),
  round: z.number().int(),
  state: PageState,
  dueAtMs: z.number(),
  intentAtMs: z.number(),
  settledAtMs: z.number().optional(),
  why: z.string().optional(),
});
export type Page = z.infer<typeof Page>;

const StoredStep = z.strictObject({
  level: z.number().int(),
  after: z.number(),
  audience: z.string(),
  channels: z.array(PageChannel),
  mode: z.enum(["everyone", "on_call", "round_robin", "channel_only"]),
  unless: z.literal("acked").optional(),
});

/** The matrix as it is kept on an incident: durations are milliseconds already. */
export const StoredEscalation = z.strictObject({
  severities: z.record(
    z.string(),
    z.strictObject({
      pager_severity: z.enum(["critical", "error", "warning", "info"]),
      quiet_hours: z.enum(["ignore", "respect"]),
      ack_deadline: z.number().optional(),
      response_targets: z.strictObject({ detect: z.number(), assess: z.number(), communicate: z.number() }).optional(),
      status_update_every: z.number().optional(),
      steps: z.array(StoredStep),
      repeat: z.strictObject({ every: z.number(), max: z.number().int(), unless: z.literal("acked") }),
    }),
  ),
  audiences: z.record(z.string(), Audience),
  throttle: z.strictObject({ pages: z.number().int(), per: z.number() }),
  quietHours: z.record(z.string(), QuietHours).default({}),
  pagers: z.record(z.string(), PagerTraits),
  digest: z.string(),
}) satisfies z.ZodType<EscalationSnapshot>;

type Traits = Readonly<Record<string, PagerTraits>>;

/** Pagers that only tell and certainly send one of the target's channels, or know its policy. */
export function tellersOf(target: PageTarget, pagers: Traits): string[] {
  return Object.keys(pagers).filter((name) => {
    const traits = pagers[name];
    if (traits === undefined || traits.keepsIncidents) return false;
    if (target.kind === "policy" && target.pager !== name) return false;
    return target.channels.some((channel) => traits.sends.includes(channel));
  });
}

/** Whether the pager that keeps the incident is called: for every channel that no other one certainly sends. */
export function usesPager(target: PageTarget, pagers: Traits): boolean {
  if (target.kind === "policy" && target.pager !== undefined && !pagers[target.pager]?.keepsIncidents) return false;
  const elsewhere = tellersOf(target, pagers).flatMap((name) => pagers[name]?.sends ?? []);
  return target.channels.some((channel) => channel !== "slack" && !elsewhere.includes(channel));
}

export function usesSlack(target: PageTarget): boolean {
  return target.channels.includes("slack");
}

/** Everybody who leads: they are asked for when nobody answers or an update is missed. */
export function commanderTargets(people: readonly Person[]): PageTarget[] {
  return people
    .filter((person) => person.roles.includes("commander"))
    .map((person) => ({ kind: "person", id: person.id, channels: ["phone", "push", "slack"] }));
}

/** Whether an acknowledgement by this person counts. */
export function mayAcknowledge(person: Person | undefined): boolean {
  return person !== undefined && (person.roles.includes("responder") || person.roles.includes("commander"));
}
