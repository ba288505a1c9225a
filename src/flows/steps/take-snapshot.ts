import { z } from "zod";
import { StepFailed, TransientError } from "../../domain/errors.ts";
import type { Step, StepContext } from "../../ports/step.ts";
import { IS_THERE, unlessThere } from "./by-hand.ts";
import { snapshotting } from "./permissions.ts";
import { HOUR, MINUTE, SnapshotOutput } from "./schemas.ts";
import { CLI, namedIn, taken, unreadable, verifySnapshot, waitedFor } from "./snapshot-progress.ts";

/** Takes a manual snapshot under a name that says what it is for. It only adds: nothing is changed, and nothing expires by itself. */
const Input = z.object({
  region: z.string(),
  of: z.enum(["instance", "cluster"]),
  source: z.string(),
  id: z.string(),
  tags: z.record(z.string(), z.string()).readonly(),
});
type Input = z.infer<typeof Input>;
const Data = z.object({ found: z.enum(["asked", "there"]) });
type Data = z.infer<typeof Data>;

export const takeSnapshot: Step<Input, Data, SnapshotOutput> = {
  name: "take-snapshot",
  role: "adds",
  input: Input,
  data: Data,
  dataByHand: () => ({ found: "there" }),
  output: SnapshotOutput,
  title: ({ source, region }) => `Take a snapshot of ${source} in ${region}`,
  // RDS gives no bound: the first snapshot of a large volume takes hours, later ones minutes.
  times: () => ({ expectedMs: 10 * MINUTE, deadlineMs: 6 * HOUR }),
  controlPlane: ({ region }) => region,
  byHand: ({ region, of, source, id }) => {
    const { noun, source: what } = CLI[of];
    const { before, command, goOn } = waitedFor(of, id, region);
    const commands = [
      `there=$(aws rds describe-${noun}s --region ${region} --${what}-identifier ${source} ${namedIn(of, id)})`,
      ...unlessThere(
        IS_THERE,
        `${id} is asked for already.`,
        `aws rds create-${noun} --region ${region} --${what}-identifier ${source} --${noun}-identifier ${id}`,
      ),
      command,
    ];
    return [{ before, commands, goOn }];
  },
  permissions: snapshotting,

  async foreseen({ region, of, id, source }, { cloud, signal }) {
    const found = await cloud.snapshots.find(region, { of, id }, signal);
    if (!found.known) return unreadable(region, found);
    return found.value.source === source ? undefined : `${taken(id, region)}, of ${found.value.source}. Ask again.`;
  },

  async run(input, context) {
    if (await isOurs(input, context)) return { requestIds: [], data: { found: "there" } };
    const answer = await context.cloud.snapshots.create(input, context.signal);
    if (answer.kind === "busy")
      throw new TransientError("database-busy", `${input.source} is not ready for a snapshot: ${answer.why}`);
    // Asked for by an earlier attempt whose answer was lost, or by somebody else: the next look at its source says which.
    if (answer.kind === "already-exists" && !(await isOurs(input, context)))
      throw new TransientError("snapshot-unseen", `${input.id} exists already and cannot be seen yet`);
    const already = answer.kind !== "accepted";
    return { requestIds: answer.requestIds, data: { found: already ? "there" : "asked" }, already };
  },

  verify: ({ region, of, id }, _data, context) => verifySnapshot({ region, of, id }, context),

  undo: "nothing-to-undo",
};

/** The snapshot of that name, if it is of this source; one of another source is in the way for good. */
async function isOurs({ region, of, id, source }: Input, { cloud, signal }: StepContext): Promise<boolean> {
  const found = await cloud.snapshots.find(region, { of, id }, signal);
  if (!found.known) {
    if (found.cause === "absent") return false;
    if (found.cause === "denied") throw new StepFailed("snapshot-unseen", `Snapshots cannot be seen: ${found.why}`);
    throw new TransientError("snapshot-unseen", `Snapshots cannot be seen: ${found.why}`);
  }
  if (found.value.source === source) return true;
  throw new StepFailed("snapshot-name-taken", `${taken(id, region)}, of ${found.value.source}`);
}
