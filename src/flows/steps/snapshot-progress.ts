import { StepFailed } from "../../domain/errors.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Region } from "../../domain/service/service.ts";
import type { SnapshotFacts, SnapshotName } from "../../ports/snapshots.ts";
import type { LookContext, Verdict } from "../../ports/step.ts";
import type { SnapshotOutput } from "./schemas.ts";

/** Words of the AWS CLI for what a snapshot is of, and where its description has the ARN. */
export const CLI = {
  instance: { noun: "db-snapshot", source: "db-instance", arn: "DBSnapshots[0].DBSnapshotArn" },
  cluster: {
    ...{ noun: "db-cluster-snapshot", source: "db-cluster" },
    arn: "DBClusterSnapshots[0].DBClusterSnapshotArn",
  },
} as const;

/** Why a snapshot of that name could not be looked for; undefined: it could, or nobody answers now. */
export const unreadable = (region: Region, now: Known<SnapshotFacts>): string | undefined =>
  !now.known && now.cause === "denied"
    ? `TwoKey may not read snapshots in ${region}, so nobody could see that one is there: ${now.why}. Allow what twokey policy observe prints.`
    : undefined;

/** The name holds the plan's id, so that it is somebody else's. */
export const taken = (id: string, region: Region): string => `A snapshot called ${id} exists in ${region} already`;

/** Statuses that a snapshot does not leave by itself. */
const TERMINAL = /^(failed|incompatible-)/;

/** Whether a snapshot is there and can be restored from; `available` alone counts. */
export async function verifySnapshot(
  { region, of, id }: SnapshotName & { readonly region: Region },
  { cloud, signal }: Pick<LookContext, "cloud" | "signal">,
): Promise<Verdict<SnapshotOutput>> {
  const found = await cloud.snapshots.find(region, { of, id }, signal);
  if (!found.known) return { done: false, says: `${id} cannot be seen in ${region}: ${found.why}` };
  const { status, percent, arn, encrypted, kmsKey, takenAtMs } = found.value;
  if (TERMINAL.test(status)) throw new StepFailed("snapshot-failed", `${id} in ${region} went to status ${status}`);
  if (status !== "available") return { done: false, says: `${status}, ${percent} %` };
  return {
    done: true,
    says: `${id} is available in ${region}${encrypted ? ", encrypted" : ", not encrypted"}`,
    output: { arn, encrypted, kmsKey: kmsKey ?? null, takenAtMs: takenAtMs ?? null },
  };
}
