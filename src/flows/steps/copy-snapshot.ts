import { z } from "zod";
import { StepFailed, TransientError } from "../../domain/errors.ts";
import type { SnapshotFacts } from "../../ports/snapshots.ts";
import type { Step, StepContext } from "../../ports/step.ts";
import { IS_THERE, readAs, unlessThere } from "./by-hand.ts";
import { copying } from "./permissions.ts";
import { HOUR, MINUTE, SnapshotOutput } from "./schemas.ts";
import { CLI, namedIn, taken, unreadable, verifySnapshot, waitedFor } from "./snapshot-progress.ts";

/** Copies a snapshot to another region, under a key that exists there. The target region's control plane copies, and reads from the source. */
const Input = z.object({
  from: z.string(),
  to: z.string(),
  of: z.enum(["instance", "cluster"]),
  id: z.string(),
  /** A copy is never called as an original is: the role that deletes copies knows them by it. */
  copyId: z.string(),
  /** Key of the target region; null: the original is not encrypted. */
  kmsKey: z.string().nullable(),
  tags: z.record(z.string(), z.string()).readonly(),
});
type Input = z.infer<typeof Input>;
const Data = z.object({ found: z.enum(["asked", "there"]) });
type Data = z.infer<typeof Data>;

export const copySnapshot: Step<Input, Data, SnapshotOutput> = {
  name: "copy-snapshot",
  role: "adds",
  input: Input,
  data: Data,
  dataByHand: () => ({ found: "there" }),
  output: SnapshotOutput,
  title: ({ id, to }) => `Copy ${id} to ${to}`,
  times: () => ({ expectedMs: 20 * MINUTE, deadlineMs: 12 * HOUR }),
  controlPlane: ({ to }) => to,
  byHand: ({ from, to, of, id, copyId, kmsKey }) => {
    const { noun, arn } = CLI[of];
    const { before, command, goOn } = waitedFor(of, copyId, to);
    const key = kmsKey === null ? "" : ` --kms-key-id ${kmsKey}`;
    const commands = [
      ...readAs(
        "copied",
        `aws rds describe-${noun}s --region ${from} --${noun}-identifier ${id} --query '${arn}' --output text`,
      ),
      `there=$(aws rds describe-${noun}s --region ${to} ${namedIn(of, copyId)})`,
      ...unlessThere(
        IS_THERE,
        `${copyId} is asked for already.`,
        `aws rds copy-${noun} --region ${to} --source-region ${from} --source-${noun}-identifier "$copied" --target-${noun}-identifier ${copyId}${key}`,
      ),
      command,
    ];
    return [{ before, commands, goOn }];
  },
  permissions: copying,

  async foreseen({ from, to, of, copyId }, { cloud, signal }) {
    const found = await cloud.snapshots.find(to, { of, id: copyId }, signal);
    if (!found.known) return unreadable(to, found);
    return isCopyFrom(from, found.value) ? undefined : `${taken(copyId, to)}, and is no copy from ${from}. Ask again.`;
  },

  async run(input, context) {
    if (await isThere(input, context)) return { requestIds: [], data: { found: "there" } };
    await refuseBadKey(input, context);
    const { kmsKey, ...wish } = input;
    const answer = await context.cloud.snapshots.copy({ ...wish, ...(kmsKey ? { kmsKey } : {}) }, context.signal);
    if (answer.kind === "busy")
      throw new TransientError("snapshot-busy", `${input.id} cannot be copied yet: ${answer.why}`);
    const already = answer.kind !== "accepted";
    return { requestIds: answer.requestIds, data: { found: already ? "there" : "asked" }, already };
  },

  async verify({ to, of, id, copyId, from, kmsKey }, _data, context) {
    const verdict = await verifySnapshot({ region: to, of, id: copyId }, context);
    if (!verdict.done) return verdict;
    if (kmsKey !== null && !verdict.output.encrypted)
      throw new StepFailed(
        "copy-not-encrypted",
        `The copy of ${id} in ${to} is not encrypted; the original in ${from} is`,
      );
    return verdict;
  },

  undo: "nothing-to-undo",
};

const isCopyFrom = (from: string, { copyOf }: SnapshotFacts): boolean => copyOf?.includes(`:${from}:`) === true;

async function isThere({ to, of, copyId, from }: Input, { cloud, signal }: StepContext): Promise<boolean> {
  const found = await cloud.snapshots.find(to, { of, id: copyId }, signal);
  if (!found.known) {
    if (found.cause === "absent") return false;
    throw new TransientError("snapshot-unseen", `Snapshots of ${to} cannot be seen: ${found.why}`);
  }
  if (isCopyFrom(from, found.value)) return true;
  throw new StepFailed("snapshot-name-taken", `${taken(copyId, to)}, and is no copy from ${from}`);
}

/** A copy under a key that is disabled or gone ends `failed` after its whole time; asking first costs one call. */
async function refuseBadKey({ to, kmsKey }: Input, { cloud, signal }: StepContext): Promise<void> {
  if (kmsKey === null) return;
  const key = await cloud.snapshots.keyState(to, kmsKey, signal);
  if (!key.known && key.cause === "absent")
    throw new StepFailed("key-absent", `The key ${kmsKey} does not exist in ${to}`);
  if (key.known && !key.value.isUsable)
    throw new StepFailed("key-unusable", `The key ${kmsKey} in ${to} is ${key.value.state}`);
}
