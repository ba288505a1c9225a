import { fenceOf, inputOf } from "../../../domain/plan-run/fence.ts";
import type { PlannedStep } from "../../../domain/plan-run/plan.ts";
import { stateOf } from "../../../domain/plan-run/run.ts";
import { planned, type Stored } from "../../../ports/step.ts";
import type { KindSeen } from "../../resources/places.ts";
import { aboutResource } from "../plan-parts.ts";
import { FenceInput, type FencePart } from "./fence-input.ts";
import { partOf } from "./fence-part.ts";
import { fencePrimary } from "./fence-primary.ts";
import type { Judgement } from "./judgement.ts";
import type { FailoverRequest } from "./request.ts";

/** What works is stopped before what keeps the data is closed. */
const CLOSING_ORDER = ["entrances", "compute", "stores"] as const;

/** The step that stops everything on the old side that writes. */
export function fence(request: FailoverRequest, judgement: Judgement): PlannedStep {
  const { all, stores, from, to, mode, unseen } = judgement;
  const parts = CLOSING_ORDER.flatMap((role) => all.filter((at) => at.role === role)).flatMap((at) =>
    partsOf(at, from),
  );
  const before = new Map(parts.map(({ part }) => [part.resource, capturedBefore(request, part)]));
  const captured = parts.map(({ part, seen }) => [part.resource, before.get(part.resource) ?? seen] as const);
  const touched = [...before].flatMap(([resource, seen]) => (seen ? [resource] : []));
  return planned(fencePrimary, {
    id: "fence",
    after: [],
    input: {
      ...{ region: from, mode, parts: parts.map(({ part }) => part) },
      ...(mode === "planned" && { drainsMs: longestMs(all, from) }),
      unseenAccepted: unseen.parts.map(({ id }) => id),
      unprovenAccepted: unseen.writeChecks.map(({ at }) => at.id),
      captured: knownOf(captured),
      ...(touched.length > 0 && { touched }),
      newSide: [
        ...stores.map(({ at, move }) => newSideOf(at, move.promotedCopy.in(at, to))),
        ...all.filter(({ role }) => role === "entrances").map((at) => newSideOf(at, {})),
      ],
    },
  });
}

/** Each ends by itself, all at once. */
const longestMs = (all: readonly KindSeen[], from: string): number =>
  Math.max(0, ...all.map((at) => at.kind.fence?.lastsMs?.(at, from) ?? 0));

function newSideOf(at: KindSeen, copy: Stored) {
  const { resource: _id, ...roles } = aboutResource(at);
  return { role: at.role, kind: at.kind.kind, copy: { ...copy }, ...roles };
}

type Captured = NonNullable<ReturnType<typeof FenceInput.parse>["captured"]>;

function partsOf(at: KindSeen, from: string): { part: FencePart; seen: Captured[string] | undefined }[] {
  const { fence: own, kind, role } = at.kind;
  if (!own) return [];
  const now = own.seenIn(at, from);
  const writeCheck = own.writeCheck?.(at, from);
  const things = { ...own.thingsOf(at, from, at.seen) };
  const part = {
    ...{ ...aboutResource(at), resource: at.id },
    role,
    kind,
    things,
    ...(writeCheck === undefined ? {} : { writeCheck }),
  };
  return [{ part, seen: now.known ? { ...now.value } : undefined }];
}

/** What could not be seen is written down when it comes back. */
function knownOf(captured: readonly (readonly [string, Captured[string] | undefined])[]): Captured | null {
  const known = captured.flatMap(([resource, seen]) => (seen ? [[resource, seen] as const] : []));
  return known.length === 0 ? null : Object.fromEntries(known);
}

function idOf(planned: FencePart): string {
  const { fence: own, things } = partOf(planned);
  return own.idOf(things);
}

/**
 * What undo puts back is what stood before the first attempt, not what an earlier run has made of it. It belongs to those
 * very things: if the file names others since, nothing of it is put back on those. What no run has begun to fence is captured
 * right before this one does.
 */
function capturedBefore({ continues }: FailoverRequest, part: FencePart): Captured[string] | undefined {
  const before = continues && fenceOf(continues);
  if (!before) return undefined;
  const { parts, captured, touched = [] } = FenceInput.parse(inputOf(continues, before));
  // A run that began no fence itself may still continue one that did.
  const isTouched = stateOf(continues, before.id).attempt > 0 || touched.includes(part.resource);
  const isSame = parts.some((other) => other.resource === part.resource && idOf(other) === idOf(part));
  return isTouched && isSame ? captured?.[part.resource] : undefined;
}
