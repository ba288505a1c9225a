import { expect } from "@jest/globals";
import type { Plan } from "../../src/domain/plan-run/plan.ts";
import { type FailoverWorld, mutationsOf, runOf, startRun, verdictOf } from "../harness/failover-world.ts";
import { isToggle, type Play } from "../harness/plays.ts";
import { drawn } from "../harness/tables.ts";
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

/** A call of an instance that leads back when it is made twice: who cannot see whether it was made asks people. */
export const TOGGLES: Readonly<Record<string, (typeof BOUNDARIES)[number]>> = { "reboot-failover": "before-call" };

/** Who ends sessions over a connection of its own, and dies between its call and its record, takes with it the only way in. */
const leavesSessions = ({ steps }: Plan, points: readonly string[]): boolean =>
  steps.some(
    (step) => JSON.stringify(step.input).includes('"signedIn":true') && points.includes(`after-call ${step.id}`),
  );

/** Each of them kills every step of the play once; all of them together kill every step at every boundary. */
export const offsetsOf = ({ title }: Play): readonly number[] =>
  drawn(
    `crash ${title}`,
    BOUNDARIES.map((_, offset) => offset),
  );

interface Dying {
  readonly play: Play;
  /** Boundary of the first step; each next step dies at the next boundary. */
  readonly offset: number;
  readonly speed: number;
}

/** One worker after another, each dying at a step: over all offsets every step dies at every boundary. */
export async function diesAtEveryStep(at: FailoverWorld, { play, offset, speed }: Dying): Promise<void> {
  const run = await startRun(at, play);
  const points = run.plan.steps.flatMap((step, index) => {
    const boundary = BOUNDARIES[(index + offset) % BOUNDARIES.length];
    return isToggle(step) && boundary === TOGGLES[play.runbook] ? [] : [`${boundary} ${step.id}`];
  });

  const killedAt = await driveThroughKills(at, points, speed);
  const isStopped = await peopleEndedSessions(at);
  expect(isStopped).toBe(leavesSessions(run.plan, points));
  const left = points.filter((point) => !killedAt.includes(point));
  if (isStopped) killedAt.push(...(await driveThroughKills(at, left, speed)));

  process.stdout.write(`kills ${play.title} ${offset}: ${killedAt.length} of ${points.length} tried\n`);
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
