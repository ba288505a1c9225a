import type { Settings } from "../config/environment.ts";
import { UserError } from "../domain/errors.ts";
import type { TwoKeyFile } from "../domain/service/twokey-file.ts";
import { PAGERS } from "../integrations/pagers/index.ts";
import type { KeepingPager, Pager, Pagers } from "../ports/pager.ts";
import type { PagerParts } from "../ports/pager-kind.ts";

/** The pagers of the file. `twokey check` sees to it that exactly one keeps incidents. */
export function createPagers(
  { pagers: variables }: Pick<Settings, "pagers">,
  file: TwoKeyFile["pagers"],
  parts: Pick<PagerParts, "budget" | "clock" | "agent">,
): Pagers {
  const all = PAGERS.flatMap((kind) => {
    const entry = file[kind.name];
    return entry ? [kind.open({ settings: entry.settings, variables, ...parts })] : [];
  });
  const keeper = all.find(keepsIncidents);
  if (keeper === undefined) throw new UserError("no-pager", "twokey.yaml has no pager that can ring anybody");
  return { keeper, others: all.filter((pager) => pager !== keeper) };
}

export function keepsIncidents(pager: Pager): pager is KeepingPager {
  const { trigger, acknowledge, resolve, evidence, whoIsOnCall } = pager;
  return [trigger, acknowledge, resolve, evidence, whoIsOnCall].every((ability) => ability !== undefined);
}
