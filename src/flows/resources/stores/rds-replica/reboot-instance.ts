import { z } from "zod";
import { StepFailed, TransientError } from "../../../../domain/errors.ts";
import type { DatabaseFacts, RebootAnswer } from "../../../../ports/databases.ts";
import type { Happened, Step, StepContext } from "../../../../ports/step.ts";
import { MINUTE } from "../../../steps/schemas.ts";
import { rebooting } from "./permissions.ts";

/**
 * Reboots a Multi-AZ instance onto its standby. The call is a toggle: made twice it leads back. So it is made once: where
 * nobody can say whether an earlier call has arrived, the run stops and people look.
 */
const Input = z.object({
  region: z.string(),
  instance: z.string(),
  /** Availability zone that it runs in when the plan is made: the one that it is to leave. */
  leaves: z.string(),
});
type Input = z.infer<typeof Input>;
const Data = z.object({ found: z.enum(["asked", "moved"]), askedAtMs: z.number() });
type Data = z.infer<typeof Data>;
const Output = z.object({ zone: z.string() });

const MOST_REFUSALS = 5;
/** World time. */
const REFUSED_WAIT_MS = 2_000;

/** What RDS says of a failover that it has begun or ended (RDS-EVENT-0013, -0015, -0065, -0049). */
const FAILOVER_EVENT = /failover (started|completed)/i;

export const rebootFailover: Step<Input, Data, z.infer<typeof Output>> = {
  name: "reboot-instance",
  role: "commits",
  leadsBack: true,
  input: Input,
  data: Data,
  dataByHand: (nowMs) => ({ found: "moved", askedAtMs: nowMs - SHOWS_WITHIN_MS }),
  output: Output,
  title: ({ instance, leaves }) => `Reboot ${instance} onto its standby, away from ${leaves}`,
  times: () => ({ expectedMs: 2 * MINUTE, deadlineMs: 30 * MINUTE }),
  controlPlane: ({ region }) => region,
  byHand: ({ region, instance, leaves }) => {
    const events = `aws rds describe-events --region ${region} --source-type db-instance --source-identifier ${instance} --duration 60 --query 'Events[].[Date,Message]' --output text`;
    return [
      {
        before: `This only looks: TwoKey may have made the call already. Events come late, so repeat the last command for two minutes. Does an event since the run began tell of a failover, or does ${instance} run elsewhere than in ${leaves}? Then this step is done: skip its next block, and go on when the status is available.`,
        commands: [
          `aws rds describe-db-instances --region ${region} --db-instance-identifier ${instance} --query 'DBInstances[0].[DBInstanceStatus,AvailabilityZone]' --output text`,
          events,
        ],
        goOn: `when the first says available and ${leaves}, and no event since the run began tells of a failover.`,
      },
      {
        commands: [
          "date -u +%Y-%m-%dT%H:%M:%SZ",
          `aws rds reboot-db-instance --region ${region} --db-instance-identifier ${instance} --force-failover`,
          events,
        ],
        goOn: "when that says that the failover is completed, at a time after the one that the block printed first.",
      },
    ];
  },
  happenedByHand: ({ region, instance, leaves }) => ({
    commands: [
      `aws rds describe-db-instances --region ${region} --db-instance-identifier ${instance} --query 'DBInstances[0].[DBInstanceStatus,AvailabilityZone]' --output text`,
    ],
    goOn: `when that says available and ${leaves}. Anything else: it has or may have failed over.`,
  }),
  permissions: ({ region, instance }) => [rebooting(region, instance)],

  async run(input, context) {
    const { cloud, tries } = context;
    const nowMs = cloud.clock.now();
    const facts = await seen(input, context);
    if (hasMoved(facts, input)) return { requestIds: [], data: { found: "moved", askedAtMs: nowMs } };
    if (tries > 1) return { requestIds: [], data: { found: "asked", askedAtMs: await whenTaken(input, context) } };
    if (facts.status !== "available")
      throw mustAsk("database-busy", `${input.instance} is ${facts.status}. Retry when it is available`);
    const answer = await askOnce(input, context);
    if (answer.kind === "not-multi-az")
      throw mustAsk("not-multi-az", `${input.instance} has no standby to fail over to`);
    if (answer.kind === "busy") throw mustAsk("database-busy", `${input.instance} is busy: ${answer.why}`);
    return { requestIds: answer.requestIds, data: { found: "asked", askedAtMs: nowMs } };
  },

  async verify(input, { askedAtMs }, { cloud, signal }) {
    const now = await cloud.databases.describe(input.region, input.instance, signal);
    if (!now.known) return { done: false, says: `cannot be seen: ${now.why}` };
    const { status, availabilityZone: zone } = now.value;
    if (status !== "available") return { done: false, says: `status ${status}` };
    if (zone !== undefined && zone !== input.leaves) return { done: true, says: `runs in ${zone}`, output: { zone } };
    // A description may show the old zone for minutes; the events say that it happened, but not where it runs now.
    const events = await cloud.databases.events({ ...input, sinceMs: askedAtMs }, signal);
    const told = events.known && events.value.some(({ says }) => FAILOVER_EVENT.test(says));
    return {
      done: false,
      says: told ? "RDS has failed over; the new zone is not shown yet" : `still in ${input.leaves}`,
    };
  },

  undo: { irreversible: hasHappened },
};

