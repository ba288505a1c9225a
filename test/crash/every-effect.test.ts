import { afterEach, describe, expect, test } from "@jest/globals";
import { isMove } from "../../src/domain/plan-run/plan.ts";
import { effectsOf, namesOf } from "../harness/calls.ts";
import { mutationsOf, startRun, verdictOf } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { inEachMode } from "../harness/plays.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";
import { standingOf } from "../harness/standing.ts";
import { drawn, THIRDS, thirdOf, WALKED } from "../harness/tables.ts";
import { repeatedIn, undisturbed } from "../harness/undisturbed.ts";
import { refusedRun, twoUnwind, unwoundRun } from "../harness/way-back.ts";
import { peopleEndedSessions } from "./sessions-left.ts";
import { driveThroughEffects, stateOfRun } from "./workers.ts";

const SPEED = 150;
/** Asking twice for the same bounds or the same count is one effect. */
const REPEATABLE = /^(RegisterScalableTarget|UpdateService) /;

let at: FailoverWorld;
afterEach(() => at.stop());

const twice = () => repeatedIn(mutationsOf(at)).filter((call) => !REPEATABLE.test(call));
const sorted = (names: readonly string[]) => names.toSorted((one, other) => one.localeCompare(other));
/** Of the calls after which a worker is killed, those that took effect. */
const effective = (killing: readonly string[]) => namesOf(effectsOf(at)).filter((name) => killing.includes(name));
/** Where the count follows a registration there may be nothing left to ask for. */
const certain = (killedAt: readonly string[]) => {
  const names = new Set(namesOf(effectsOf(at)));
  return sorted(killedAt.filter((name) => names.has(name)));
};

/** Each of `names` once less for each time that it is in `gone`. */
function without(gone: readonly string[], names: readonly string[]): string[] {
  const left = [...names];
  for (const name of gone) if (left.includes(name)) left.splice(left.indexOf(name), 1);
  return left;
}

const MOVES = PROPOSED.filter(({ run }) => run.plan.steps.some(({ role }) => role === "protects"));
const OTHERS = PROPOSED.filter((play) => !MOVES.includes(play));
/** Each death is a process of its own: after a third of the calls one comes in one run. */
const inThirdsOfCalls = (plays: typeof PROPOSED) =>
  THIRDS.flatMap((third) => inEachMode(plays).map((row) => ({ ...row, third })));
const ROWS = [
  ...drawn("effects of a move", inThirdsOfCalls(MOVES)),
  ...drawn("effects of another runbook", inThirdsOfCalls(OTHERS)),
];

describe(`an executor that dies between two calls of one step (G5, X4), ${WALKED}`, () => {
  test.each(ROWS)(
    "$title, $mode, every third call from $third: the run is verified, and nothing was done twice",
    async ({ mode, third, ...play }) => {
      const { calls } = await undisturbed(play, mode);
      const killing = thirdOf(third, namesOf(calls));
      at = await startFailoverWorld({ ...play, speed: SPEED });
      const { plan } = await startRun(at, { ...play, mode });

      const killedAt = await driveThroughEffects(at, killing, SPEED);
      if (await peopleEndedSessions(at))
        killedAt.push(...(await driveThroughEffects(at, without(killedAt, killing), SPEED)));

      process.stdout.write(`${play.title} ${mode}: killed after ${killedAt.join(", ")}\n`);
      expect(await stateOfRun(at)).toBe("verified");
      expect(certain(killedAt)).toEqual(effective(killing));
      expect(twice()).toEqual([]);
      const verdict = await verdictOf(at);
      expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
      expect(verdict.primary).toContain(isMove(plan) ? plan.to : plan.from);
    },
  );

  test.each(drawn("effects of a way back", inThirdsOfCalls(MOVES)))(
    "$title, $mode, every third call from $third: the undo of its fence gives everything back",
    async ({ mode, third, ...play }) => {
      const asked = { play, mode };
      const { undone } = await unwoundRun(asked);
      at = await startFailoverWorld({ ...play, speed: SPEED });
      const before = await standingOf(at);
      await refusedRun(at, asked);
      const killing = thirdOf(third, namesOf(undone));
      const earlier = mutationsOf(at).length;
      await twoUnwind(at);

      const killedAt = await driveThroughEffects(at, killing, SPEED);

      process.stdout.write(`${play.title} ${mode}: killed after ${killedAt.join(", ")}\n`);
      expect(sorted(killedAt)).toEqual(killing);
      expect(await stateOfRun(at)).toMatch(/^unwound/);
      expect(await standingOf(at)).toEqual(before);
      expect(repeatedIn(mutationsOf(at).slice(earlier)).filter((call) => !REPEATABLE.test(call))).toEqual([]);
      expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
    },
  );
});
