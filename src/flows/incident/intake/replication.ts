import { type AlertDocument, OWN_NAMESPACE, type Signal } from "../../../domain/incident/alert.ts";
import { onlyAdds } from "../../../domain/plan-run/plan.ts";
import type { RunState } from "../../../domain/plan-run/run.ts";
import { factsIn, isDark, type Observation } from "../../../domain/service/observation.ts";
import type { LagFacts } from "../../../domain/service/observed.ts";
import type { Region, Service } from "../../../domain/service/service.ts";
import type { Documents } from "../../../ports/documents.ts";

/** World time without a good sample before people are told: CloudWatch's come a minute or two late, and one may be missing. */
export const STOPPED_AFTER_MS = 5 * 60_000;
const MINUTE_MS = 60_000;

export interface ReplicationDeps {
  readonly alerts: Pick<Documents<AlertDocument>, "get">;
  /** Durable when it resolves; takes the same `id` twice without effect. */
  readonly enqueue: (signal: Signal) => Promise<void>;
  readonly nowMs: () => number;
}

/** Looks at what was seen of a service. `changing`: its regions in which a run changes now who follows whom. */
export type ReplicationCheck = (service: Service, seen: Observation, changing: ReadonlySet<Region>) => Promise<void>;

/** Of runs that are under way, or watch their old side. What only adds something, such as a snapshot, leaves every copy as it is. */
export function changedBy(runs: readonly RunState[], service: Service["name"]): ReadonlySet<Region> {
  const moves = runs.filter(
    ({ plan, startedAtMs }) => plan.service === service && startedAtMs !== undefined && !onlyAdds(plan),
  );
  return new Set(moves.flatMap(({ plan: { from, to } }) => [from, to]));
}

/**
 * A standby that has stopped following is no standby, and no alarm need be configured for it: people are told once for each stop
 * and again when it runs. What nobody can see is unknown, and no stop. A run changes who follows whom between its two regions, so nothing is told of those then.
 */
export function createReplicationCheck(deps: ReplicationDeps): ReplicationCheck {
  /** When this process first saw a copy stand still. */
  const stoodMs = new Map<string, number>();
  return async (service, seen, changing) => {
    for (const region of service.regions) {
      const isMoving = changing.has(region);
      if (isDark(seen, region)) continue;
      for (const [resource, { behind, isSilent }] of factsIn(seen, region)) {
        const copy = { service: service.name, resource, region };
        const key = fingerprintOf(copy);
        const isStill = behind !== undefined && !behind.lag.known && behind.lag.isStopped === true;
        if (!isStill || isMoving) stoodMs.delete(key);
        if (isMoving || isSilent) continue;
        if (isStill) await tellStop(copy, behind.lag, { stoodMs, deps });
        else if (behind === undefined || behind.lag.known) await tellEnd(copy, behind?.lag, deps);
      }
    }
  };
}

interface Copy {
  readonly service: string;
  readonly resource: string;
  readonly region: Region;
}

const nameOf = ({ service, resource, region }: Copy) => `${service}: replication of ${resource} to ${region}`;
const fingerprintOf = (copy: Copy) => `twokey:${nameOf(copy)}`;

async function tellStop(
  copy: Copy,
  lag: LagFacts,
  { stoodMs, deps }: { readonly stoodMs: Map<string, number>; readonly deps: ReplicationDeps },
): Promise<void> {
  const nowMs = deps.nowMs();
  const key = fingerprintOf(copy);
  const stood = stoodMs.get(key) ?? nowMs;
  stoodMs.set(key, stood);
  // The first minute without a good sample: the same for every process that looks.
  const lastGoodMs = lag.known ? undefined : lag.lastGood?.measuredAtMs;
  const sinceMs = minuteOf(Math.min(stood, lastGoodMs === undefined ? stood : lastGoodMs + MINUTE_MS));
  if (nowMs - sinceMs < STOPPED_AFTER_MS) return;
  if ((await deps.alerts.get(key))?.value.state === "alarm") return;
  const why = lag.known ? "" : lag.why;
  await deps.enqueue(signalOf(copy, { state: "alarm", reason: why, changedAtMs: sinceMs, nowMs }));
}

/** Undefined: the database there follows no other one any more. */
async function tellEnd(copy: Copy, lag: LagFacts | undefined, deps: ReplicationDeps): Promise<void> {
  const stopped = (await deps.alerts.get(fingerprintOf(copy)))?.value;
  if (stopped?.state !== "alarm") return;
  const nowMs = deps.nowMs();
  const reason = lag?.known
    ? `It runs again, ${lag.value.seconds} s behind.`
    : "It follows no other database any more.";
  const changedAtMs = Math.max(stopped.changedAtMs + 1, lag?.known ? lag.value.measuredAtMs : minuteOf(nowMs));
  await deps.enqueue(signalOf(copy, { state: "ok", reason, changedAtMs, nowMs }));
}

const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

interface Change extends Pick<Signal, "reason" | "changedAtMs"> {
  readonly state: "alarm" | "ok";
  readonly nowMs: number;
}

function signalOf(copy: Copy, { state, reason, changedAtMs, nowMs }: Change): Signal {
  const { service, resource, region } = copy;
  const fingerprint = fingerprintOf(copy);
  return {
    ...{ id: `${fingerprint}:${state}@${changedAtMs}`, source: "twokey", fingerprint, name: nameOf(copy) },
    description: "TwoKey looks at this by itself: no alarm of CloudWatch is needed.",
    ...{ reason, account: "", region, namespace: OWN_NAMESPACE, metric: "Replication" },
    dimensions: { Service: service, Resource: resource },
    ...{ state, previousState: state === "alarm" ? "ok" : "alarm" },
    ...{ changedAtMs, publishedAtMs: nowMs, receivedAtMs: nowMs, late: false },
  };
}
