import { ChangeResourceRecordSetsCommand, GetChangeCommand } from "@aws-sdk/client-route-53";
import { z } from "zod";
import { TransientError } from "../../domain/errors.ts";
import type { RecordSet, TrafficControl } from "../../ports/traffic.ts";
import { CallFailed } from "./errors.ts";
import type { By } from "./lookups.ts";
import { batchOf, isSpeltAsRead, refuseForeign, saysMoved, speltAs } from "./record-batch.ts";
import { recordSetOf } from "./record-set.ts";

const LONGEST_COMMENT = 256;

const ChangeInfo = z.object({ Id: z.string(), Status: z.string() });

/** Hosted zones of Route 53. Its API lives in one region: without that region records cannot be read or changed. */
// oxlint-disable-next-line max-lines-per-function -- one table: the calls of a port
export function awsTraffic({ caller, clients, lookups }: By): TrafficControl {
  const { region } = clients.route53;
  const client = () => clients.route53.client();
  const asking = (doing: string, signal: AbortSignal | undefined) => ({ api: "route53", region, doing, signal });
  const setsIn = (zone: string) => lookups.recordSets(region, zone);
  const lookFor = (zone: string, id: string, signal: AbortSignal | undefined) => ({
    ...{ id, doing: `list the records ${id} of zone ${zone}`, signal },
  });
  const speltIn = async (zone: string, sets: readonly RecordSet[], signal: AbortSignal | undefined) => {
    const names = new Set(sets.filter((set) => !isSpeltAsRead(set)).map(({ name }) => name));
    const found = await Promise.all([...names].map((name) => setsIn(zone).askAlone(lookFor(zone, name, signal))));
    return sets.map(
      (set) =>
        speltAs(
          set,
          found.flatMap((each) => each ?? []),
        ) ?? refuseMoved(set.name),
    );
  };
  return {
    records: (zone, name, signal) =>
      caller.known(async () => {
        const found = await setsIn(zone).ask(lookFor(zone, name, signal));
        return (found ?? []).map(recordSetOf).toSorted((one, other) => compare(orderOf(one), orderOf(other)));
      }),
    upsert: (wish, signal) =>
      caller.act(async (requestIds) => {
        const { zone, records, exchange, comment } = wish;
        const all = [...records, ...(exchange?.from ?? []), ...(exchange?.to ?? [])];
        refuseForeign(all);
        const spelt = await speltIn(zone, exchange?.from ?? [], signal);
        const names = [...new Set(all.map(({ name }) => name))].join(", ");
        const command = new ChangeResourceRecordSetsCommand({
          HostedZoneId: zone,
          ChangeBatch: { Comment: comment.slice(0, LONGEST_COMMENT), Changes: batchOf(wish, spelt) },
        });
        const ask = asking(`change ${names} in zone ${zone}`, signal);
        const answer = await caller
          .write(ask, requestIds, (acting, options) => acting.route53.client().send(command, options))
          .catch((error: unknown) => lookAgain(error, names, requestIds));
        return { changeId: ChangeInfo.parse(answer.ChangeInfo).Id.replace(/^\/change\//, "") };
      }),
    changeState: async (changeId, signal) => {
      const { isInSync } = await caller.act(async () => {
        const ask = asking(`follow change ${changeId}`, signal);
        const command = new GetChangeCommand({ Id: changeId });
        const answer = await caller.read(ask, (options) => client().send(command, options));
        return { isInSync: ChangeInfo.parse(answer.ChangeInfo).Status === "INSYNC" };
      });
      return isInSync ? "in-sync" : "pending";
    },
  };
}

/** Certain: nothing was changed. */
function refuseMoved(names: string, requestIds: readonly string[] = []): never {
  const why = `Did not change ${names}: somebody else changed the records in between`;
  throw new TransientError("records-moved", why, { facts: { requestIds: requestIds.join(" ") } });
}

function lookAgain(error: unknown, names: string, requestIds: readonly string[]): never {
  if (error instanceof CallFailed && saysMoved(error.failure.code, error.failure.said)) refuseMoved(names, requestIds);
  throw error;
}

function orderOf({ type, setIdentifier = "" }: RecordSet): string {
  return `${type} ${setIdentifier}`;
}

/** By code unit: the same order on every machine. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
