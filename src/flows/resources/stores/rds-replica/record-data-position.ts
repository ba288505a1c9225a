import { z } from "zod";
import { sayTime } from "../../../../domain/duration.ts";
import { StepFailed } from "../../../../domain/errors.ts";
import { positionOf } from "../../../../domain/plan-run/data-position.ts";
import { FenceOutput, type Marker } from "../../../../domain/plan-run/fence.ts";
import type { LagFacts, LagSample } from "../../../../domain/service/observed.ts";
import type { HandOnAlike, LookContext, Step, Verdict } from "../../../../ports/step.ts";
import { MINUTE, PositionOutput, SECOND } from "../../../steps/schemas.ts";
import { overLink, unseenLink } from "./link.ts";
import { MarkerTable } from "./login.ts";

/**
 * Writes down how far the standby had followed, right before it is cut loose. A position never goes back, so what the plan
 * knew stays true when the lag can no longer be measured. In planned mode nothing may be missing: the standby must have
 * reached a time at which the writers were stopped already. A lag of zero does not say so, since samples come minutes late;
 * nor does a single sample, since one may be wrong. Each of the newest ones has to say it.
 */
const IN_A_ROW = 3;
/** World time after which people are asked: a replica that works shows a row within seconds. */
const MARKER_WITHIN_MS = 10 * MINUTE;

/** The step that has closed the old side, and may have written a marker row there. */
const FENCE = { roles: ["protects"], output: FenceOutput } satisfies HandOnAlike<unknown>;

const Input = z.object({
  region: z.string(),
  instance: z.string(),
  /** Planned: wait until the replica has everything that was written before this step began. */
  mustReachZero: z.boolean(),
  /** World time until which the plan knew that every commit is on the standby; null: unknown, accepted as such. */
  knownUntilMs: z.number().nullable(),
  /** World time by which a sample of a replica that was cut off may be wrong. */
  blindMs: z.number(),
  /** Where the row of a planned move is to be seen, and which step hands on which one it is. */
  marker: MarkerTable.extend({ fence: z.string(), of: z.string() }).exactOptional(),
});
type Input = z.infer<typeof Input>;
/** World time of the first look: the steps before this one have stopped the writers by then. */
const Data = z.object({
  sinceMs: z.number(),
  /** People go on without the marker row that was promised: they took the step over. */
  bySamples: z.literal(true).exactOptional(),
});
type Data = z.infer<typeof Data>;

export const recordDataPosition: Step<Input, Data, PositionOutput> = {
  name: "record-data-position",
  role: "proves",
  input: Input,
  data: Data,
  dataByHand: (nowMs) => ({ sinceMs: nowMs, bySamples: true }),
  output: PositionOutput,
  title: ({ mustReachZero, instance, marker }) =>
    mustReachZero
      ? `Wait until ${instance} has every commit${marker ? " (proof: a marker row)" : ""}`
      : `Write down how far ${instance} had followed`,
  // CloudWatch shows a minute one to two minutes after it began, and the next ones a minute apart.
  // Where a sample may be wrong for longer than a minute, it proves something that much later.
  times: ({ mustReachZero, marker, blindMs }) => ({
    expectedMs: mustReachZero ? 5 * MINUTE + longerThanUsual(marker ? 0 : blindMs) : 1 * SECOND,
    deadlineMs: 15 * MINUTE + longerThanUsual(mustReachZero && !marker ? blindMs : 0),
    alike: mustReachZero ? "until-zero" : "one-look",
  }),
  controlPlane: ({ region }) => region,
  byHand: ({ region, instance, mustReachZero }) => {
    const commands = [
      `now=$(date +%s) && aws cloudwatch get-metric-statistics --region ${region} --namespace AWS/RDS --metric-name ReplicaLag --dimensions Name=DBInstanceIdentifier,Value=${instance} --period 60 --statistics Maximum --start-time "$(( now - 900 ))" --end-time "$now"`,
    ];
    const goOn = mustReachZero
      ? `when each of the newest ${IN_A_ROW} Timestamps, less its Maximum in seconds, is later than the moment at which the writers stopped.`
      : "when you have written down the newest of the Timestamps, less its Maximum in seconds. Leave out each one with a Maximum of -1: it measured nothing.";
    return [{ commands, goOn }];
  },
  permissions: () => [],
  run: async (_input, { cloud }) => ({ requestIds: [], data: { sinceMs: cloud.clock.now() } }),

  async verify(input, { sinceMs, bySamples }, { cloud, signal, outputOf }) {
    const { marker } = input;
    const fenced = marker && outputOf(marker.fence, FENCE);
    const written = marker && fenced?.markers?.[marker.of];
    if (marker && written) return seenThere(input, { ...marker, written, sinceMs }, { cloud, signal });
    if (marker && !fenced?.unseen && !bySamples) throw markerMissing(input);
    const since = fenced?.unseen && `the old side may have been open after ${sayTime(fenced.unseen.fromMs)}, so `;
    const [measured, facts] = await Promise.all([
      cloud.databases.lag(input.region, input.instance, signal),
      cloud.databases.describe(input.region, input.instance, signal),
    ]);
    const lag = facts.known ? overLink(measured, facts) : unseenLink(measured, facts);
    const missing = input.mustReachZero ? missingIn(lag, { sinceMs, blindMs: input.blindMs }) : undefined;
    if (missing !== undefined)
      return { done: false, says: since ? `${since}samples are awaited: ${missing}` : missing };
    const position = positionOf(lag, input.blindMs);
    const silence = lag.known ? {} : ({ onSilence: true } as const);
    const lastCommitMs = Math.max(position?.atMs ?? 0, input.knownUntilMs ?? 0);
    if (lastCommitMs === 0)
      return {
        done: true,
        says: "how far the standby had followed is unknown, as accepted",
        output: { lastCommitMs: null },
        ...silence,
      };
    const basis = lag.known ? "" : ` (its last known position: ${lag.why})`;
    const says = `${since ?? ""}commits until ${sayTime(lastCommitMs, cloud.clock.now())} are on the standby${basis}`;
    return { done: true, says, output: { lastCommitMs }, ...silence };
  },

  undo: "nothing-to-undo",
};

