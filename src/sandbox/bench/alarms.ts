import { UserError } from "../../domain/errors.ts";
import type { Inventory } from "../../domain/service/inventory.ts";
import { alarmNotification } from "../../simulators/aws/alarm-notification.ts";
import { MetricAlarmSpec as MetricAlarm, type MetricAlarmSpec } from "../../simulators/aws/specs.ts";
import { alarmRules } from "../derive-alarms.ts";
import { worldFromInventory } from "../world-from-inventory.ts";
import type { Notification } from "./collector.ts";

/** The alarm that opens the most severe incident and can still speak while the home region of its service is dark. */
export function gravestAlarm(inventory: Inventory): MetricAlarmSpec {
  const rules = alarmRules(inventory);
  const alarms = worldFromInventory(inventory).spec.cloudwatch?.alarms ?? [];
  const homes = new Set(inventory.services.map(({ home }) => home));
  const found = rules
    // The derived alarms stand in the order of the rules.
    .flatMap((rule, index) => (rule.opens_incident ? [{ rule, alarm: alarms[index] }] : []))
    .filter(({ alarm }) => alarm?.kind === "metric" && !homes.has(alarm.region) && alarm.alarmActions?.length)
    .toSorted((one, other) => one.rule.severity.localeCompare(other.rule.severity))[0];
  if (!found)
    throw new UserError("bench-no-alarm", "No alert rule of the file opens an incident from outside the home");
  return MetricAlarm.parse(found.alarm);
}

/** An alarm that is only threaded: it opens nothing. */
export function quietAlarm(inventory: Inventory): MetricAlarmSpec {
  const alarms = worldFromInventory(inventory).spec.cloudwatch?.alarms ?? [];
  const found = alarmRules(inventory)
    .flatMap((rule, index) => (rule.opens_incident ? [] : [alarms[index]]))
    .find((alarm) => alarm?.kind === "metric" && alarm.alarmActions?.length);
  if (!found) throw new UserError("soak-no-alarm", "Every alert rule of the file opens an incident");
  return MetricAlarm.parse(found);
}

/** So many alarms of one cause: the same metric, each under a name of its own. */
export function alarmsOfOneCause(alarm: MetricAlarmSpec, count: number, nowMs: number): Notification[] {
  const [topicArn = ""] = alarm.alarmActions;
  return Array.from({ length: count }, (_, index) => {
    const spec = { ...alarm, name: `${alarm.name}-${String(index + 1).padStart(5, "0")}` };
    const reason = `Threshold Crossed: 1 datapoint [${index % 7}.0] was beyond the threshold (${alarm.threshold}).`;
    const changed = { spec, state: "ALARM" as const, reason, changedMs: nowMs, configuredMs: nowMs - 86_400_000 };
    const { subject, message } = alarmNotification(changed, "OK", []);
    return { topicArn, subject, message };
  });
}
