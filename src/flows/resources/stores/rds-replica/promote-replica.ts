import { z } from "zod";
import { StepFailed, TransientError } from "../../../../domain/errors.ts";
import type { Happened, Step, StepContext } from "../../../../ports/step.ts";
import { isLasting, sayStatus } from "../../../steps/busy.ts";
import { unlessThere } from "../../../steps/by-hand.ts";
import { MINUTE, NoOutput } from "../../../steps/schemas.ts";
import type { LinkEnded } from "../../abilities.ts";
import { linkEnded } from "./link.ts";
import { promoting } from "./permissions.ts";
import { namesSource } from "./source.ts";

/** Statuses in which a promoted instance serves; `backing-up` takes writes, so waiting for `available` would waste minutes. */
const SERVING = new Set(["available", "backing-up", "storage-optimization"]);
/** World time after which an accepted promotion shows in a description. */
const SHOWN_WITHIN_MS = 60_000;

const Input = z.object({
  region: z.string(),
  instance: z.string(),
  /** The writer that the plan leaves: nothing else may be what it follows. */
  source: z.object({ region: z.string(), instance: z.string() }),
  backupRetentionDays: z.number(),
  /** Planned: nothing may be lost, so it has to follow to the last. */
  mustFollow: z.literal(true).exactOptional(),
});
type Input = z.infer<typeof Input>;
const Data = z.object({
  found: z.enum(["asked", "already-promoted"]),
  /** Nothing arrived at it any more when it was promoted. */
  linkEnded: z.string().exactOptional(),
});
type Data = z.infer<typeof Data>;

/** Cuts the standby's database loose from the old side for good. There is no way back: only a new replica, later. */
export const promoteReplica: Step<Input, Data, Record<string, never>> = {
  name: "promote-replica",
  role: "commits",
  input: Input,
  data: Data,
  dataByHand: () => ({ found: "already-promoted" }),
  output: NoOutput,
  title: ({ region, instance, backupRetentionDays: days }) => `Promote ${instance} in ${region}, backups ${days} d`,
  times: () => ({ expectedMs: 5 * MINUTE, deadlineMs: 40 * MINUTE }),
  controlPlane: ({ region }) => region,
  byHand: ({ region, instance, backupRetentionDays }) => {
    const look = `aws rds describe-db-instances --region ${region} --db-instance-identifier ${instance}`;
    const before =
      "It looks first, and promotes only what follows another database. InvalidDBInstanceState says that it is busy, perhaps with a promotion that was asked for before: paste the block again in a minute.";
    const commands = [
      `source=$(${look} --query 'DBInstances[0].ReadReplicaSourceDBInstanceIdentifier' --output text)`,
      'test -n "$source"',
      ...unlessThere(
        'test "$source" = None',
        `${instance} follows no database: it is promoted already.`,
        `aws rds promote-read-replica --region ${region} --db-instance-identifier ${instance} --backup-retention-period ${backupRetentionDays}`,
      ),
      `${look} --query 'DBInstances[0].[DBInstanceStatus,ReadReplicaSourceDBInstanceIdentifier]'`,
    ];
    return [
      { before, commands, goOn: "when the source is null and the status is available. Available alone is not enough." },
    ];
  },
  happenedByHand: ({ region, instance }) => ({
    before: `RDS shows a promotion up to a minute late: repeat this for a minute. Two writers are worse than none.`,
    commands: [
      `aws rds describe-db-instances --region ${region} --db-instance-identifier ${instance} --query 'DBInstances[0].[DBInstanceStatus,ReadReplicaSourceDBInstanceIdentifier]' --output text`,
    ],
    goOn: `when that says available and what ${instance} follows. None, or another status: it is or may be promoted, so give nothing back.`,
  }),
  permissions: ({ region, instance }) => [promoting(region, instance)],

  async run(input, { cloud, signal, mayHaveAsked }) {
    const now = await cloud.databases.describe(input.region, input.instance, signal);
    if (!now.known) {
      if (now.cause === "unreachable" || now.cause === "failed")
        throw new TransientError("replica-unseen", `${input.instance} cannot be seen: ${now.why}`);
      throw new StepFailed("replica-unseen", `${input.instance} in ${input.region}: ${now.why}`);
    }
    if (now.value.role === "standalone") {
      if (!mayHaveAsked) throw promotedByOthers(input);
      return { requestIds: [], data: { found: "already-promoted" }, already: true };
    }
    requireSource(input, now.value.source, mayHaveAsked);
    const ended = linkEnded(now);
    // Once it was asked for, the link ends by the promotion itself.
    if (ended && input.mustFollow && !mayHaveAsked) throw followsNoMore(ended);
    const answer = await cloud.databases.promote(
      { region: input.region, instance: input.instance, backupRetentionDays: input.backupRetentionDays },
      signal,
    );
    // Busy with what, and for whom, no status tells: somebody else's change looks like a promotion. So RDS is looked at and
    // asked again until it takes the call, or shows the promotion of a call whose answer was lost.
    if (answer.kind === "busy") {
      if (isLasting(now.value.status)) throw promotionFailed(input, now.value.status);
      throw new TransientError("replica-busy", `${input.instance} is ${now.value.status} and busy: ${answer.why}`);
    }
    if (answer.kind === "not-a-replica" && !mayHaveAsked) throw promotedByOthers(input);
    return {
      requestIds: answer.requestIds,
      data: {
        found: answer.kind === "accepted" ? "asked" : "already-promoted",
        ...(ended && !mayHaveAsked && { linkEnded: ended.why }),
      },
      already: answer.kind !== "accepted",
    };
  },

  async verify(input, { linkEnded: ended }, { cloud, signal }) {
    const now = await cloud.databases.describe(input.region, input.instance, signal);
    if (!now.known) return { done: false, says: `cannot be seen: ${now.why}` };
    const { status, role } = now.value;
    if (isLasting(status)) throw promotionFailed(input, status);
    // `available` alone proves nothing: the replica was available before it was promoted (seed error 49).
    if (role === "standalone" && SERVING.has(status))
      return { done: true, says: `promoted, status ${status}${sayLink(ended)}`, output: {} };
    return { done: false, says: role === "replica" ? `still a replica, status ${status}` : `status ${status}` };
  },

  undo: { irreversible: hasHappened },
};

