import { z } from "zod";
import { StepFailed } from "../../domain/errors.ts";
import type { Family } from "../../ports/probe.ts";
import type { LookContext } from "../../ports/step.ts";
import type { RecordSet } from "../../ports/traffic.ts";
import { emptyAt, type Given, isSilent, mayBeSilent, publishedBy, sayAnswer } from "./dns-answers.ts";
import { type Mark, markNameOf, markOf } from "./dns-mark.ts";
import type { RecordsInput } from "./schemas.ts";

/** What a zone's name servers give of a change of records. */

type Input = z.infer<typeof RecordsInput>;
type Context = Pick<LookContext, "cloud" | "signal">;

const ADDRESSES: Readonly<Record<string, Family>> = { A: "A", CNAME: "A", AAAA: "AAAA" };
const familiesOf = (after: readonly Partial<RecordSet>[]): Family[] => [
  ...new Set(after.flatMap(({ type = "" }) => ADDRESSES[type] ?? [])),
];

/** Where all sets of a change lead: the target of an alias, or the one value of a CNAME. */
export const newSideOf = ([{ alias, values = [] } = {}]: readonly Partial<RecordSet>[]): string =>
  alias?.dnsName ?? values[0] ?? "";

/** Nobody outside a private zone's networks is given anything. `unknown`: Route 53 tells nothing, or nothing of this zone. */
export const ZoneKind = z.enum(["public", "private", "unknown"]);
export type ZoneKind = z.infer<typeof ZoneKind>;

export async function kindOfZone({ zone, name }: Input, { cloud, signal }: Context): Promise<ZoneKind> {
  const zones = await cloud.discovery.zones(name, signal);
  const found = zones.known ? zones.value.find(({ id }) => id === zone) : undefined;
  if (!found) return "unknown";
  return found.isPrivate ? "private" : "public";
}

/**
 * Whether the zone's name servers have a change of this run, or one that it has made since. The mark is written in the same batch as
 * the sets, so it shows the change itself. The sets do not: where health leads users, name servers give the new side before.
 */
export async function isPublished(
  name: string,
  { run, change }: Pick<Mark, "run" | "change">,
  { cloud: { probe }, signal }: Context,
): Promise<Given> {
  const servers = await probe.texts(markNameOf(name), signal);
  const heard = servers.filter((each) => !isSilent(each));
  const silent = servers.length - heard.length > mayBeSilent(servers) ? servers.find(isSilent) : undefined;
  const behind = heard.find(({ values }) => {
    const mark = markOf(values);
    return mark?.run !== run || mark.way !== "out" || mark.change < change;
  });
  if (behind) return { isThere: false, says: `${behind.server} does not have the change of ${name} yet` };
  if (silent) return { isThere: false, says: sayAnswer(silent) };
  if (heard.length === 0) return { isThere: false, says: "no name server answers" };
  return { isThere: true, says: `${heard.length} name servers have the change of ${name}` };
}

/** Whether they give the new side: all that can be seen of a change that is not this run's. */
export const published = ({ name, after }: Input, context: Context): Promise<Given> =>
  publishedBy({ name, newSide: newSideOf(after), families: familiesOf(after) }, context);

/**
 * Name servers have lost whole sets that Route 53 counted as published. Users get nothing then, and no waiting mends it:
 * people are called at once. A server that gives no answer says nothing of that, and neither does a resolver that gives an empty
 * one: it may have kept that since before the change. It is told, and awaited where users are looked at.
 */
export async function refuseLost({ name, after }: Input, context: Context): Promise<string> {
  const kept: string[] = [];
  for (const family of familiesOf(after)) {
    const { lostBy, keptBy } = await emptyAt({ name, newSide: newSideOf(after), family }, context);
    if (keptBy !== undefined) kept.push(`; ${keptBy} still keeps that it has no ${family} record`);
    if (lostBy === undefined) continue;
    const why = `${name} is changed on all name servers, and ${lostBy} gives no ${family} record for it: users may reach nothing. Look at the zone, and write the records again`;
    throw new StepFailed("records-lost", why, { facts: { mustAsk: true } });
  }
  return kept.join("");
}
