import { canonicalJson } from "../../../../domain/json.ts";
import type { Carriers, Doors } from "../../../../domain/service/firewall.ts";
import type { Behind, RegionFacts } from "../../../../domain/service/observation.ts";
import { isUnreachable, type Known, type LagFacts } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { DatabaseFacts, Maintenance } from "../../../../ports/databases.ts";
import type { KeyFacts } from "../../../../ports/snapshots.ts";
import type { RecordSet } from "../../../../ports/traffic.ts";
import { marksBeside } from "../../../steps/dns-mark.ts";
import { sayRecords } from "../../../steps/record-sets.ts";
import { sayKnown } from "../../facts.ts";
import type { IdentityFact, KindTold, Looking, Place, Seen } from "../../place.ts";
import { lookAtCarriers, lookAtDoors } from "./doors.ts";
import { overLink } from "./link.ts";
import { loginOf, markerTableOf } from "./login.ts";
import { database, databaseRecord } from "./parts.ts";
import { type FactsKnown, remembering } from "./remembered.ts";
import type { RdsReplica } from "./settings.ts";
import { blindnessOf, silenceIn } from "./silence.ts";

/** One instance, what lets its users in, and how far it is behind while it is a replica. */
interface InstanceSeen {
  readonly database: Known<DatabaseFacts>;
  /** Present where that is not known: how it was set up when it answered last. */
  readonly lastKnown?: FactsKnown;
  readonly firewall: Known<Doors>;
  /** Whoever carries a group of these. */
  readonly carriers: Carriers;
  readonly lag: LagFacts;
  /** What AWS is going to do to it by itself; absent: the look did not ask. */
  readonly maintenance?: Known<readonly Maintenance[]>;
  /** The key of its storage; absent: it has none, or the look did not ask. */
  readonly key?: Known<KeyFacts>;
  /** World milliseconds until a replica of MySQL or MariaDB notices that nothing arrives; absent: another one, or nobody asked. */
  readonly silence?: Known<number>;
  /** Sessions of other clients; absent where TwoKey has no account in the database. */
  readonly sessions?: Known<number>;
  /** Whether a marker row can be written there, or read where it is a replica; absent as above. */
  readonly marker?: Known<true>;
}

export interface RdsSeen {
  readonly in: Readonly<Record<Region, InstanceSeen>>;
  /** Every record set under the name by which the application finds the writer; none where it has no such name. */
  readonly name: Known<readonly RecordSet[]>;
  /** The mark beside it, as far as it could be read. */
  readonly mark?: readonly RecordSet[];
}

export type RdsAt = Seen<RdsReplica, RdsSeen>;

export async function look(place: Place<RdsReplica>, looking: Looking, before?: RdsSeen): Promise<RdsSeen> {
  const [instances, name, mark] = await Promise.all([
    Promise.all(looking.regions.map(async (region) => [region, await instanceIn(region, place, looking)] as const)),
    looking.beyondRegions(nameOf(place, looking)),
    looking.beyondRegions(markOf(place, looking)),
  ]);
  const remembered = instances.map(
    ([region, now]) =>
      [region, remembering(now, before?.in[region], database(place.resource, region).instance)] as const,
  );
  return { in: Object.fromEntries(remembered), name, mark: mark.known ? mark.value : [] };
}

async function instanceIn(region: Region, { resource }: Place<RdsReplica>, looking: Looking): Promise<InstanceSeen> {
  const { cloud, signal } = looking;
  const { instance, security_group } = database(resource, region);
  const asked = { region, instance, groups: [security_group] };
  const waiting: Parameters<typeof lookAtDoors>[1] = {
    ...{ cloud, signal },
    waitFor: (answer) => looking.of(region, answer),
  };
  const [[{ database: facts, doors }, carriers, key, sessions, marker, silence], lag, maintenance] = await Promise.all([
    lookAtDoors(asked, waiting).then(async (seen) => {
      const { doors: open } = seen;
      return await Promise.all([
        seen,
        open.known ? lookAtCarriers({ region, doors: open.value }, waiting) : { interfaces: open, databases: open },
        keyOf(region, seen.database, looking),
        sessionsIn(region, resource, { facts: seen.database, looking }),
        markerIn(region, resource, { facts: seen.database, looking }),
        silenceIn(region, seen.database, looking),
      ]);
    }),
    looking.of(region, cloud.databases.lag(region, instance, signal)),
    looking.of(region, cloud.databases.maintenance(region, instance, signal)),
  ]);
  return {
    ...{ database: facts, firewall: doors, carriers, lag: overLink(lag, facts), maintenance },
    ...(key && { key }),
    ...(sessions && { sessions }),
    ...(marker && { marker }),
    ...(silence && { silence }),
  };
}

interface Speaking {
  readonly facts: Known<DatabaseFacts>;
  readonly looking: Looking;
}

