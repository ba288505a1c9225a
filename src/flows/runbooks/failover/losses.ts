import { sayDuration } from "../../../domain/duration.ts";
import { lossMs, positionOf, sayLoss, UNKNOWN_LOSS } from "../../../domain/plan-run/data-position.ts";
import type { Acceptance, Plan } from "../../../domain/plan-run/plan.ts";
import type { Behind } from "../../../domain/service/observation.ts";
import type { Promoted, StoreMoving } from "../../resources/abilities.ts";
import { type KindSeen, tellApart } from "../../resources/places.ts";
import { positionMeasured } from "./measure.ts";
import type { FailoverRequest } from "./request.ts";

export type Loss = Plan["dataLoss"];

/** What a move costs one store. */
export interface StoreLoss {
  readonly at: KindSeen;
  /** How far the new side is behind; undefined where it follows nobody. */
  readonly behind: Behind | undefined;
  readonly moving: StoreMoving;
  readonly loss: Loss;
}

interface Losing {
  readonly at: KindSeen;
  readonly behind: Behind | undefined;
  readonly promoted: Promoted;
}

/** Loss as a point in time: everything before it is on the standby for good, however old the sample that says so (G4). */
export function lossOf(request: FailoverRequest, { at, behind, promoted }: Losing): Loss {
  if (promoted) return lossSoFar(request, at);
  if (request.mode === "planned") return { kind: "none" };
  const position = positionOf(behind?.lag, behind?.blindMs ?? 0);
  if (position) return { kind: "after", ...position };
  return { kind: "unknown", why: behind && !behind.lag.known ? behind.lag.why : "no replica" };
}

/** The promotion has decided it: what the run before measured, else what its key holders agreed to, else nobody knows. */
function lossSoFar({ continues }: FailoverRequest, at: KindSeen): Loss {
  if (!continues) return { kind: "unknown", why: "the database was promoted before" };
  const { dataLoss } = continues.plan;
  const atMs = positionMeasured(continues, at);
  if (atMs === undefined || dataLoss.kind === "none") return dataLoss;
  return { kind: "after", atMs, measuredAtMs: atMs };
}

/** What is agreed to for all stores together: what nobody knows, else the earliest point. */
export function worstLoss(losses: readonly Loss[]): Loss {
  const unknown = losses.find(({ kind }) => kind === "unknown");
  if (unknown) return unknown;
  const after = losses.flatMap((loss) => (loss.kind === "after" ? [loss] : []));
  return after.toSorted((one, other) => one.atMs - other.atMs)[0] ?? { kind: "none" };
}

/** World milliseconds that the objective is compared with: the lag while the standby follows, else up to the outage. */
function expectedMs({ outageAtMs, nowMs }: FailoverRequest, { behind, moving, loss }: StoreLoss): number {
  if (behind?.lag.known && !moving.isDark) return behind.lag.value.seconds * 1_000;
  // Where the old side answers, nothing says that commits have ended.
  return loss.kind === "after" ? lossMs(loss.atMs, moving.isDark ? outageAtMs : undefined, nowMs) : 0;
}

/** The objective of a store that has one of its own, else the service's. */
const rpoMsOf = ({ service }: FailoverRequest, { behind }: StoreLoss): number => behind?.rpoMs ?? service.rpo;

/**
 * Whatever is not proven to be nothing is agreed to in words, also within the objective (G4, G19). Data loss was agreed to before a promotion of
 * this move: nothing is decided about it now.
 */
export function lossAcceptance(request: FailoverRequest, all: readonly StoreLoss[]): Acceptance[] {
  const open = all.filter(({ moving }) => moving.promoted !== "continued");
  const isDecided = worstLoss(open.map(({ loss }) => loss)).kind === "none";
  // Of all stores, as the card says it.
  const worst = worstLoss(all.map(({ loss }) => loss));
  if (isDecided || worst.kind === "none") return [];
  if (worst.kind === "unknown") return [{ id: "data-loss", words: `I accept that ${UNKNOWN_LOSS}` }];
  const words = `I accept that ${sayLoss(worst, request.nowMs)}`;
  const beyond = open.find((store) => expectedMs(request, store) > rpoMsOf(request, store));
  if (!beyond) return [{ id: "data-loss", words }];
  const more = `more than the objective of ${sayDuration(rpoMsOf(request, beyond))}`;
  return [{ id: "data-loss", words: `${words}, ${more}`, danger: `This may be ${more}.` }];
}

/** A position is true only as far as the lag is: what may be wrong by more than anybody can say is agreed to (G19). */
export function silenceUnbounded(stores: readonly StoreLoss[]): Acceptance[] {
  const blind = stores.filter(
    ({ moving, loss, behind }) => !moving.promoted && loss.kind === "after" && behind?.blindWhy !== undefined,
  );
  const [first] = blind;
  if (!first) return [];
  const whose = blind
    .map(({ at }) => tellApart(blind.map((each) => each.at)).words("the standby's database", at))
    .join(" and ");
  return [
    {
      id: "silence-unbounded",
      words: `I accept that more may be lost than that: nobody can say how long ${whose} in ${first.moving.to} reports no lag after it was cut off`,
      danger: `The lag may hide more loss: nobody can say how late ${whose} notices that it was cut off.`,
      mayLose: true,
    },
  ];
}
