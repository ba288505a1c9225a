import { StepFailed } from "../../domain/errors.ts";
import type { Known } from "../../domain/service/observed.ts";
import type { Region } from "../../domain/service/service.ts";
import type { SnapshotFacts, SnapshotName } from "../../ports/snapshots.ts";
import type { LookContext, Verdict } from "../../ports/step.ts";
import type { SnapshotOutput } from "./schemas.ts";

/** Words of the AWS CLI for what a snapshot is of, and where its description has the ARN. */
export const CLI = {
  instance: {
    noun: "db-snapshot",
    source: "db-instance",
    list: "DBSnapshots",
    named: "DBSnapshotIdentifier",
    arn: "DBSnapshots[0].DBSnapshotArn",
  },
  cluster: {
    ...{ noun: "db-cluster-snapshot", source: "db-cluster" },
    ...{ list: "DBClusterSnapshots", named: "DBClusterSnapshotIdentifier" },
    arn: "DBClusterSnapshots[0].DBClusterSnapshotArn",
  },
} as const;

/** A list that is empty where no snapshot of that name is there: asked for by its name, AWS would answer with an error. */
export const namedIn = (of: keyof typeof CLI, id: string): string =>
  `--query "${CLI[of].list}[?${CLI[of].named}=='${id}'].${CLI[of].named}" --output text`;

/** Waits for it, as the last command of a block. */
export const waitedFor = (of: keyof typeof CLI, id: string, region: Region) => ({
  before:
    "The last command waits for up to 30 min. When it gives up, paste the block again: it asks for nothing twice.",
  command: `aws rds wait ${CLI[of].noun}-available --region ${region} --${CLI[of].noun}-identifier ${id}`,
  goOn: `at once: ${id} is available.`,
});

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
