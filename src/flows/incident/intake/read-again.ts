import {
  type AlertDocument,
  type AlertPolicy,
  nameOfAlarm,
  regionOfAlarm,
  ruleFor,
  type Signal,
} from "../../../domain/incident/alert.ts";
import type { Known } from "../../../domain/service/observed.ts";
import type { Region } from "../../../domain/service/region.ts";
import type { AlarmNow, Alarms } from "../../../ports/alarms.ts";
import type { Documents } from "../../../ports/documents.ts";

export interface ReadingAgain {
  readonly alarms: Alarms;
  readonly alerts: Pick<Documents<AlertDocument>, "openIds">;
  readonly policy: () => Pick<AlertPolicy, "topics" | "rules">;
  /** Durable when it resolves; takes the same `id` twice without effect. */
  readonly enqueue: (signal: Signal) => Promise<void>;
  readonly nowMs: () => number;
}

/** The most that one question may name. */
const MOST_NAMES = 100;

/**
 * Reads which alarms of a region are in ALARM, and what became of those that are shown so and are not. Each is a signal like one
 * that SNS has delivered; what was heard already changes nothing. Whether the whole question was answered.
 */
export async function readAgain(region: Region, sinceMs: number, deps: ReadingAgain): Promise<Known<true>> {
  const atMs = deps.nowMs();
  const ringing = await deps.alarms.ringing(region);
  if (!ringing.known) return ringing;
  const { topics } = deps.policy();
  // Only alarms that would have told us.
  const ours = ringing.value.filter(({ tells }) => tells.some((arn) => topics.includes(arn)));
  await tell(ours, sinceMs, deps);
  const now = new Set(ringing.value.map(({ fingerprint }) => fingerprint));
  const gone = (await deps.alerts.openIds()).filter((id) => !now.has(id) && regionOfAlarm(id) === region);
  for (let start = 0; start < gone.length; start += MOST_NAMES) {
    const named = await deps.alarms.named(region, gone.slice(start, start + MOST_NAMES).map(nameOfAlarm));
    if (!named.known) return named;
    // What is shown here ends here too, also where somebody has muted it since.
    await tell(named.value, sinceMs, deps);
  }
  return { known: true, value: true, atMs };
}

/** Only what means something here. */
async function tell(alarms: readonly AlarmNow[], sinceMs: number, deps: ReadingAgain): Promise<void> {
  const { rules } = deps.policy();
  const signals = alarms.map((alarm) => signalOf(alarm, sinceMs, deps.nowMs()));
  await Promise.all(signals.filter((signal) => ruleFor(rules, signal)).map((signal) => deps.enqueue(signal)));
}

/** Named by the alarm and its change, so that the same change read again is the same signal. */
function signalOf({ tells: _tells, ...alarm }: AlarmNow, sinceMs: number, nowMs: number): Signal {
  const { fingerprint, changedAtMs, state } = alarm;
  return {
    ...alarm,
    ...{ id: `cloudwatch:${fingerprint}:${state}@${changedAtMs}`, source: "cloudwatch" },
    previousState: state === "alarm" ? "ok" : "alarm",
    ...{ publishedAtMs: changedAtMs, receivedAtMs: nowMs, late: false },
    ...(changedAtMs < sinceMs ? { isOld: true } : {}),
  };
}
