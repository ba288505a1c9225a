import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  type ListResourceRecordSetsCommandOutput,
} from "@aws-sdk/client-route-53";
import { z } from "zod";
import { StepFailed } from "../../domain/errors.ts";
import type { RecordSet } from "../../domain/service/observed.ts";
import type { TrafficControl } from "../../ports/traffic.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { comparableName, recordSetOf, toResourceRecordSet } from "./record-set.ts";

const LONGEST_COMMENT = 256;

const ChangeInfo = z.object({ Id: z.string(), Status: z.string() });

/** Hosted zones of Route 53. Its API lives in one region: without that region records cannot be read or changed. */
export function awsTraffic(caller: Caller, clients: Clients): TrafficControl {
  const { region } = clients.route53;
  const client = () => clients.route53.client();
  const asking = (doing: string, signal: AbortSignal | undefined) => ({ api: "route53", region, doing, signal });
  return {
    records: (zone, name, signal) =>
      caller.known(() => {
        const ask = asking(`list the records ${name} of zone ${zone}`, signal);
        return recordsNamed(name, (start) => {
          const command = new ListResourceRecordSetsCommand({ HostedZoneId: zone, ...start });
          return caller.read(ask, (options) => client().send(command, options));
        });
      }),
    upsert: ({ zone, records, comment }, signal) =>
      caller.act(async (requestIds) => {
        refuseForeign(records);
        const names = [...new Set(records.map(({ name }) => name))].join(", ");
        const command = new ChangeResourceRecordSetsCommand({
          HostedZoneId: zone,
          ChangeBatch: { Comment: comment.slice(0, LONGEST_COMMENT), Changes: records.map(upsertOf) },
        });
        const ask = asking(`change ${names} in zone ${zone}`, signal);
        const answer = await caller.write(ask, requestIds, (options) => client().send(command, options));
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

type Start = Pick<ListResourceRecordSetsCommandInput, "StartRecordName" | "StartRecordType" | "StartRecordIdentifier">;

/** In a stable order. Sets of one name follow each other, so the first other name ends the search. */
async function recordsNamed(
  name: string,
  list: (start: Start) => Promise<ListResourceRecordSetsCommandOutput>,
): Promise<RecordSet[]> {
  const wanted = comparableName(name);
  const found: RecordSet[] = [];
  let start: Start | undefined = { StartRecordName: name };
  while (start) {
    const page: ListResourceRecordSetsCommandOutput = await list(start);
    const { NextRecordName, NextRecordType, NextRecordIdentifier } = page;
    found.push(...(page.ResourceRecordSets ?? []).map(recordSetOf).filter((set) => set.name === wanted));
    const goesOn = page.IsTruncated === true && comparableName(NextRecordName ?? "") === wanted;
    start = goesOn
      ? {
          StartRecordName: NextRecordName,
          StartRecordType: NextRecordType,
          StartRecordIdentifier: NextRecordIdentifier,
        }
      : undefined;
  }
  return found.toSorted((one, other) => compare(orderOf(one), orderOf(other)));
}

function upsertOf(record: RecordSet) {
  return { Action: "UPSERT" as const, ResourceRecordSet: toResourceRecordSet(record) };
}

function refuseForeign(records: readonly RecordSet[]): void {
  for (const { name, type, foreign = [] } of records) {
    if (foreign.length === 0) continue;
    const what = `${type} ${name} has ${foreign.join(", ")}, which TwoKey does not change`;
    throw new StepFailed("foreign-record", `Will not change ${what}`, { facts: { name, type } });
  }
}

function orderOf({ type, setIdentifier = "" }: RecordSet): string {
  return `${type} ${setIdentifier}`;
}

/** By code unit: the same order on every machine. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
