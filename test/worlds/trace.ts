import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import type { Played } from "./played.ts";

/** What happened in one world, line by line: the run's journal between what the world saw. For people who look for a cause. */
export function traceOf({ journal, log, run }: Pick<Played, "journal" | "log" | "run">): string {
  const written = journal.map((entry) => ({ atMs: entry.atMs, says: `journal  ${sayEntry(entry)}` }));
  const seen = log
    .filter(isTold)
    .map(({ worldMs, kind, facts }) => ({ atMs: worldMs, says: `${kind}  ${brief(facts)}` }));
  return [...written, ...foldOrders(log, run?.plan.service), ...seen]
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ atMs, says }) => `${new Date(atMs).toISOString().slice(11, 23)}  ${says}`)
    .join("\n");
}

const isTold = ({ kind }: LogEntry): boolean =>
  !kind.startsWith("app.write") &&
  !["slack", "pagerduty", "elb", "world.fault-planned"].some((start) => kind.startsWith(start));

const LONGEST = 260;
const brief = (facts: unknown): string => (JSON.stringify(facts) ?? "").slice(0, LONGEST);

function sayEntry({ kind, atMs: _at, ...rest }: RunEntry): string {
  return `${kind}  ${brief(rest)}`;
}

/** First and last of the orders that follow one another at one side. */
function foldOrders(
  log: readonly LogEntry[],
  service: string | undefined,
): { readonly atMs: number; readonly says: string }[] {
  const orders = log
    .filter(({ kind }) => kind === "app.write-acknowledged")
    .filter(({ facts }) => facts["application"] === service);
  const sideOf = (entry: LogEntry | undefined) => entry?.facts["region"];
  return orders.flatMap((entry, index) => {
    const isEdge = [index - 1, index + 1].some((other) => sideOf(orders[other]) !== sideOf(entry));
    return isEdge ? [{ atMs: entry.worldMs, says: `order  ${brief(entry.facts)}` }] : [];
  });
}
