import { z } from "zod";
import type { World } from "../world/world.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import type { Instance } from "./database-instance.ts";
import { page } from "./paging.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";

const DescribeLogFiles = z.strictObject({
  DBInstanceIdentifier: z.string(),
  FilenameContains: z.string().optional(),
  /** Epoch milliseconds: only what was written since then. */
  FileLastWritten: z.coerce.number().optional(),
  /** Bytes: only what is larger. */
  FileSize: z.coerce.number().optional(),
  MaxRecords: z.coerce.number().int().min(1).max(1_000).default(1_000),
  Marker: z.string().optional(),
});

interface LogFile {
  readonly name: string;
  readonly writtenMs: number;
  readonly bytes: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** `rds.log_retention_period` of PostgreSQL, 4,320 minutes; that of MySQL's error log is 30 days. */
const POSTGRES_KEPT_HOURS = 72;
/** A checkpoint a minute; nothing else is written on an ordinary day. An estimate. */
const BYTES_A_MINUTE = 180;

/** Which logs an instance has. There is nothing to read in them. */
export function logOperations(world: World, fleet: DatabaseFleet): Readonly<Record<string, AwsOperation>> {
  return {
    DescribeDBLogFiles: {
      mutates: false,
      handle: (call) => describeLogFiles(fleet, world.clock.now(), call),
    },
  };
}

function describeLogFiles(fleet: DatabaseFleet, nowMs: number, { input, region }: AwsCall) {
  const wanted = DescribeLogFiles.parse(input);
  const instance = fleet.require({ region, instance: wanted.DBInstanceIdentifier });
  if (instance.status === "creating") {
    throw new AwsError("DBInstanceNotReady", `DB instance ${instance.identifier} is not ready.`);
  }
  const found = filesOf(instance, nowMs)
    .filter(({ name }) => name.includes(wanted.FilenameContains ?? ""))
    .filter(({ writtenMs }) => writtenMs >= (wanted.FileLastWritten ?? 0))
    .filter(({ bytes }) => wanted.FileSize === undefined || bytes > wanted.FileSize);
  const { entries, marker } = page(found, ({ name }) => name, { size: wanted.MaxRecords, marker: wanted.Marker });
  const details = entries.map(({ name, writtenMs, bytes }) => {
    return { LogFileName: name, LastWritten: writtenMs, Size: bytes };
  });
  return { DescribeDBLogFiles: new XmlList("DescribeDBLogFilesDetails", details), Marker: marker };
}

function filesOf(instance: Instance, nowMs: number): LogFile[] {
  return instance.engine.includes("postgres") ? hourly(instance, nowMs) : running(instance, nowMs);
}

/** One for each hour, by its name: `error/postgresql.log.2026-11-21-09`, with the minutes too where it is Aurora. */
function hourly({ createdMs, cluster }: Instance, nowMs: number): LogFile[] {
  const thisHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const hours = Array.from({ length: POSTGRES_KEPT_HOURS }, (_, back) => thisHourMs - back * HOUR_MS);
  return hours
    .filter((hourMs) => hourMs + HOUR_MS > createdMs)
    .map((hourMs) => {
      const [fromMs, toMs] = [Math.max(hourMs, createdMs), Math.min(hourMs + HOUR_MS, nowMs)];
      const stamp = new Date(hourMs).toISOString().slice(0, 13).replace("T", "-");
      const name = `error/postgresql.log.${stamp}${cluster === undefined ? "" : "00"}`;
      return { name, writtenMs: toMs, bytes: bytesOf(toMs - fromMs) };
    });
}

function running({ createdMs, engine }: Instance, nowMs: number): LogFile[] {
  const name = engine === "mariadb" ? "mariadb" : "mysql";
  const sinceMs = Math.max(createdMs, Math.floor(nowMs / HOUR_MS) * HOUR_MS);
  return [
    { name: `error/${name}-error.log`, writtenMs: nowMs, bytes: bytesOf(nowMs - sinceMs) },
    { name: `error/${name}-error-running.log`, writtenMs: sinceMs, bytes: bytesOf(HOUR_MS) },
  ];
}

const bytesOf = (ms: number): number => Math.ceil(ms / MINUTE_MS) * BYTES_A_MINUTE;
