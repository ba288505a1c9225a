import {
  CopyDBClusterSnapshotCommand,
  CopyDBSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBSnapshotsCommand,
} from "@aws-sdk/client-rds";
import { z } from "zod";
import type { Region } from "../../domain/service/service.ts";
import type { SnapshotFacts } from "../../ports/snapshots.ts";
import type { Caller } from "./caller.ts";
import type { ActingClients, Clients } from "./clients.ts";
import type { SendOptions } from "./departure.ts";
import { told } from "./rds-instances.ts";

interface Answer {
  readonly $metadata: { readonly requestId?: string | undefined };
}

type Tags = { Key: string; Value: string }[];

interface Creation {
  readonly region: Region;
  readonly id: string;
  readonly source: string;
  readonly tags: Tags;
}

interface Copying {
  readonly to: Region;
  readonly id: string;
  /** Of the original. */
  readonly arn: string;
  readonly kmsKey: string | undefined;
  readonly tags: Tags;
}

type Family = "instance" | "cluster";

/** The two families of calls, by one shape. */
interface SnapshotReads {
  readonly of: Family;
  readonly describe: (region: Region, id: string, options: SendOptions) => Promise<readonly unknown[] | undefined>;
}

interface SnapshotWrites {
  create(wanted: Creation, options: SendOptions): Promise<Answer>;
  copy(wanted: Copying, options: SendOptions): Promise<Answer>;
}

export function snapshotReads({ rds }: Clients): Readonly<Record<Family, SnapshotReads>> {
  return {
    instance: {
      of: "instance",
      describe: async (region, id, options) => {
        const command = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id });
        return (await rds.in(region).send(command, options)).DBSnapshots;
      },
    },
    cluster: {
      of: "cluster",
      describe: async (region, id, options) => {
        const command = new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: id });
        return (await rds.in(region).send(command, options)).DBClusterSnapshots;
      },
    },
  };
}

export function snapshotWrites({ rds }: ActingClients): Readonly<Record<Family, SnapshotWrites>> {
  return {
    instance: {
      create: ({ region, id, source, tags }, options) => {
        const names = { DBSnapshotIdentifier: id, DBInstanceIdentifier: source };
        return rds.in(region).send(new CreateDBSnapshotCommand({ ...names, Tags: tags }), options);
      },
      copy: (wanted, options) => {
        const names = { SourceDBSnapshotIdentifier: wanted.arn, TargetDBSnapshotIdentifier: wanted.id };
        const command = new CopyDBSnapshotCommand({ ...names, ...optionsOf(wanted) });
        return rds.in(wanted.to).send(command, options);
      },
    },
    cluster: {
      create: ({ region, id, source, tags }, options) => {
        const names = { DBClusterSnapshotIdentifier: id, DBClusterIdentifier: source };
        return rds.in(region).send(new CreateDBClusterSnapshotCommand({ ...names, Tags: tags }), options);
      },
      copy: (wanted, options) => {
        const names = { SourceDBClusterSnapshotIdentifier: wanted.arn, TargetDBClusterSnapshotIdentifier: wanted.id };
        const command = new CopyDBClusterSnapshotCommand({ ...names, ...optionsOf(wanted) });
        return rds.in(wanted.to).send(command, options);
      },
    },
  };
}

/**
 * The ARN of the original tells the SDK that a copy crosses regions: it then signs the call which the target's RDS makes
 * over there on our behalf, as GovCloud wants.
 */
function optionsOf({ kmsKey, tags }: Copying) {
  return { Tags: tags, ...(kmsKey !== undefined && { KmsKeyId: kmsKey }) };
}

const Snapshot = z
  .object({
    DBSnapshotIdentifier: z.string().optional(),
    DBClusterSnapshotIdentifier: z.string().optional(),
    DBSnapshotArn: z.string().optional(),
    DBClusterSnapshotArn: z.string().optional(),
    DBInstanceIdentifier: z.string().optional(),
    DBClusterIdentifier: z.string().optional(),
    SourceDBSnapshotIdentifier: z.string().optional(),
    SourceDBClusterSnapshotArn: z.string().optional(),
    Status: z.string(),
    PercentProgress: z.number().default(0),
    SnapshotCreateTime: z.date().optional(),
    Engine: z.string(),
    EngineVersion: z.string().default(""),
    Encrypted: z.boolean().default(false),
    StorageEncrypted: z.boolean().default(false),
    KmsKeyId: z.string().optional(),
    TagList: z.array(z.object({ Key: z.string(), Value: z.string().default("") })).default([]),
  })
  .transform((found) => ({
    id: found.DBSnapshotIdentifier ?? found.DBClusterSnapshotIdentifier ?? "",
    arn: found.DBSnapshotArn ?? found.DBClusterSnapshotArn ?? "",
    source: found.DBInstanceIdentifier ?? found.DBClusterIdentifier ?? "",
    status: found.Status,
    percent: found.PercentProgress,
    ...(found.SnapshotCreateTime && { takenAtMs: found.SnapshotCreateTime.getTime() }),
    engine: found.Engine,
    engineVersion: found.EngineVersion,
    encrypted: found.Encrypted || found.StorageEncrypted,
    ...told({
      kmsKey: found.KmsKeyId,
      copyOf: found.SourceDBSnapshotIdentifier ?? found.SourceDBClusterSnapshotArn,
    }),
    tags: Object.fromEntries(found.TagList.map(({ Key, Value }) => [Key, Value])),
  }));

interface Wanted {
  readonly region: Region;
  readonly id: string;
  readonly signal?: AbortSignal | undefined;
  readonly isForWrite?: true;
}

/** Throws CallFailed, or a ZodError for an answer that is not one snapshot. */
export async function readSnapshot(
  caller: Caller,
  { of, describe }: SnapshotReads,
  wanted: Wanted,
): Promise<SnapshotFacts> {
  const { region, id, signal, isForWrite } = wanted;
  const ask = { api: "rds", region, doing: `describe snapshot ${id}`, signal, isForWrite };
  const answer = await caller.read(ask, (options) => describe(region, id, options));
  const [found] = z.tuple([Snapshot]).parse(answer);
  return { of, ...found };
}
