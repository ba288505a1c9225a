import { z } from "zod";
import type { World } from "../world/world.ts";
import { parseArn } from "./arn.ts";
import type { DatabaseChanges } from "./database-changes.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";
import { Tags } from "./snapshot-copy.ts";
import type { Snapshot, SnapshotShelf } from "./snapshot-shelf.ts";

const Tagging = z.strictObject({ ResourceName: z.string(), Tags });
const Listing = z.strictObject({ ResourceName: z.string() });

/** Tags of the resource with this ARN; only snapshots have some. */
export const tagsOn =
  (shelves: readonly SnapshotShelf[]) =>
  (arn: string): Readonly<Record<string, string>> | undefined => {
    const found = snapshotWith(shelves, arn);
    return found && Object.fromEntries(found.tags.map(({ Key, Value = "" }) => [Key, Value]));
  };

/** What is done to snapshots once they are there. Logs `rds.snapshot-deleted`. */
export function keepingOperations(
  { world, changes }: { readonly world: World; readonly changes: Pick<DatabaseChanges, "deleteSnapshot"> },
  shelves: { readonly instance: SnapshotShelf; readonly cluster: SnapshotShelf },
): Readonly<Record<string, AwsOperation>> {
  const all = [shelves.instance, shelves.cluster];
  const require = (arn: string): Snapshot => {
    const found = snapshotWith(all, arn);
    if (!found) throw new AwsError("InvalidParameterValue", `The specified resource name does not match: ${arn}`);
    return found;
  };
  const remove = (shelf: SnapshotShelf, member: string) => (call: AwsCall) => {
    const snapshot = shelf.require(call.region, z.string().parse(call.input[member]));
    if (snapshot.type === "automated") {
      throw new AwsError(shelf.family.errors.state, "Automated snapshots cannot be deleted by themselves.");
    }
    const { identifier, region, status, copyOf } = snapshot;
    if (status === "deleting" || (status === "creating" && copyOf === undefined))
      throw new AwsError(shelf.family.errors.state, `Cannot delete the snapshot in the ${status} state.`);
    snapshot.status = "deleting";
    changes.deleteSnapshot(() => {
      shelf.remove(snapshot);
      world.log.append("rds.snapshot-deleted", { snapshot: identifier, region, requestId: call.requestId });
    });
    return {};
  };
  return {
    DeleteDBSnapshot: { mutates: true, handle: remove(shelves.instance, "DBSnapshotIdentifier") },
    DeleteDBClusterSnapshot: { mutates: true, handle: remove(shelves.cluster, "DBClusterSnapshotIdentifier") },
    AddTagsToResource: {
      mutates: true,
      handle: ({ input }) => {
        const wanted = Tagging.parse(input);
        const snapshot = require(wanted.ResourceName);
        const kept = snapshot.tags.filter(({ Key }) => wanted.Tags.every((tag) => tag.Key !== Key));
        snapshot.tags = [...kept, ...wanted.Tags];
        return {};
      },
    },
    ListTagsForResource: {
      mutates: false,
      handle: ({ input }) => ({ TagList: new XmlList("Tag", require(Listing.parse(input).ResourceName).tags) }),
    },
  };
}

function snapshotWith(shelves: readonly SnapshotShelf[], arn: string): Snapshot | undefined {
  const parsed = parseArn("rds", arn);
  if (!parsed) return undefined;
  const shelf = shelves.find(({ family }) => family.kind === parsed.kind);
  return shelf?.in(parsed.region).find(({ identifier }) => identifier === parsed.name);
}
