import { z } from "zod";
import { planned } from "../../../../ports/step.ts";
import { pointApplication } from "../../../steps/change-records.ts";
import { checkWritable } from "../../../steps/check-writable.ts";
import { stayingOf } from "../../../steps/record-sets.ts";
import { recordsBefore } from "../../../steps/records.ts";
import { recordsByHand } from "../../../steps/records-by-hand.ts";
import { promotedCopy, type StoreMove } from "../../abilities.ts";
import { isByHand } from "../../names.ts";
import type { Place } from "../../place.ts";
import { differences } from "./differences.ts";
import { lookAtDoors } from "./doors.ts";
import { forbidDeletion } from "./forbid-deletion.ts";
import { acceptances, blockers, isClosed, passing, unchecked } from "./judged.ts";
import { linkEnded } from "./link.ts";
import { canMark, markerTableOf } from "./login.ts";
import type { RdsAt, RdsSeen } from "./look.ts";
import { writerRecordOf } from "./name.ts";
import { database, databaseRecord } from "./parts.ts";
import { promoteReplica } from "./promote-replica.ts";
import { recordDataPosition } from "./record-data-position.ts";
import { carrierRefusals, instanceRefusals, nameRefusals, silenceRefusals } from "./refusals.ts";
import { setUpOf } from "./remembered.ts";
import type { RdsReplica } from "./settings.ts";
import { blindnessOf, MOST_SILENT_MS } from "./silence.ts";
import { namesSource } from "./source.ts";

/** Promotes the replica of the other region, and leads the application's name to it. */
export const move: StoreMove<RdsReplica, RdsSeen> = {
  standsAlone(at, region) {
    const there = at.seen.in[region]?.database;
    return there?.known === true && there.value.role === "standalone";
  },

  refusals: (at, moving) => [
    ...instanceRefusals(at, moving),
    ...(moving.promoted ? [] : [...blockers(at, moving.to), ...silenceRefusals(at, moving)]),
    ...carrierRefusals(at, moving),
    ...(isByHand(at.seen.name, moving) ? [] : nameRefusals(at)),
  ],

  blockers,
  passing,
  linkEnded: ({ seen }, region) => linkEnded(seen.in[region]?.database),
  acceptances,
  unchecked,

  measure: (at, { from, to, mode, knownUntilMs }, { id, after }) =>
    planned(recordDataPosition, {
      ...{ id: id("record-position"), after },
      input: {
        ...{
          region: to,
          instance: database(at.resource, to).instance,
          mustReachZero: mode === "planned",
          knownUntilMs,
        },
        blindMs: blindFor(at, { to, mode }),
        ...(mode === "planned" && markerBetween(at, { from, to, after })),
      },
    }),

  commit({ resource, seen }, { from, to, mode }, { id, after }) {
    const { instance, backup_retention_days: wanted } = database(resource, to);
    // No shorter than the old writer's, as far as anybody has seen it: the new one has to go as far back.
    const backupRetentionDays = Math.max(wanted, setUpOf(seen.in[from])?.value.backupRetentionDays ?? 0);
    const source = { region: from, instance: database(resource, from).instance };
    const input = {
      ...{ region: to, instance, source, backupRetentionDays },
      ...(mode === "planned" && { mustFollow: true as const }),
    };
    return planned(promoteReplica, { id: id("promote"), after, input });
  },

  prove({ resource }, { to }, { id, after }) {
    const { write_check: writeCheck, instance } = database(resource, to);
    return planned(checkWritable, { id: id("check-writable"), after, input: { region: to, instance, writeCheck } });
  },

  secure(at, { to, from }, { id, after }) {
    if (!wantsProtection(at, { to, from })) return undefined;
    const { instance } = database(at.resource, to);
    return planned(forbidDeletion, { id: id("forbid-deletion"), after, input: { region: to, instance } });
  },

  lead(at, moving, { id, after }) {
    const { continues, to } = moving;
    const record = databaseRecord(at.resource);
    if (!record || !at.seen.name.known) return undefined;
    const { name, zone, ttl_seconds: ttlSeconds, write } = record;
    const found = writerRecordOf(name, at.seen.name.value);
    if ("refused" in found) return undefined;
    const next = { ...found.record, values: [database(at.resource, to).endpoint], ttlSeconds };
    return planned(pointApplication, {
      ...{ id: id("point-application"), after },
      input: {
        ...{ region: to, zone, name, after: [next], write, mark: [...(at.seen.mark ?? [])] },
        before: recordsBefore({ continues, step: pointApplication, zone, name, current: [found.record] }),
      },
    });
  },

  /** From the file alone: while Route 53 gives no answer, nobody knows what stands there. */
  leadByHand({ resource, seen }, moving) {
    const record = databaseRecord(resource);
    if (!record || !isByHand(seen.name, moving)) return undefined;
    const { zone, name, ttl_seconds: ttlSeconds } = record;
    const values = [database(resource, moving.to).endpoint];
    return { name, blocks: recordsByHand(zone, [{ name, type: "CNAME", ttlSeconds, values }]) };
  },

  leftFor: (at, moving) => [...otherReplicas(at, moving), ...differencesIn(at, moving)],

  staying: ({ resource, seen: { name } }) => (databaseRecord(resource) && name.known ? stayingOf(name.value) : []),

  measuredBy: recordDataPosition,

  promotedCopy: promotedCopy({
    shape: z.object({ region: z.string(), instance: z.string() }),
    in: ({ resource }: Place<RdsReplica>, region) => ({ region, instance: database(resource, region).instance }),
    lostBy: async ({ region, instance }, { cloud, signal }) => {
      const { database: now, doors } = await lookAtDoors({ region, instance, groups: [] }, { cloud, signal });
      if (now.known ? now.value.role === "replica" : now.cause === "absent")
        return `the database of ${region} is no writer any more`;
      return isClosed(doors) ? `the database of ${region} is closed itself` : undefined;
    },
  }),
};

