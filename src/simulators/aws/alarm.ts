import { arnOf } from "./arn.ts";
import type { AlarmSpec } from "./specs.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

export interface Alarm {
  readonly spec: AlarmSpec;
  /** World times, epoch milliseconds. */
  readonly configuredMs: number;
  readonly state: AlarmState;
  readonly reason: string;
  readonly changedMs: number;
}

export function alarmArn({ name, region }: Pick<AlarmSpec, "name" | "region">): string {
  return arnOf("cloudwatch", region, `alarm:${name}`);
}
