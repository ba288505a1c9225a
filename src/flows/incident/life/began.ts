import type { Changed } from "../../../domain/incident/duty.ts";
import { amend, type Incident } from "../../../domain/incident/incident.ts";
import { canonicalJson } from "../../../domain/json.ts";

/** Alarms that follow one another without a whole time of quiet. */
type Stretch = Incident["earlier"][number];
type Beginning = Pick<Incident, "firstSeenAtMs" | "earlier">;

const single = (atMs: number): Stretch => ({ fromMs: atMs, toMs: atMs });

/**
 * When this outage began: back over all its alarms that follow one another without a whole time of quiet, in whatever order they come.
 * What rang before such a time is kept: an alarm that comes later still may lie between.
 */
export function beginningWith(incident: Incident, alarms: readonly number[], quietMs: number): Beginning {
  return beginning(incident, alarms.map(single), quietMs);
}

function beginning(before: Incident, more: readonly Stretch[], quietMs: number): Beginning {
  const stretches = [...before.earlier, ...more].toSorted((a, b) => b.toMs - a.toMs);
  const earlier: Stretch[] = [];
  let { firstSeenAtMs } = before;
  for (const stretch of stretches) {
    const next = earlier.at(-1);
    if (firstSeenAtMs - stretch.toMs <= quietMs) firstSeenAtMs = Math.min(firstSeenAtMs, stretch.fromMs);
    else if (next && next.fromMs - stretch.toMs <= quietMs) next.fromMs = Math.min(next.fromMs, stretch.fromMs);
    else earlier.push({ ...stretch });
  }
  return { firstSeenAtMs, earlier };
}

export const isSameBeginning = (a: Beginning, b: Beginning): boolean =>
  a.firstSeenAtMs === b.firstSeenAtMs && canonicalJson(a.earlier) === canonicalJson(b.earlier);

/** What has ended in this one is of the same cause, and may have begun before it. It may also have been open for days, and quiet. */
export function beganWith(incident: Incident, absorbed: Incident, quietMs: number): Changed<Incident> {
  const { firstSeenAtMs: bornMs, alerts, lastAlertAtMs = bornMs, earlier } = absorbed;
  const alarms = [bornMs, lastAlertAtMs, ...alerts.map(({ atMs }) => atMs)].filter((atMs) => atMs >= bornMs);
  const began = beginning(incident, [...alarms.map(single), ...earlier], quietMs);
  return { value: isSameBeginning(began, incident) ? incident : amend(incident, began), events: [] };
}
