import { afterEach, describe, expect, test } from "@jest/globals";
import type { Mode } from "../../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import { type Effect, everyEffectIn, ownParameter } from "../../harness/calls.ts";
import { drive } from "../../harness/drive.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { isToggle, modesOf, type Play } from "../../harness/plays.ts";
import { PROPOSED } from "../../harness/proposed-plays.ts";
import { standingOf } from "../../harness/standing.ts";
import { drawn, WALKED } from "../../harness/tables.ts";
import { commitsOf, everyCommit, refusedRun, twoUnwind, type Unwound, unwoundRun } from "../../harness/way-back.ts";
import { expectGivenBack } from "./ends.ts";

const SPEED = 200;

let at: FailoverWorld | undefined;
afterEach(async () => {
  await at?.stop();
  at = undefined;
});

interface Row {
  readonly title: string;
  readonly play: Play;
  readonly mode: Mode;
}

/** Runbooks that pass a point of no return, drawn in one mode or the other. */
const ROWS: Row[] = PROPOSED.filter(({ run }) => commitsOf(run).length > 0).flatMap((play) =>
  drawn(`undo ${play.title}`, modesOf(play)).map((mode) => ({ title: play.title, play, mode })),
);

const runOfPlay = ({ title }: Play): RunState => {
  const proposed = PROPOSED.find((each) => each.title === title);
  if (!proposed) throw new Error(`nobody has planned ${title}`);
  return proposed.run;
};

const UNWOUND: (Row & Unwound)[] = [];
for (const row of ROWS) UNWOUND.push({ ...row, ...(await unwoundRun(row)) });

const LEADING_BACK = UNWOUND.filter(({ run }) => commitsOf(run).some(isToggle));
const OTHERS = UNWOUND.filter((each) => !LEADING_BACK.includes(each));

describe(`a run that was refused at its point of no return and that two approvers unwind, ${WALKED}`, () => {
  test.each(OTHERS)("gives everything back: $title, $mode", ({ stopped, run, undone, before, after, holder }) => {
    expect(stopped).toMatchObject({ state: "stopped", pastNoReturn: true });
    expect(run.state).toBe("unwound");
    expect(after).toEqual(before);
    expect(undone.length > 0).toBe(run.plan.steps.some(({ role }) => role === "protects"));
    const back = run.plan.steps.filter(({ wayBack }) => wayBack === "undo").map(({ id }) => stateOf(run, id).state);
    // What waits for the point of no return was never begun.
    expect(back.filter((state) => state !== "undone" && state !== "waiting")).toEqual([]);
    expect(holder).toBeUndefined();
  });

  test.each(LEADING_BACK)(
    "$title: stays stopped, for nobody can say that a call that leads back was never made",
    ({ run, undone }) => {
      expect([run.state, run.why]).toEqual(["stopped", expect.stringContaining("Nothing was undone")]);
      expect(undone).toEqual([]);
    },
  );
});

const sayEffect = (effect: Effect, all: readonly Effect[]): string => {
  const parameter = ownParameter(effect, all);
  return `${effect.operation} in ${effect.region}${parameter === undefined ? "" : ` for ${parameter}`}`;
};

/** Every call of an undo, denied alone. */
const DENIALS = UNWOUND.filter(
  ({ title }, index) => UNWOUND.findIndex((each) => each.title === title) === index,
).flatMap(({ title, play, undone }) => {
  const rows = undone.flatMap((effect) =>
    modesOf(play).map((mode) => ({
      title,
      play,
      mode,
      effect,
      what: sayEffect(effect, undone),
      parameter: ownParameter(effect, undone),
    })),
  );
  return rows.length === 0 ? [] : drawn(`undo denied ${title}`, rows);
});

describe(`an undo, ${WALKED}`, () => {
  test.each(DENIALS)(
    "that is itself denied $what leaves the run stuck, and tried again it gives everything back: $title, $mode",
    async ({ effect, parameter, ...row }) => {
      at = await startFailoverWorld({ ...row.play, speed: SPEED });
      const before = await standingOf(at);
      await refusedRun(at, row);
      await twoUnwind(at);
      const denial = at.whole.world.faults.plan({
        ...{ vendor: "aws", operation: effect.operation, region: effect.region },
        ...(parameter === undefined ? {} : { parameter }),
        effect: { kind: "error", status: 400, code: "AccessDenied" },
      });

      const stuck = await drive(at);

      expect(denial.taken).toBeGreaterThan(0);
      expect(stuck.state).toBe("stuck");
      expect(await at.memory.runs.holderOf(at.service.name)).toBe("F-1");
      denial.cancel();
      await twoUnwind(at);
      await expectGivenBack(at, await drive(at), before);
    },
  );

  const SEVERAL = ROWS.filter(({ play }) => everyCommit(runOfPlay(play)).length > 1).flatMap((row) =>
    drawn(`one commit of ${row.title}`, everyCommit(runOfPlay(row.play))).map((refused) => ({ ...row, refused })),
  );
  test.each(SEVERAL)(
    "is none where only $refused was refused, and another store has a new writer already: $title, $mode",
    async ({ refused, ...row }) => {
      at = await startFailoverWorld({ ...row.play, speed: SPEED });
      await refusedRun(at, row, () => [refused]);
      const earlier = everyEffectIn(at);
      await twoUnwind(at);

      const run = await drive(at);

      expect([run.state, run.why]).toEqual(["stopped", expect.stringContaining("Nothing was undone")]);
      expect(everyEffectIn(at)).toEqual(earlier);
    },
  );
});