async function markerIn(
  region: Region,
  resource: RdsReplica,
  { facts, looking }: Speaking,
): Promise<Known<true> | undefined> {
  const { cloud, signal, of } = looking;
  const table = markerTableOf(resource, region, facts);
  const use = facts.known && facts.value.role === "replica" ? "read" : "write";
  return table && of(region, cloud.sessions.canMark(table, use, signal));
}

/** Undefined where TwoKey has no account, or nobody says what is spoken there. */
async function sessionsIn(
  region: Region,
  resource: RdsReplica,
  { facts, looking }: Speaking,
): Promise<Known<number> | undefined> {
  const { cloud, signal, of } = looking;
  const login = loginOf(resource, region, facts);
  return login && of(region, cloud.sessions.count(login, signal));
}

/** The key that the storage of an instance is encrypted with; undefined where there is none to ask for. */
async function keyOf(
  region: Region,
  facts: Known<DatabaseFacts>,
  { cloud, signal, of }: Looking,
): Promise<Known<KeyFacts> | undefined> {
  const key = facts.known && facts.value.encrypted ? facts.value.kmsKey : undefined;
  return key === undefined ? undefined : of(region, cloud.snapshots.keyState(region, key, signal));
}

async function nameOf({ resource }: Place<RdsReplica>, { cloud, signal }: Looking): Promise<RdsSeen["name"]> {
  const record = databaseRecord(resource);
  if (!record) return { known: true, value: [], atMs: cloud.clock.now() };
  return cloud.traffic.records(record.zone, record.name, signal);
}

async function markOf(
  { resource }: Place<RdsReplica>,
  { cloud, signal }: Looking,
): Promise<Known<readonly RecordSet[]>> {
  const record = databaseRecord(resource);
  return record ? marksBeside(cloud.traffic, record, signal) : { known: true, value: [], atMs: cloud.clock.now() };
}

export function tell(at: RdsAt): KindTold {
  const { name: writer } = at.resource;
  return {
    in: Object.fromEntries(Object.entries(at.seen.in).map(([region, seen]) => [region, tellRegion(at, region, seen)])),
    facts: writer
      ? [
          {
            what: `records of ${writer.name}`,
            seen: sayKnown(at.seen.name, sayRecords),
          },
        ]
      : [],
  };
}

function tellRegion(
  at: RdsAt,
  region: Region,
  { database: facts, lastKnown, firewall, sessions }: InstanceSeen,
): Omit<RegionFacts, "unready"> {
  const behindNow = behind(at, region);
  return {
    facts: [
      {
        ...{ what: "database", seen: sayKnown(facts, sayDatabase) },
        ...(lastKnown && { before: { says: sayDatabase(lastKnown.value), atMs: lastKnown.atMs } }),
      },
      { what: "security group", seen: sayKnown(firewall, sayDoors) },
      ...(sessions ? [{ what: "database sessions", seen: sayKnown(sessions, (count) => `${count} of others`) }] : []),
    ],
    isSilent: isUnreachable(facts),
    ...(behindNow && { behind: behindNow }),
  };
}

const sayDoors = (doors: Doors): string => {
  const count = Object.values(doors).flat().length;
  return `${count} ingress ${count === 1 ? "rule" : "rules"}`;
};

const sayDatabase = ({ instance, role, status, instanceClass, backupRetentionDays }: DatabaseFacts): string =>
  `${instance}: ${role}, ${status}, ${instanceClass}, backups ${backupRetentionDays} d`;

/** A writer is never behind, and neither is a database that was promoted. One that cannot be seen may still be a replica. */
export function behind({ seen, resource, service }: RdsAt, region: Region): Behind | undefined {
  const there = seen.in[region];
  if (!there) return undefined;
  const { database: facts, lag } = there;
  const follows = facts.known ? facts.value.role === "replica" : lag.known || lag.lastGood !== undefined;
  if (!follows) return undefined;
  return { lag, ...blindnessOf(there), rpoMs: resource.rpo ?? service.rpo };
}

export function identity({ seen, resource }: RdsAt, region: Region): IdentityFact[] {
  const { database: there, silence } = seen.in[region] ?? {};
  const facts = there?.known ? there.value : undefined;
  const records = resource.name && seen.name.known ? seen.name.value : undefined;
  const follows = facts?.role === "replica" ? `follows ${facts.source ?? "?"}` : "is standalone";
  return [
    {
      ...{ fact: "standby-source", says: "the standby's database and what it follows", isChangedByCommit: true },
      value: facts && `${facts.instance} ${follows}`,
    },
    {
      ...{ fact: "standby-silence", says: "how long the standby takes to notice that nothing arrives" },
      value: silence?.known ? String(silence.value) : undefined,
    },
    { fact: "standby-class", says: "the standby's instance class", value: facts?.instanceClass },
    { fact: "database-record", says: "the records of the database's name", value: records && canonicalJson(records) },
  ];
}
