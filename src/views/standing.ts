import type { Text } from "../domain/card/card.ts";
import { sayDuration } from "../domain/duration.ts";
import { isMove, type Plan } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import { type HealthVerdict, sayFailure } from "../domain/service/health.ts";
import { factsIn, type Observation } from "../domain/service/observation.ts";
import { besides, type Region, type Service } from "../domain/service/service.ts";
import { expectedTime } from "./expected-time.ts";
import { inRoom } from "./room.ts";

/** Everything that the board says about one service. `observed` absent: nobody has looked yet. */
export interface ServiceStatus {
  readonly service: Service;
  readonly observed: Observation | undefined;
  readonly run: RunState | undefined;
  /** Why the run that holds it cannot be read. */
  readonly unreadable?: string | undefined;
  /** The newest run that is open, or belongs to the open incident, and has something to say about its old side. */
  readonly newest: RunState | undefined;
  /** Runs before that one whose old side is still looked after; absent: none. */
  readonly earlier?: readonly RunState[];
  /** The plan that waits for keys. */
  readonly waiting?: RunState | undefined;
  /** Whom that plan, or the run, calls. */
  readonly called?: Text | undefined;
  /** Who decided to wait, until when and why. */
  readonly wait?: Text | undefined;
  /** What a move asked for now would be; absent: a plan waits, a run has the service, or nobody has looked. */
  readonly outlook?: Outlook | undefined;
  readonly incident: { readonly id: string; readonly title: string; readonly channel: string | undefined } | undefined;
}

/** Made from the newest look and kept nowhere. */
export type Outlook =
  | { readonly kind: "plan"; readonly plan: Plan }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/** People, with their rotation, and rotations that have nobody; `unknown`: the pager did not say, which is not that there is nobody. */
export type OnCall = { readonly names: readonly string[]; readonly empty: readonly string[] } | "unknown";

/** One older than this says nothing about now: unknown is never shown as good. */
const STALE_MS = 10 * 60_000;

/** How a service stands, in one word; the worst first. The order is the order of the board. */
export const STANDS = {
  "not ready": "✗",
  unknown: "?",
  moving: "▶",
  "away from home": "↪",
  ready: "✓",
} as const;
type Word = keyof typeof STANDS;
export const WORST_FIRST = Object.keys(STANDS);

export interface Stand {
  readonly word: Word;
  /** Why, or where; empty where the word says all. */
  readonly detail: string;
}

/** Which region serves, as the look tells, with what our own runs know. */
export const activeOf = ({ observed }: Pick<ServiceStatus, "observed">): Region | undefined =>
  observed?.activeRegion.known ? observed.activeRegion.value : undefined;

/** The first of these that holds is how the service stands. */
export function standOf(status: ServiceStatus, nowMs: number): Stand {
  const { service, observed, run, unreadable } = status;
  if (unreadable !== undefined) return { word: "not ready", detail: "held by a run that cannot be read" };
  // A run that moves nothing, a snapshot for instance, says nothing about how the service stands.
  if (run && isMove(run.plan)) return { word: "moving", detail: `to ${run.plan.to}, ${sayState(run.state)}` };
  if (!observed) return { word: "unknown", detail: "nobody has looked yet" };
  const { activeRegion, publicHealth } = observed;
  if (nowMs - observed.atMs > STALE_MS)
    return { word: "unknown", detail: `not seen for more than ${sayDuration(STALE_MS)}` };
  if (publicHealth.kind !== "healthy")
    return {
      word: "not ready",
      detail: publicHealth.kind === "unreachable" ? "users get no answer" : `users get ${failureIn(publicHealth)}`,
    };
  const active = activeOf(status);
  if (active === undefined)
    return { word: "unknown", detail: activeRegion.known ? "" : inRoom(activeRegion.why, "error") };
  if (active !== service.home) return { word: "away from home", detail: `in ${active}` };
  const why = standbyTrouble(besides(service, active), observed) ?? refusalOf(status);
  return why === undefined ? { word: "ready", detail: "" } : { word: "not ready", detail: why };
}

/** A service is ready where a move could be asked for at this moment. */
const refusalOf = ({ outlook }: ServiceStatus): string | undefined =>
  outlook?.kind === "refused" ? inRoom(outlook.reasons[0] ?? "no plan can be made", "reason") : undefined;

/**
 * Could we, right now: how long it takes and what it loses, or why not. Undefined where the service's own line says it, or where
 * nobody can tell.
 */
export function sayOutlook(status: ServiceStatus, nowMs: number): string | undefined {
  const { outlook, observed } = status;
  if (!outlook || !observed || nowMs - observed.atMs > STALE_MS) return undefined;
  const { detail } = standOf(status, nowMs);
  if (outlook.kind === "refused") {
    const why = refusalOf(status) ?? "";
    return detail === why ? undefined : `cannot move now: ${why}`;
  }
  const { plan } = outlook;
  const words = plan.acceptances.length;
  const accept = words === 0 ? [] : [`${words} ${words === 1 ? "thing" : "things"} to accept in words`];
  const facts = [`${expectedTime(plan)}`, losing(plan.dataLoss, observed.atMs), ...accept];
  return `can move to ${plan.to} now: ${facts.join(", ")}`;
}

/** As much as would have been lost at the moment of the look. */
function losing(loss: Plan["dataLoss"], atMs: number): string {
  switch (loss.kind) {
    case "none":
      return "losing nothing";
    case "after":
      return `losing about the last ${sayDuration(Math.max(1_000, atMs - loss.atMs))} of writes`;
    case "unknown":
      return "losing an unknown amount";
  }
}

/**
 * Why a standby could not take over now; undefined: nothing is seen that speaks against it. Of several each one counts: who
 * relies on the second one hears of it before the day on which the first one is gone.
 */
function standbyTrouble(standbys: readonly Region[], observed: Observation): string | undefined {
  const judged = standbys.map((region) => ({ region, why: unreadyIn(region, observed) }));
  const troubles = judged.filter(({ why }) => why !== undefined);
  if (troubles.length === 0) return undefined;
  if (judged.length === 1) return troubles[0]?.why;
  const ready = judged.filter(({ why }) => why === undefined).map(({ region }) => region);
  const rest = ready.length === 0 ? [] : [`${ready.join(" and ")} could take over`];
  return [...troubles.map(({ region, why }) => `${region} (${why})`), ...rest].join("; ");
}

function unreadyIn(region: Region, observed: Observation): string | undefined {
  const seen = factsIn(observed, region);
  if (seen.length === 0) return `${region} was not seen`;
  return seen.map(([, { unready }]) => unready).find((why) => why !== undefined);
}

export const sayStand = ({ word, detail }: Stand): string => {
  if (detail === "") return word;
  return word === "not ready" || word === "unknown" ? `${word}: ${detail}` : `${word} ${detail}`;
};

/** What users get instead of a good answer. Why there is none may be long. */
export const failureIn = (health: Exclude<HealthVerdict, { kind: "healthy" }>): string =>
  sayFailure(health.kind === "unhealthy" ? health : { ...health, why: inRoom(health.why, "name") });
