import { z } from "zod";
import type { PlannedStep } from "../../../domain/plan-run/plan.ts";
import { voidedBy } from "../../../domain/plan-run/second-look.ts";
import { isDark } from "../../../domain/service/observation.ts";
import { besides, type Region } from "../../../domain/service/service.ts";
import { planned } from "../../../ports/step.ts";
import type { SnapshotSource } from "../../resources/abilities.ts";
import { type KindSeen, placesOf, seenOf, tellApart } from "../../resources/places.ts";
import { copySnapshot } from "../../steps/copy-snapshot.ts";
import { COPY_TAG, type SNAPSHOT_TAGS } from "../../steps/permissions.ts";
import { takeSnapshot } from "../../steps/take-snapshot.ts";
import { aboutResource, commonOf, seenIn, writerUnknown } from "../plan-parts.ts";
import type { Planned, PlanRequest, Runbook } from "../runbook.ts";
import { copyName, snapshotName } from "./snapshot-name.ts";

const Wish = z.object({});

/** A manual snapshot of each store's writer, copied to the other region. It only adds, so one responder is enough (G1). */
export const snapshot: Runbook<z.infer<typeof Wish>> = {
  name: "snapshot",
  about: "take a manual snapshot of each store and copy it to the other region",
  needs: "responder",
  usage: "",
  wish: Wish,
  words: ([word]) => (word === undefined ? { kind: "wish", wish: {} } : { kind: "not-understood", word }),
  fields: () => [],
  plan,
  wishOf: () => ({}),
  // A snapshot of an instance that is no writer any more is still what was asked for, and harms nothing.
  drift: async () => voidedBy([]),
  oldSide: async () => ({ kind: "silent" }),
  measure: async () => ({}),
};

function plan(request: PlanRequest): Planned {
  const { service, observed } = request;
  const { activeRegion } = observed;
  if (!activeRegion.known) return refused(writerUnknown(request, activeRegion.why));
  const from = activeRegion.value;
  const others = besides(service, from);
  // A copy is for the day on which a region is gone: it goes to the first one of the list that is there.
  const [first = service.home] = others;
  const to = others.find((region) => !isDark(observed, region)) ?? first;
  const found = placesOf(service)
    .map((place) => seenOf(place, observed))
    .flatMap((at) => {
      const source = at.kind.store?.snapshot?.(at, { from, to });
      return source ? [{ at, source }] : [];
    });
  const reasons = found.flatMap(({ source }) => (source.kind === "refused" ? [source.why] : []));
  if (reasons.length > 0) return refused(...reasons);
  const sources = found.flatMap(({ at, source }) => (source.kind === "source" ? [{ at, source }] : []));
  if (sources.length === 0) return refused(`No store of ${service.name} can be snapshotted.`);
  return { kind: "plan", plan: planOf(request, { from, to, sources }) };
}

function planOf(request: PlanRequest, copying: Copying): Extract<Planned, { kind: "plan" }>["plan"] {
  const { service, observed } = request;
  const { from, to, sources } = copying;
  const names = sources.map(({ source }) => source.id).join(" and ");
  return {
    ...commonOf(request),
    runbook: snapshot.name,
    title: `Snapshot ${names} of ${service.name}, and copy ${sources.length > 1 ? "them" : "it"} to ${to}`,
    from,
    to,
    pastNoReturn: false,
    mode: "planned",
    authorisesUntilMs: request.nowMs + LASTS_MS,
    coolDownMs: 0,
    keysRequired: 0,
    steps: stepsOf(request, copying),
    assumptions: [],
    acceptances: [],
    unchecked: [
      "whether the snapshot can be restored: only a restore shows that",
      ...sources.flatMap(({ source: { waits } }) => waits ?? []),
    ],
    facts: sources.flatMap(({ at }) => [from, to].flatMap((region) => seenIn(observed, at.id, region))),
    dataLoss: { kind: "none" },
  };
}

/** World time: the longest that a snapshot and its copy are waited for. */
const LASTS_MS = 24 * 3_600_000;

const refused = (...reasons: string[]) => ({ kind: "refused" as const, reasons });

interface Copying {
  readonly from: Region;
  readonly to: Region;
  readonly sources: readonly {
    readonly at: KindSeen;
    readonly source: Extract<SnapshotSource, { kind: "source" }>;
  }[];
}

/** A snapshot of each store, and its copy. Two stores may be called alike by RDS in different accounts, so each name is its own. */
function stepsOf(request: PlanRequest, { from, to, sources }: Copying): PlannedStep[] {
  const tags: Readonly<Record<(typeof SNAPSHOT_TAGS)[number], string>> = {
    "twokey:plan": request.id,
    "twokey:service": request.service.name,
    "twokey:by": request.requester,
    "twokey:reason": tagValue(request.reason),
  };
  const { id: idOf } = tellApart(sources.map(({ at }) => at));
  return sources.flatMap(({ at, source: { of, id: source, kmsKey } }) => {
    const id = snapshotName(request, idOf("", at));
    const [take, copy] = [idOf("take", at), idOf("copy", at)];
    return [
      planned(takeSnapshot, { id: take, after: [], input: { region: from, of, source, id, tags } }),
      planned(copySnapshot, {
        ...{ id: copy, after: [take] },
        input: { from, to, of, id, copyId: copyName(id), kmsKey, tags: { ...tags, [COPY_TAG]: "true" } },
      }),
    ].map((step) => ({ ...step, ...aboutResource(at) }));
  });
}

/** Letters, digits, spaces and _.:/=+-@, 256 characters at most. */
const tagValue = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{N} _.:/=+\-@]/gu, " ")
    .slice(0, 256)
    .trim();