/** A refusal that did nothing is asked again here, where it is certain; everything else is left to people. */
async function askOnce({ region, instance }: Input, { cloud, signal }: StepContext): Promise<RebootAnswer> {
  for (let left = MOST_REFUSALS; ; left -= 1) {
    try {
      return await cloud.databases.reboot({ region, instance, forceFailover: true }, signal);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      if (left === 0) throw mustAsk("reboot-refused", `The reboot of ${instance} was not taken: ${error.message}`);
      await cloud.clock.sleep(REFUSED_WAIT_MS, signal);
    }
  }
}

const hasMoved = ({ availabilityZone: zone }: DatabaseFacts, { leaves }: Input): boolean =>
  zone !== undefined && zone !== leaves;

/** World time in which a reboot that was taken shows by itself, and between two looks for it. */
const SHOWS_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 5_000;

/**
 * An earlier call may have arrived. Where it has, it shows: the instance reboots, or RDS tells of a failover. Where it does
 * not show, nobody knows, and nothing is asked again. Resolves to a time before the call.
 */
async function whenTaken(input: Input, context: StepContext): Promise<number> {
  const { cloud, signal } = context;
  const sinceMs = cloud.clock.now() - SHOWS_WITHIN_MS;
  for (let waitedMs = 0; waitedMs <= SHOWS_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
    const facts = await seen(input, context);
    if (facts.status !== "available" || hasMoved(facts, input)) return sinceMs;
    const events = await cloud.databases.events({ ...input, sinceMs }, signal);
    if (events.known && events.value.some(({ says }) => FAILOVER_EVENT.test(says))) return sinceMs;
    await cloud.clock.sleep(LOOK_EVERY_MS, signal);
  }
  throw doubt(input);
}

const mustAsk = (code: string, why: string) => new StepFailed(code, why, { facts: { mustAsk: true } });

const doubt = ({ instance, leaves }: Input) =>
  mustAsk(
    "reboot-unknown",
    `Nobody can say whether the reboot of ${instance} was taken: it is still shown in ${leaves}. Look at its events; a second reboot would lead back. Retry only if no failover shows there`,
  );

async function seen({ region, instance }: Input, { cloud, signal }: StepContext): Promise<DatabaseFacts> {
  const now = await cloud.databases.describe(region, instance, signal);
  if (!now.known) throw mustAsk("database-unseen", `${instance} cannot be seen: ${now.why}`);
  return now.value;
}

/** A quiet instance in its old zone proves nothing, since descriptions lag: only a move that is seen is an answer. */
async function hasHappened(input: Input, context: StepContext): Promise<Happened> {
  const now = await context.cloud.databases.describe(input.region, input.instance, context.signal);
  return now.known && hasMoved(now.value, input) ? "yes" : "unknown";
}
