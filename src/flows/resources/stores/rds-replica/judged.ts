import { sayTime } from "../../../../domain/duration.ts";
import { notBefore } from "../../../../domain/plan-run/bound.ts";
import type { Acceptance } from "../../../../domain/plan-run/plan.ts";
import { type Doors, isShut } from "../../../../domain/service/firewall.ts";
import { isSmallerClass } from "../../../../domain/service/instance-class.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import { isLasting, sayStatus } from "../../../steps/busy.ts";
import type { StoreMoving } from "../../abilities.ts";
import type { RdsAt, RdsSeen } from "./look.ts";
import { database } from "./parts.ts";
import { setUpOf } from "./remembered.ts";

/** World time within which maintenance that is due may meet a run, or the users that it has just moved. */
const MAINTENANCE_WITHIN_MS = 24 * 3_600_000;

type Moving = Pick<StoreMoving, "from" | "to" | "promoted">;
type Unchecked = Pick<StoreMoving, "from" | "to" | "promoted" | "mode">;

/** Why nothing can be written under the key of a storage; undefined: nothing that was seen speaks against it. */
export function keyTrouble({ seen, resource }: RdsAt, region: Region): string | undefined {
  const key = seen.in[region]?.key;
  if (!key || (key.known ? key.value.isUsable : key.cause !== "absent")) return undefined;
  const { instance } = database(resource, region);
  return `The KMS key of ${instance} in ${region} ${key.known ? `is ${key.value.state} (${key.value.arn})` : "does not exist any more"}`;
}

/** Statuses in which RDS promotes a replica. */
const PROMOTABLE = new Set([
  ...["available", "backing-up", "modifying", "storage-optimization"],
  ...["configuring-log-exports", "configuring-enhanced-monitoring"],
]);

export const isPromotable = (status: string): boolean => PROMOTABLE.has(status);

/** Gone, or in a status in which RDS promotes no replica. */
function unpromotable({ seen, resource }: RdsAt, region: Region, how: "lasts" | "passes"): string[] {
  const now = seen.in[region]?.database;
  const { instance } = database(resource, region);
  if (now && !now.known && now.cause === "absent")
    return how === "lasts" ? [`${instance} does not exist in ${region} any more`] : [];
  if (!now?.known || isPromotable(now.value.status)) return [];
  const { status } = now.value;
  return isLasting(status) === (how === "lasts") ? [`${instance} ${sayNotPromotable(status)}`] : [];
}

export const passing = (at: RdsAt, region: Region): string[] => unpromotable(at, region, "passes");

/** Why its promotion would surely fail, or leave a database that nobody reaches. What cannot be seen speaks against nothing. */
export function blockers(at: RdsAt, region: Region): string[] {
  const there = at.seen.in[region];
  const { instance } = database(at.resource, region);
  const key = keyTrouble(at, region);
  return [
    ...unpromotable(at, region, "lasts"),
    ...whyShut(there?.firewall).map((why) => `${instance} ${why}`),
    ...(key === undefined ? [] : [`${key}, so RDS refuses its promotion. Enable the key first.`]),
  ];
}

export const sayNotPromotable = (status: string): string =>
  `is ${sayStatus(status)}; a replica in that status cannot be promoted. ${status === "deleting" ? "It does not come back: make another replica first." : "Ask again when it is available."}`;

/** What an earlier fence closed, and nobody has opened since, would be shut on both sides after the promotion. */
export function whyShut(firewall: RdsSeen["in"][string]["firewall"] | undefined): string[] {
  if (!firewall || !isClosed(firewall)) return [];
  const groups = Object.keys(firewall.value);
  return [
    `lets nobody in: ${groups.join(" and ")} ${groups.length > 1 ? "have" : "has"} no ingress rule for its port, perhaps since an earlier fence. End the watch of that run (/dr stop-watch), and put the rules back first.`,
  ];
}

export const isClosed = (doors: Known<Doors>): doors is Extract<Known<Doors>, { known: true }> =>
  doors.known && Object.keys(doors.value).length > 0 && isShut(doors.value);

/** What people agree to of the new writer: it may be too small, and AWS may restart it. */
export function acceptances(at: RdsAt, moving: Moving, nowMs: number): Acceptance[] {
  return moving.promoted
    ? []
    : [
        ...sourceAcceptances(at, moving),
        ...classAcceptances(at, moving, nowMs),
        ...maintenanceAcceptances(at, moving, nowMs),
      ];
}

/** A planned move is refused then. */
function sourceAcceptances({ seen }: RdsAt, { from, to }: Moving): Acceptance[] {
  const now = seen.in[to]?.database;
  if (!now?.known || now.value.role !== "replica" || now.value.source !== undefined) return [];
  const { instance } = now.value;
  return [
    {
      id: "source-unnamed",
      words: `I accept that RDS does not say what ${instance} in ${to} follows, and that it may lack what was written in ${from}`,
      danger: `RDS does not say what ${instance} follows: it may be a copy of something else.`,
      mayLose: true,
    },
  ];
}

function classAcceptances({ seen }: RdsAt, { from, to }: Moving, nowMs: number): Acceptance[] {
  const [old, now] = [setUpOf(seen.in[from]), seen.in[to]?.database];
  if (!old || !now?.known) return [];
  const { instance, instanceClass } = now.value;
  if (!isSmallerClass(instanceClass, old.value.instanceClass)) return [];
  const when = seen.in[from]?.database.known ? "" : ` (at ${sayTime(old.atMs, nowMs)}, when it answered last)`;
  return [
    {
      id: "smaller-class",
      words: `I accept that ${instance} in ${to} is a ${instanceClass}, smaller than ${old.value.instance} with ${old.value.instanceClass}${when}, and may be too slow for all users`,
      danger: `${instance} is smaller than the old database: ${instanceClass}.`,
    },
  ];
}

function maintenanceAcceptances({ seen, resource }: RdsAt, { to }: Moving, nowMs: number): Acceptance[] {
  const maintenance = seen.in[to]?.maintenance;
  const [first] = (maintenance?.known ? maintenance.value : [])
    .flatMap(({ action, dueMs }) => (dueMs === undefined ? [] : [{ action, dueMs }]))
    .filter(({ dueMs }) => dueMs <= nowMs + MAINTENANCE_WITHIN_MS)
    .toSorted((one, other) => one.dueMs - other.dueMs);
  if (!first) return [];
  const { instance } = database(resource, to);
  const when = first.dueMs <= nowMs ? "now" : sayTime(first.dueMs, nowMs);
  return [
    {
      id: "maintenance-due",
      words: `I accept that AWS may take ${instance} in ${to} down for maintenance (${first.action}) from ${when} on`,
      danger: `Maintenance of ${instance} is due from ${when} on: ${first.action}.`,
      bound: notBefore(first.dueMs),
    },
  ];
}

/** What did not answer. */
export function unchecked({ seen, resource }: RdsAt, { from, to, promoted, mode }: Unchecked): string[] {
  const there = seen.in[to];
  if (!there || promoted) return [];
  const markers = mode === "planned" ? [seen.in[from]?.marker, there.marker] : [];
  const { instance } = database(resource, to);
  const { maintenance, key } = there;
  return [
    ...markers.flatMap((marker) =>
      marker && !marker.known ? [`no marker row proves the last commit: ${marker.why}`] : [],
    ),
    ...(maintenance && !maintenance.known ? [`maintenance of ${instance} in ${to}: ${maintenance.why}`] : []),
    ...(key && !key.known && key.cause !== "absent" ? [`the KMS key of ${instance} in ${to}: ${key.why}`] : []),
  ];
}
