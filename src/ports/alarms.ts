import type { Signal } from "../domain/incident/alert.ts";
import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/region.ts";

/** An alarm as CloudWatch has it now. */
export interface AlarmNow
  extends Pick<Signal, "fingerprint" | "name" | "description" | "reason" | "account" | "region" | "trigger" | "state">,
    Pick<Signal, "namespace" | "metric" | "dimensions" | "madeOf"> {
  /** When it went into this state, world time. */
  readonly changedAtMs: number;
  /** ARNs of what it tells when it goes into ALARM; empty while its actions are switched off. */
  readonly tells: readonly string[];
}

/** The alarms of a region, metric and composite ones. */
export interface Alarms {
  /** Those that are in ALARM now. */
  ringing(region: Region, signal?: AbortSignal): Promise<Known<readonly AlarmNow[]>>;
  /** Those of these names, in whatever state; one that was deleted is not among them. At most 100 names. */
  named(region: Region, names: readonly string[], signal?: AbortSignal): Promise<Known<readonly AlarmNow[]>>;
}