/** `mayHaveAsked`: a promotion ends the link by itself. */
function requireSource({ instance, source, mustFollow }: Input, now: string | undefined, mayHaveAsked: boolean): void {
  const planned = `the plan says ${source.instance} in ${source.region}`;
  if (now === undefined && mustFollow && !mayHaveAsked)
    throw new StepFailed("wrong-source", `RDS does not say what ${instance} follows, ${planned}`);
  if (now !== undefined && !namesSource(now, source))
    throw new StepFailed("wrong-source", `${instance} follows ${now}, ${planned}`);
}

/** The position was written down before, and never goes back: what was signed for still holds. */
const sayLink = (ended: string | undefined): string =>
  ended === undefined ? "" : `; ${ended}: what is lost is what came after the position that was written down`;

/** What was signed counts the loss of a promotion that this run makes; of another one nobody here knows it. */
const promotedByOthers = ({ region, instance }: Input): StepFailed =>
  new StepFailed(
    "promoted-by-others",
    `${instance} in ${region} was promoted, and no answer says that this run did it. Find out who did it, and when: what was written on the old side since is not on it. If it is as you want it, say take-over`,
    { facts: { mustAsk: true } },
  );

/** RDS does not leave such a status by itself, so that neither a further call nor more time helps. */
const promotionFailed = ({ instance, region }: Input, status: string): StepFailed =>
  new StepFailed("promotion-failed", `${instance} in ${region} is ${sayStatus(status)}`);

const followsNoMore = ({ why }: LinkEnded): StepFailed =>
  new StepFailed(
    "link-ended",
    `${why}, and a planned move must lose nothing. Nothing was promoted. Mend its replication and retry, or take another way of its card`,
    { facts: { mustAsk: true } },
  );

/** RDS shows an accepted promotion some seconds late, so one look at a quiet replica proves nothing. */
async function hasHappened({ region, instance }: Input, { cloud, signal }: StepContext): Promise<Happened> {
  const look = async (): Promise<Happened> => {
    const now = await cloud.databases.describe(region, instance, signal);
    if (!now.known) return "unknown";
    if (now.value.role === "standalone") return "yes";
    return now.value.status === "available" ? "no" : "unknown";
  };
  const first = await look();
  if (first !== "no") return first;
  await cloud.clock.sleep(SHOWN_WITHIN_MS, signal);
  return look();
}
