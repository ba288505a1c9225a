import { z } from "zod";
import type { PlannedStep } from "../../../domain/plan-run/plan.ts";
import type { DatabaseFacts, Known } from "../../../domain/service/observed.ts";
import { otherRegion, type Region } from "../../../domain/service/service.ts";
import { planned } from "../../../ports/step.ts";
import { copySnapshot } from "../../steps/copy-snapshot.ts";
import { takeSnapshot } from "../../steps/take-snapshot.ts";
import { commonOf, seenAt } from "../plan-parts.ts";
import type { Planned, PlanRequest, Runbook } from "../runbook.ts";

const Wish = z.object({});

/** A manual snapshot of the writer, copied to the other region. It only adds, so one responder is enough (G1). */
export const snapshot: Runbook<z.infer<typeof Wish>> = {
  name: "snapshot",
  about: "take a manual snapshot of the writer and copy it to the other region",
  needs: "responder",
  usage: "",
  wish: Wish,
  words: ([word]) => (word === undefined ? { kind: "wish", wish: {} } : { kind: "not-understood", word }),
  fields: () => [],
  plan,
  wishOf: () => ({}),
  // A snapshot of an instance that is no writer any more is still what was asked for, and harms nothing.
  drift: async () => [],
  oldSide: async () => ({ kind: "silent" }),
  measure: async () => ({}),
};

function plan(request: PlanRequest): Planned {
  const { service, observed } = request;
  const { activeRegion } = observed;
  if (!activeRegion.known)
    return refused(
      `Nobody can say which database of ${service.name} is the writer: ${activeRegion.why}. Settle that first.`,
    );
  const from = activeRegion.value;
  const to = otherRegion(service, from);
  const [writer, standby] = [observed.sites[from]?.database, observed.sites[to]?.database];
  const key = keyIn(to, writer, standby);
  if (!writer?.known)
    return refused(`The writer in ${from} cannot be seen: ${writer?.why ?? "no site"}. Ask again when it can.`);
  if (key.kind === "refused") return key;
  return {
    kind: "plan",
    plan: {
      ...commonOf(request),
      runbook: snapshot.name,
      title: `Snapshot ${writer.value.instance} of ${service.name}, and copy it to ${to}`,
      from,
      to,
      pastNoReturn: false,
      mode: "planned",
      authorisesUntilMs: request.nowMs + LASTS_MS,
      coolDownMs: 0,
      keysRequired: 0,
      steps: stepsOf(request, { from, to, instance: writer.value.instance, kmsKey: key.kmsKey }),
      assumptions: [],
      acceptances: [],
      unchecked: ["whether the snapshot can be restored: only a restore shows that"],
      facts: [...seenAt(`database of ${from}`, writer), ...seenAt(`database of ${to}`, standby)],
      dataLoss: { kind: "none" },
    },
  };
}

/** World time: the longest that a snapshot and its copy are waited for. */
const LASTS_MS = 24 * 3_600_000;

const refused = (...reasons: string[]) => ({ kind: "refused" as const, reasons });

/** The copy of an encrypted snapshot needs a key of the target region: that of the database there is known to work. */
function keyIn(
  to: Region,
  writer: Known<DatabaseFacts> | undefined,
  standby: Known<DatabaseFacts> | undefined,
): { kind: "key"; kmsKey: string | null } | ReturnType<typeof refused> {
  if (!writer?.known || !writer.value.encrypted) return { kind: "key", kmsKey: null };
  const kmsKey = standby?.known ? standby.value.kmsKey : undefined;
  if (kmsKey !== undefined) return { kind: "key", kmsKey };
  return refused(
    `The snapshot is encrypted, and its copy needs a key in ${to}. That of the database there is not known: ${whyNoKey(standby)}.`,
  );
}

function whyNoKey(standby: Known<DatabaseFacts> | undefined): string {
  if (!standby) return "it was not looked at";
  if (!standby.known) return standby.why;
  return standby.value.encrypted ? "RDS does not say which it is" : "it is not encrypted";
}

interface Copying {
  readonly from: Region;
  readonly to: Region;
  readonly instance: string;
  readonly kmsKey: string | null;
}

function stepsOf(request: PlanRequest, { from, to, instance, kmsKey }: Copying): PlannedStep[] {
  const id = nameOf(request);
  const tags = {
    "twokey:plan": request.id,
    "twokey:service": request.service.name,
    "twokey:by": request.requester,
    "twokey:reason": tagValue(request.reason),
  };
  return [
    planned(takeSnapshot, {
      id: "take",
      after: [],
      input: { region: from, of: "instance", source: instance, id, tags },
    }),
    planned(copySnapshot, { id: "copy", after: ["take"], input: { from, to, of: "instance", id, kmsKey, tags } }),
  ];
}

const MOST_REASON = 40;
/** UTC, to the minute. */
const minuteOf = (ms: number): string => new Date(ms).toISOString().slice(0, "2026-11-26T03:11".length);

/** Service, time and reason. RDS: letters, digits and single hyphens, a letter first. The plan's id keeps it unique. */
function nameOf({ id, service, reason, nowMs }: PlanRequest): string {
  const words = [service.name, minuteOf(nowMs), id, reason.slice(0, MOST_REASON)].join("-").toLowerCase();
  return `twokey-${words}`.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "");
}

/** Letters, digits, spaces and _.:/=+-@, 256 characters at most. */
const tagValue = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{N} _.:/=+\-@]/gu, " ")
    .slice(0, 256)
    .trim();