const longerThanUsual = (blindMs: number): number => Math.max(0, blindMs - MINUTE);

interface Awaited extends z.infer<typeof MarkerTable> {
  readonly written: Marker;
  readonly sinceMs: number;
}

/** The replica itself says that it has the row, and with it all that was committed before. No metric is asked. */
async function seenThere(
  { instance, region }: Input,
  { login, table, written, sinceMs }: Awaited,
  { cloud, signal }: Pick<LookContext, "cloud" | "signal">,
): Promise<Verdict<PositionOutput>> {
  const seen = await cloud.sessions.isMarked({ login, table }, written, signal);
  const at = sayTime(written.number, cloud.clock.now());
  if (seen.known && seen.value)
    return {
      done: true,
      says: `every commit is on the standby: it has the marker row that was written at ${at}, when the writers had ended`,
      output: { lastCommitMs: written.number },
    };
  const why = seen.known ? "it is not there" : seen.why;
  if (cloud.clock.now() - sinceMs < MARKER_WITHIN_MS)
    return { done: false, says: `waiting for the marker row of ${at} on ${instance}: ${why}` };
  throw new StepFailed(
    "marker-unseen",
    `${instance} in ${region} does not show the marker row of ${at}: ${why}. Commits are missing there, or nobody can see them. Nothing was promoted. Mend the replication and retry, or take another way of its card`,
    { facts: { mustAsk: true } },
  );
}

/** Whoever fenced it has left no row that anybody knows, and it is closed now: nobody can write one any more. */
const markerMissing = ({ instance, region }: Input): StepFailed =>
  new StepFailed(
    "marker-missing",
    `No marker row is known that ${instance} in ${region} could show. So it is not proven that every commit is there, and nothing was promoted. Abort, and the old side serves again: the next plan writes a new row. Or take this step over: then ${IN_A_ROW} samples of the lag have to prove it`,
    { facts: { mustAsk: true } },
  );

interface Reaching {
  readonly sinceMs: number;
  readonly blindMs: number;
}

/** Why the standby may not have every commit yet; undefined where the newest samples in a row say that it has. */
function missingIn(lag: LagFacts, { sinceMs, blindMs }: Reaching): string | undefined {
  if (!lag.known) return `lag is unknown: ${lag.why}`;
  // By as much as the engine may be wrong over a silent link: nobody has noticed the silence yet.
  const reachedMs = ({ measuredAtMs, seconds }: LagSample) => measuredAtMs - seconds * 1_000 - blindMs;
  const newest = (lag.recent ?? [lag.value]).slice(0, IN_A_ROW);
  const late = newest.findIndex((sample) => sample.seconds < 0 || reachedMs(sample) < sinceMs);
  if (late === -1 && newest.length === IN_A_ROW) return undefined;
  const stopped = sayTime(sinceMs);
  if (late === 0)
    return `the standby had commits until ${sayTime(reachedMs(lag.value))}, and the writers stopped at ${stopped}`;
  const good = late === -1 ? newest.length : late;
  return `${good} of ${IN_A_ROW} samples in a row say that the standby has every commit until ${stopped}`;
}
