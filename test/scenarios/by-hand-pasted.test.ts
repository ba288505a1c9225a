import { afterEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { StepFailed } from "../../src/domain/errors.ts";
import { canonicalJson } from "../../src/domain/json.ts";
import { giveBackOf } from "../../src/domain/plan-run/give-back.ts";
import { type Plan, type PlannedStep, stepOf } from "../../src/domain/plan-run/plan.ts";
import { backByHand } from "../../src/flows/back-by-hand.ts";
import { STEPS } from "../../src/flows/index.ts";
import { computesIn, storesIn } from "../../src/flows/resources/site.ts";
import { drive } from "../harness/drive.ts";
import { runOf, startRun, verdictOf } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { fewBookings } from "../harness/own-accounts.ts";
import { Shell } from "../harness/real-cli.ts";
import { standingOf } from "../harness/standing.ts";
import { drawn, WALKED } from "../harness/tables.ts";

/** Each call of the CLI starts a Python: about forty of them a plan, on a busy machine. */
const WITHIN_MS = 600_000;
const DENIED = { kind: "error", status: 400, code: "AccessDenied" } as const;

let at: FailoverWorld;
let shell: Shell | undefined;
afterEach(async () => {
  await shell?.close();
  shell = undefined;
  await at.stop();
});

async function pasteSteps(steps: readonly PlannedStep[]): Promise<void> {
  if (!shell) throw new Error("there is no shell to paste into");
  await shell.pasteSteps(steps);
}

async function begin(): Promise<void> {
  at = await startFailoverWorld({
    ...{ example: "every-kind", service: "bookings", edit: fewBookings, speed: 60, lagSeconds: 1, stopSeconds: 20 },
  });
  shell = await Shell.open(at);
}

const Written = z.looseObject({ after: z.array(z.unknown()) });

/** The sets that the plan writes for users. */
const recordsAfter = ({ steps }: Plan): ReadonlySet<string> =>
  new Set(steps.filter(({ role }) => role === "moves-users").flatMap((step) => wanted(step.input)));
const wanted = (input: unknown): string[] => {
  const written = Written.safeParse(input);
  return written.success ? written.data.after.map((set) => canonicalJson(set)) : [];
};

/** The steps, one of which goes no further. */
function failing(does: string): typeof STEPS {
  const step = STEPS[does];
  if (!step) throw new Error(`there is no step ${does}`);
  return { ...STEPS, [does]: { ...step, run: () => Promise.reject(new StepFailed("x", "it goes no further")) } };
}

/** What stands on the new side. */
async function newSide(to: string) {
  const databases = await Promise.all(
    storesIn(at.service, to).map(({ database }) => at.cloud.databases.describe(to, database.instance)),
  );
  const computes = await Promise.all(
    computesIn(at.service, to).map(({ compute }) => at.cloud.compute.describe(to, compute)),
  );
  return {
    roles: databases.map((each) => each.known && [each.value.role, each.value.deletionProtection]),
    enough: computes.map((each, index) => {
      const least = computesIn(at.service, to)[index]?.compute.tasks ?? Number.POSITIVE_INFINITY;
      return each.known && each.value.running >= least;
    }),
  };
}

async function moved(mode: "unplanned" | "planned"): Promise<void> {
  const { plan } = await startRun(at, { mode });

  await pasteSteps(plan.steps);

  const { rules, tasks, records } = await standingOf(at);
  expect(Object.values(rules).flat()).toEqual([]);
  expect(Object.values(tasks).map(({ desired, scaling }) => [desired, scaling?.max ?? 0])).toEqual([[0, 0]]);
  expect(Object.values(records)).toEqual([recordsAfter(plan)]);
  expect(await newSide(plan.to)).toEqual({
    roles: [
      ["standalone", true],
      ["standalone", true],
    ],
    enough: [true],
  });
  expect((await verdictOf(at)).splitBrain).toEqual([]);
}

async function givenBack(): Promise<void> {
  const before = await standingOf(at);
  const measures = stepOf((await startRun(at)).plan, "record-position-orders").does;
  const { home } = at.service;
  const undo = ["AuthorizeSecurityGroupIngress", "RegisterScalableTarget", "UpdateService"];
  await drive(at, {
    steps: failing(measures),
    onFailure: () => {
      for (const operation of undo)
        at.whole.world.faults.plan({ vendor: "aws", operation, effect: DENIED, region: home });
    },
  });
  at.whole.world.faults.clear();
  const run = await runOf(at);
  expect(run.state).toBe("stuck");
  expect(Object.values((await standingOf(at)).rules).flat()).toEqual([]);
  const back = giveBackOf(run, at.clock.now());
  if (!back) throw new Error("there is nothing to give back");

  await pasteSteps(backByHand(run, back));

  expect(await standingOf(at)).toEqual(before);
  const shifts = run.plan.steps.filter(({ role }) => role === "moves-users");
  await pasteSteps(shifts);
  expect(await standingOf(at)).not.toEqual(before);
  await pasteSteps(backByHand(run, { mayHaveHappened: [], steps: shifts }));
  expect(await standingOf(at)).toEqual(before);
}

const WAYS = [
  { name: "those of an unplanned move come true one by one and move the service", play: () => moved("unplanned") },
  { name: "those of a planned move come true one by one and move the service", play: () => moved("planned") },
  { name: "those back give a stuck run's service what was taken, and the records that were moved", play: givenBack },
];

describe(`commands by hand, pasted into bash with the AWS CLI, block after block (${WALKED})`, () => {
  test.each(drawn("commands by hand", WAYS))(
    "$name",
    async ({ play }) => {
      await begin();
      await play();
    },
    WITHIN_MS,
  );
});
