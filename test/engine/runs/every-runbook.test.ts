import { afterEach, describe, expect, test } from "@jest/globals";
import { type Mode, type Plan, stepOf } from "../../../src/domain/plan-run/plan.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { runbookOf } from "../../../src/flows/runbooks/index.ts";
import type { FaultInput, PlannedFault } from "../../../src/simulators/world/faults.ts";
import { type Call, fault, namesOf, sayCall } from "../../harness/calls.ts";
import { drive } from "../../harness/drive.ts";
import { example } from "../../harness/example.ts";
import { mutationsOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { changesOf, linesOfBlock, pasted, sayChange, stockOf } from "../../harness/pasted.ts";
import { isToggle, modesOf, PLAYS, type Play, REFUSALS, REFUSED } from "../../harness/plays.ts";
import { standingOf } from "../../harness/standing.ts";
import { drawn, inThirds, WALKED } from "../../harness/tables.ts";
import { type Undisturbed, undisturbed } from "../../harness/undisturbed.ts";
import { expectGivenBack, expectLeftToPeople, expectStopped, expectVerified, isPast } from "./ends.ts";

const SPEED = 200;
/** Machine time: so long that a busy machine is not taken for a silent one; and the pace at which that is under two minutes of the world. */
const SILENCE = { answerWithinMs: 2_500, speed: 40 };

let at: FailoverWorld | undefined;
afterEach(async () => {
  await at?.stop();
  at = undefined;
});

/** The world of this test, which ends with it. */
async function world(play: Play, pace: Partial<typeof SILENCE> = {}): Promise<FailoverWorld> {
  at = await startFailoverWorld({ ...play, speed: SPEED, ...pace });
  return at;
}

interface Row {
  readonly play: Play;
  readonly title: string;
  readonly mode: Mode;
}

/** The ordinary service each day, and of the others a third. */
const ORDINARY = ({ service }: Play): boolean => service === "inventory";
const turnOf = (play: Play): number => (ORDINARY(play) ? 1 : 3);
const WALKING: readonly Play[] = [
  ...PLAYS.filter(ORDINARY),
  ...inThirds(
    "plays of every runbook",
    PLAYS.filter((play) => !ORDINARY(play)),
  ),
];

/** What each play does when nothing goes wrong. It also shows every call that the tables below walk. */
const WALKS: (Row & Undisturbed)[] = [];
for (const play of WALKING)
  for (const mode of drawn(`undisturbed ${play.title}`, modesOf(play), turnOf(play)))
    WALKS.push({ play, title: play.title, mode, ...(await undisturbed(play, mode)) });

const walkOf = ({ title }: Play): Undisturbed => {
  const walk = WALKS.find((each) => each.title === title);
  if (!walk) throw new Error(`nobody has walked ${title}`);
  return walk;
};

test.each(REFUSALS)("$title is refused for good", async (play) => {
  const here = await world(play);

  await expect(startRun(here, play)).rejects.toThrow(REFUSED[play.title]);
});

describe(`a run of any runbook, ${WALKED}`, () => {
  test.each(WALKS)(
    "of $title, $mode, ends verified, and each step run twice does nothing twice",
    ({ run, calls, effects, repeated, holder, denied }) => {
      // What the form and a pipeline are told is what the plan asks for (G1).
      expect(run.plan.keysRequired === 0).toBe(runbookOf(run.plan).needs === "responder");
      expect([run.state, run.why]).toEqual(["verified", ""]);
      expect(repeated).toEqual([]);
      // Nothing is done that no step has asked for, so that the tables below leave nothing out.
      expect(namesOf(calls.filter(({ isFollowed }) => !isFollowed))).toEqual(effects);
      expect(holder).toBeUndefined();
      // Each call left in the session of its own step, and the role's own policy is the one that the documents have.
      expect(denied).toEqual([]);
    },
  );
});

/**
 * Each once, in no order. Where auto scaling is registered the count follows by itself, so that asking for the count as well
 * is a race that both may lose.
 */
function changed(changes: readonly string[]): string[] {
  const isScaled = (change: string) => changes.includes(change.replace("updateservice", "registerscalabletarget"));
  const lasting = changes.filter((change) => !change.startsWith("updateservice") || !isScaled(change));
  return [...new Set(lasting)].toSorted((one, other) => one.localeCompare(other));
}

describe.each(WALKS)("the commands by hand of $title, $mode", ({ play, run, calls }) => {
  const stock = stockOf(example(play.example));

  test.each(run.plan.steps.map((step) => ({ ...step, title: step.id })))(
    "make the calls that step $title makes, and no others",
    ({ id, byHand }) => {
      const made = calls.filter((call) => call.step === id);

      const told = changesOf(pasted(byHand.flatMap(linesOfBlock), stock));

      expect(changed(told)).toEqual(changed(made.map(({ operation, region }) => sayChange(operation, region))));
    },
  );
});

/** A call of a play, alone. */
interface CallRow extends Row {
  readonly call: Call;
  readonly what: string;
}

const rowsOf = (play: Play, call: Call): CallRow[] =>
  modesOf(play).map((mode) => ({ play, title: play.title, mode, call, what: sayCall(call, walkOf(play).calls) }));

const isLeft = (plan: Plan, { step }: Call): boolean => STEPS[stepOf(plan, step).does]?.leftToPeople !== undefined;

const DENIED = { kind: "error", status: 400, code: "AccessDenied" } as const;
/** Each part of a plan, by the role of its steps: its calls in each mode are the ways of one row. */
function partsOf(play: Play): readonly (readonly [role: string, rows: readonly CallRow[]])[] {
  const { run, calls } = walkOf(play);
  const roleOf = ({ step }: Call) => stepOf(run.plan, step).role;
  return [...new Set(calls.map(roleOf))].map((role) => [
    role,
    calls.filter((call) => roleOf(call) === role).flatMap((call) => rowsOf(play, call)),
  ]);
}
const PARTS = WALKING.flatMap((play) =>
  partsOf(play).map(([role, rows]) => ({ part: `${play.title} ${role}`, rows, everyDays: turnOf(play) })),
);

const DENIALS = PARTS.flatMap(({ part, rows, everyDays }) => drawn(`denied ${part}`, rows, everyDays));

interface Passing {
  readonly trouble: string;
  readonly effect: FaultInput["effect"];
  readonly times: number;
  /** Nothing was done, and nobody has said so. */
  readonly isDoubtful?: boolean;
}
const PASSING: readonly Passing[] = [
  { trouble: "its answer is lost after its effect", effect: { kind: "drop-after" }, times: 1 },
  { trouble: "its connection is cut before any effect", effect: { kind: "drop-before" }, times: 1, isDoubtful: true },
  { trouble: "it is throttled three times", effect: { ...DENIED, code: "ThrottlingException" }, times: 3 },
  { trouble: "it hangs and nothing happened", effect: { kind: "hang" }, times: 1, isDoubtful: true },
  { trouble: "it hangs and it happened", effect: { kind: "hang-after" }, times: 1 },
];

/** Here the troubles of those calls are ways as well. */
const TROUBLES = PARTS.flatMap(({ part, rows, everyDays }) => {
  const ways = rows.flatMap((row) => PASSING.map((passing) => ({ ...row, ...passing })));
  return drawn(`trouble of ${part}`, ways, everyDays);
});

describe(`every call of every step, alone, ${WALKED}`, () => {
  test.each(DENIALS)(
    "$title, $mode, is denied $what: it is given back before the point of no return, and after it the run stops, or leaves to people what nothing waits for",
    async ({ play, mode, call }) => {
      const here = await world(play);
      const before = await standingOf(here);
      const { plan } = await startRun(here, { ...play, mode });
      const { calls } = walkOf(play);
      let denial: PlannedFault | undefined;

      const run = await drive(here, {
        onIntent: (id) => {
          if (id === call.step) denial = here.whole.world.faults.plan(fault(plan, call, { effect: DENIED }));
        },
        // The way back may need the same call.
        onFailure: () => denial?.cancel(),
      });

      expect(denial?.taken).toBeGreaterThan(0);
      expect(run.pastNoReturn).toBe(isPast(plan.steps, call.step));
      if (isLeft(plan, call)) await expectLeftToPeople(here, run, { step: call.step, calls });
      else if (run.pastNoReturn) await expectStopped(here, run, { step: call.step, calls });
      else await expectGivenBack(here, run, before);
    },
  );

  test.each(TROUBLES)(
    "$title, $mode, $what: $trouble: it is verified, or people are asked about a call that leads back",
    async ({ play, mode, call, effect, times, isDoubtful }) => {
      const here = await world(play, effect.kind.startsWith("hang") ? SILENCE : {});
      const { plan } = await startRun(here, { ...play, mode });
      let trouble: PlannedFault | undefined;

      const run = await drive(here, {
        onIntent: (id) => {
          if (id === call.step) trouble = here.whole.world.faults.plan(fault(plan, call, { effect, times }));
        },
      });

      expect(trouble?.taken).toBe(times);
      const asksPeople = isDoubtful === true && plan.steps.some((step) => step.id === call.step && isToggle(step));
      if (!asksPeople) return expectVerified(here, run, walkOf(play).effects);
      expect([run.state, run.why]).toEqual(["stopped", expect.stringContaining("Nobody can say")]);
      expect(mutationsOf(here)).toEqual([]);
    },
  );
});
