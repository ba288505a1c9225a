import { z } from "zod";
import type { Region } from "../../domain/service/region.ts";
import type { Lookups } from "./lookups.ts";

/** MySQL had the second one alone before 8.0.26, and MariaDB has it. */
const NAMES = ["replica_net_timeout", "slave_net_timeout"];
/** What both engines have where nobody sets it, in every version that RDS offers: MySQL from 5.7.7 on, MariaDB from 10.2.4 on. */
const DEFAULT_SECONDS = 60;

const Parameters = z
  .array(z.object({ ParameterName: z.string().default(""), ParameterValue: z.string().optional() }))
  .default([]);

interface Wanted {
  readonly region: Region;
  readonly group: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Seconds; NaN where somebody has set what is no number. A value below the default is not believed: a replica takes a new one
 * when its replication starts again. Throws CallFailed.
 */
export async function readNetTimeout(lookups: Lookups, { region, group, signal }: Wanted): Promise<number> {
  const wish = { id: group, doing: `read what is set in parameter group ${group}`, signal };
  const found = Parameters.parse(await lookups.setParameters(region).ask(wish));
  const set = found.filter(({ ParameterName }) => NAMES.includes(ParameterName));
  return Math.max(DEFAULT_SECONDS, ...set.map(({ ParameterValue }) => Number(ParameterValue ?? DEFAULT_SECONDS)));
}
