import { z } from "zod";
import type { World } from "../world/world.ts";
import { partitionOf } from "./arn.ts";
import { type AwsCall, AwsError } from "./service.ts";
import type { Snapshot, SnapshotShelf } from "./snapshot-shelf.ts";

const Tag = z.strictObject({ Key: z.string(), Value: z.string().optional() });
/** An empty list is an empty text in the Query protocol. */
export const Tags = z.union([z.array(Tag), z.literal("").transform((): z.infer<typeof Tag>[] => [])]).default([]);

/** What both families' copies ask for besides the two names. */
export const CopyOptions = {
  KmsKeyId: z.string().optional(),
  CopyTags: z.enum(["true", "false"]).default("false"),
  PreSignedUrl: z.string().optional(),
  Tags,
};

export interface CopyInput {
  readonly source: string;
  readonly target: string;
  readonly KmsKeyId?: string | undefined;
  readonly CopyTags: "true" | "false";
  readonly PreSignedUrl?: string | undefined;
  readonly Tags: z.infer<typeof Tags>;
}

export interface Copying {
  readonly world: World;
  readonly shelf: SnapshotShelf;
  /** Schedules the end of the copy and says how long it takes, world milliseconds. */
  readonly schedule: (done: () => void) => number;
}

/** Called in the destination; the source is a name there or an ARN of another region. */
export function copySnapshot({ world, shelf, schedule }: Copying, wanted: CopyInput, call: AwsCall): Snapshot {
  const { region, requestId } = call;
  const source = shelf.require(region, wanted.source);
  if (world.regions.isUnreachable(source.region)) {
    throw new AwsError("ServiceUnavailable", `The source region ${source.region} does not answer.`, 503);
  }
  if (source.status !== "available") {
    throw new AwsError(shelf.family.errors.state, `Snapshot ${source.identifier} is not available.`);
  }
  const isAcross = source.region !== region;
  if (isAcross && !wanted.source.startsWith("arn:")) throw shelf.missing(wanted.source);
  const kmsKeyId = keyOfCopy(shelf, { source, region, isAcross, asked: wanted.KmsKeyId });
  // Elsewhere RDS takes no notice of it.
  const isGov = partitionOf(region) === "aws-us-gov";
  if (isGov && isAcross && source.kmsKeyId !== undefined) requirePreSigned(wanted.PreSignedUrl, source.region, call);
  shelf.requireRoom(region, wanted.target);
  const copy = shelf.add({
    ...{ identifier: wanted.target, region, source: source.source, type: "manual", kmsKeyId },
    ...{ copyOf: source.arn, copiedFrom: source.region },
    tags: wanted.CopyTags === "true" ? [...source.tags, ...wanted.Tags] : wanted.Tags,
  });
  shelf.accepted(copy, requestId);
  copy.lastsMs = schedule(() => {
    // What nobody can read any more cannot be copied to its end. That it then says `failed` is an estimate.
    const status = world.regions.isUnreachable(source.region) ? "failed" : "available";
    shelf.finish(copy, { status, takenMs: source.takenMs ?? world.clock.now() });
  });
  return copy;
}

interface KeyWish {
  readonly source: Snapshot;
  readonly region: string;
  readonly isAcross: boolean;
  readonly asked: string | undefined;
}

/** A key never leaves its region, so a copy in another one has to be told which of its own it takes. */
function keyOfCopy(shelf: SnapshotShelf, { source, region, isAcross, asked }: KeyWish): string | undefined {
  if (source.kmsKeyId === undefined) {
    if (asked !== undefined && shelf.family.kind === "cluster-snapshot") {
      throw new AwsError("InvalidParameterCombination", "An unencrypted cluster snapshot takes no KmsKeyId.");
    }
    return asked === undefined ? undefined : shelf.requireKey(region, asked, "target");
  }
  shelf.requireKey(source.region, source.kmsKeyId, "source");
  if (asked !== undefined) return shelf.requireKey(region, asked, "target");
  if (!isAcross) return source.kmsKeyId;
  throw new AwsError("InvalidParameterCombination", "An encrypted snapshot needs a KmsKeyId of this region.");
}

/** The call that the destination makes in the source's region on the caller's behalf, signed by the caller. */
function requirePreSigned(url: string | undefined, from: string, { operation, region }: AwsCall): void {
  const query = url === undefined || !URL.canParse(url) ? undefined : new URL(url).searchParams;
  const signedFor = query?.get("X-Amz-Credential")?.split("/")[2];
  const fits = query?.get("Action") === operation && query.get("DestinationRegion") === region && signedFor === from;
  if (fits) return;
  const what = url === undefined ? "is needed" : `must be a ${operation} for ${region}, signed for ${from}`;
  throw new AwsError("InvalidParameterValue", `PreSignedUrl ${what} to copy an encrypted snapshot from ${from}.`);
}
