import { expect } from "@jest/globals";
import type { Mode, Plan } from "../../src/domain/plan-run/plan.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../harness/failover-runs.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import { isToggle, modesOf, type Play } from "../harness/plays.ts";
import { drawnOn, SEED, THIRDS, type Third, thirdOf } from "../harness/tables.ts";
import { peopleEndedSessions } from "./sessions-left.ts";
import { driveThroughKills } from "./workers.ts";

/** Where a power cut hurts: around the intent, around the call, around the two records of its outcome. */
export const BOUNDARIES = [
  "before-intent",
  "before-call",
  "after-call",
  "after-asked",
  "before-done",
  "after-done",
] as const;

/** Where nobody can say whether a call was made: a step whose call leads back asks people there. */
export const IN_DOUBT: (typeof BOUNDARIES)[number] = "before-call";

/** Who ends sessions over a connection of its own, and dies between its call and its line, takes with it the only way in. */
const leavesSessions = ({ steps }: Plan, points: readonly string[]): boolean =>
  steps.some(
    (step) => JSON.stringify(step.input).includes('"signedIn":true') && points.includes(`after-call ${step.id}`),
  );

interface Death {
  readonly mode: Mode;
  /** Boundary of the first step; each next step dies at the next boundary. */
  readonly offset: number;
  /** Each death is a process of its own: a third of the steps dies in one run. */
  readonly third: Third;
}

/** Each of them kills a third of the play's steps once; all of them together kill every step at every boundary, in every mode. */
export const deathsOf = (play: Play, everyDays: number, seed = SEED): readonly Death[] =>
  drawnOn(seed, {
    ...{ row: `crash ${play.title}`, everyDays },
    ways: THIRDS.flatMap((third) =>
      modesOf(play).flatMap((mode) => BOUNDARIES.map((_, offset) => ({ mode, offset, third }))),
    ),
  });

interface Dying extends Death {
  readonly play: Play;
  readonly speed: number;
}

/** One worker after another, each dying at a step: over all offsets and thirds every step dies at every boundary. */
export async function diesAtEveryStep(at: FailoverWorld, { play, mode, offset, third, speed }: Dying): Promise<void> {
  const run = await startRun(at, { ...play, mode });
  const everyPoint = run.plan.steps.flatMap((step, index) => {
    const boundary = BOUNDARIES[(index + offset) % BOUNDARIES.length];
    return isToggle(step) && boundary === IN_DOUBT ? [] : [`${boundary} ${step.id}`];
  });
  const points = thirdOf(third, everyPoint);

  const killedAt = await driveThroughKills(at, points, speed);
  const isStopped = await peopleEndedSessions(at);
  expect(isStopped).toBe(leavesSessions(run.plan, points));
  const left = points.filter((point) => !killedAt.includes(point));
  if (isStopped) killedAt.push(...(await driveThroughKills(at, left, speed)));

  process.stdout.write(
    `kills ${play.title} ${mode} ${offset}, third ${third}: ${killedAt.length} of ${points.length} tried\n`,
  );
  expect(new Set(killedAt)).toEqual(new Set(points));
  const ended = await runOf(at);
  expect([ended.state, ended.why]).toEqual(["verified", ""]);
  const mutations = mutationsOf(at);
  expect(mutations.filter((call, index) => mutations.indexOf(call) !== index)).toEqual([]);
  const verdict = await verdictOf(at);
  expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
  const isMoved = run.plan.steps.some(({ role }) => role === "protects");
  expect(verdict.primary).toContain(isMoved ? run.plan.to : run.plan.from);
}
