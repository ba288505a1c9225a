import { sayDuration } from "../../../../domain/duration.ts";
import { cutWith, sayCut, unseenOf } from "../../../../domain/service/firewall.ts";
import type { DatabaseFacts } from "../../../../ports/databases.ts";
import type { StoreMove } from "../../abilities.ts";
import { isPromotable, sayNotPromotable, whyShut } from "./judged.ts";
import { canMark } from "./login.ts";
import type { RdsAt, RdsSeen } from "./look.ts";
import { writerRecordOf } from "./name.ts";
import { database, databaseRecord, fencedTogether } from "./parts.ts";
import type { RdsReplica } from "./settings.ts";
import { blindnessOf } from "./silence.ts";
import { type InstanceRef, namesSource } from "./source.ts";

/** World time for which users of a planned move wait at most, so that samples of the lag prove something. */
const MOST_WAITED_MS = 10 * 60_000;

type Moving = Parameters<StoreMove<RdsReplica, RdsSeen>["refusals"]>[1];

export function instanceRefusals({ seen, resource }: RdsAt, { from, to, mode, promoted }: Moving): string[] {
  const { instance } = database(resource, to);
  const there = seen.in[to]?.database;
  if (!there) return [`There is no database in ${to}.`];
  if (!there.known)
    return [`The standby database ${instance} in ${to} cannot be seen: ${there.why}. Ask again when it can.`];
  const source = { region: from, instance: database(resource, from).instance };
  return [
    ...whyNotPromotable(there.value, promoted),
    ...whyNotLinked(there.value, { source, isPlanned: mode === "planned" }),
    ...whyShut(seen.in[to]?.firewall),
  ].map((why) => `${instance} ${why}`);
}

/** A fence takes a group's rules from whoever carries it. */
export function carrierRefusals({ seen, service, resource }: RdsAt, { from, promoted }: Moving): string[] {
  const carriers = seen.in[from]?.carriers;
  if (!carriers || promoted === "continued") return [];
  const { instance } = database(resource, from);
  const whom = cutWith(carriers, fencedTogether(service, from));
  if (whom.size > 0)
    return [
      `A fence of ${instance} would cut off others that carry its security group too (${sayCut(whom)}). Give ${instance} a group of its own first.`,
    ];
  // Silence is no reason to wait on the worst day: the fence asks again before it closes anything.
  const denied = unseenOf(carriers).find(({ cause }) => cause === "denied");
  return denied
    ? [`Nobody can see who else carries the security groups of ${instance}: ${denied.why}. Allow TwoKey to look.`]
    : [];
}

interface Link {
  readonly source: InstanceRef;
  readonly isPlanned: boolean;
}

/** A copy of something else is no copy of the writer; and a planned move waits for commits that must be able to arrive. */
function whyNotLinked({ role, source: now, replicating }: DatabaseFacts, { source, isPlanned }: Link): string[] {
  if (role !== "replica") return [];
  if (now === undefined && isPlanned)
    return [
      "names no source: RDS does not say what it follows, so nobody knows whose data it has. Ask again when RDS says it, or use mode unplanned.",
    ];
  if (now !== undefined && !namesSource(now, source))
    return [`follows ${now}, and not ${source.instance} in ${source.region}. Its data is not the writer's.`];
  return isPlanned && replicating !== true
    ? [
        "does not replicate now, so a planned move would never have every commit. Mend its replication, or use mode unplanned.",
      ]
    : [];
}

function whyNotPromotable({ status, role }: DatabaseFacts, promoted: "continued" | "before" | undefined): string[] {
  return [
    ...(role !== "replica" && !promoted
      ? [
          "is no read replica, so there is nothing to promote. Look by hand whether it was promoted already, or build a replica first.",
        ]
      : []),
    ...(!isPromotable(status) && promoted !== "continued" ? [sayNotPromotable(status)] : []),
  ];
}

/** Without a marker row the lag has to prove that nothing is missing, as late as the replica may notice that nothing arrives. */
export function silenceRefusals({ seen, resource }: RdsAt, { from, to, mode }: Moving): string[] {
  const there = seen.in[to];
  if (mode !== "planned" || !there || canMark(seen, { from, to })) return [];
  const { instance } = database(resource, to);
  const { blindMs, blindWhy } = blindnessOf(there);
  const then = "give TwoKey an account in the database (connection), whose marker row proves it, or use mode unplanned";
  if (blindWhy !== undefined)
    return [
      `Nobody can say how long the lag of ${instance} stays 0 although nothing arrives, so it cannot prove that every commit is there: ${blindWhy}. Mend that (TwoKey reads it with rds:DescribeDBParameters), ${then}.`,
    ];
  if (blindMs <= MOST_WAITED_MS) return [];
  return [
    `${instance} notices only after ${sayDuration(blindMs)} that nothing arrives (replica_net_timeout), and a planned move would keep users waiting that long for its proof. Set it to 60 s and restart ${instance}, ${then}.`,
  ];
}

export function nameRefusals({ seen, resource }: RdsAt): string[] {
  const record = databaseRecord(resource);
  if (!seen.name.known) return [`The database's CNAME cannot be read: ${seen.name.why}. Ask again when it can.`];
  const found = record && writerRecordOf(record.name, seen.name.value);
  if (!record || !found || !("refused" in found)) return [];
  return [
    `The records of ${record.name} cannot be moved: ${found.refused}. Mend them, or the store's name in twokey.yaml.`,
  ];
}