interface Between {
  readonly from: string;
  readonly to: string;
  readonly after: readonly string[];
}

/** Where the row that the fence writes is to be seen; nothing where it cannot be written there, or not be read here. */
function markerBetween({ seen, resource, id }: RdsAt, { from, to, after: [fence] }: Between) {
  const table = markerTableOf(resource, to, seen.in[to]?.database);
  if (!table || fence === undefined || !canMark(seen, { from, to })) return {};
  return { marker: { ...table, fence, of: id } };
}

/** Samples of a planned move prove nothing where nobody can say how long they may be wrong: then the marker row alone does. */
function blindFor({ seen }: RdsAt, { to, mode }: Pick<Moving, "to" | "mode">): number {
  const there = seen.in[to];
  const { blindMs = 0, blindWhy } = there ? blindnessOf(there) : {};
  return mode === "planned" && blindWhy !== undefined ? MOST_SILENT_MS : blindMs;
}

type Moving = Parameters<typeof move.leftFor>[1];
/** Promoting one replica moves no other one: each goes on following the old writer. */
function otherReplicas({ resource, seen }: RdsAt, { from, to }: Moving): string[] {
  const old = database(resource, from).instance;
  return Object.keys(resource.in)
    .filter((region) => region !== from && region !== to)
    .filter((region) => {
      const there = seen.in[region]?.database;
      return (
        !there?.known ||
        (there.value.role === "replica" && namesSource(there.value.source ?? "", { region: from, instance: old }))
      );
    })
    .map((region) => {
      const { instance } = database(resource, region);
      return `${instance} in ${region} keeps following the old database ${old} in ${from}. People have to rebuild it as a replica of ${database(resource, to).instance} in ${to}.`;
    });
}

/** Where nobody can see how the old one was set up it is switched on: it only refuses, and takes no time. */
function wantsProtection({ resource, seen }: RdsAt, { from, to }: Pick<Moving, "from" | "to">): boolean {
  const [now, before] = [seen.in[to]?.database, seen.in[from]?.database];
  if (resource.after_promotion.deletion_protection === "by-hand" || !now?.known) return false;
  return !now.value.deletionProtection && (!before?.known || before.value.deletionProtection);
}

function differencesIn(at: RdsAt, { from, to }: Moving): string[] {
  const { resource, seen } = at;
  return differences({
    isProtected: wantsProtection(at, { from, to }),
    ...{ instance: database(resource, to).instance, region: to, old: database(resource, from).instance },
    ...{ now: seen.in[to]?.database, before: seen.in[from]?.database, lastKnown: seen.in[from]?.lastKnown },
  });
}
