import { blindMs, knowsSilence } from "../../../../domain/plan-run/data-position.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/region.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";
import type { Looking } from "../../place.ts";

/** What a replica's lag is worth while nothing arrives: see `domain/plan-run/data-position`. */
export interface Silence {
  readonly database: Known<DatabaseFacts>;
  /** World milliseconds until it notices; absent: the look did not ask. */
  readonly silence?: Known<number>;
}

/** World milliseconds: the most that the engines let anybody set, a year. */
export const MOST_SILENT_MS = 31_536_000_000;

/** Undefined where its lag tells of it at once, it follows nobody, or nobody sees it. */
export async function silenceIn(
  region: Region,
  facts: Known<DatabaseFacts>,
  { cloud, signal, of }: Looking,
): Promise<Known<number> | undefined> {
  if (!facts.known || facts.value.role !== "replica" || knowsSilence(facts.value.engine)) return undefined;
  const { instance, parameterGroup: group, isParameterGroupPending } = facts.value;
  const unknown = (why: string): Known<number> => ({ known: false, cause: "failed", why, atMs: facts.atMs });
  if (group === undefined) return unknown(`RDS does not tell the parameter group of ${instance}`);
  if (isParameterGroupPending)
    return unknown(`${instance} does not use its parameter group ${group} before its next restart`);
  return of(region, cloud.databases.noticesSilence(region, group, signal));
}

export function blindnessOf({ database, silence }: Silence): { readonly blindMs: number; readonly blindWhy?: string } {
  const engine = database.known ? database.value.engine : undefined;
  if (silence?.known) return { blindMs: blindMs(engine, silence.value) };
  const isTold = !database.known || knowsSilence(engine);
  return {
    blindMs: blindMs(engine),
    ...(!isTold && { blindWhy: silence?.why ?? `nobody asked for its parameters` }),
  };
}
