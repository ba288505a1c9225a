import { afterEach, describe, expect, test } from "@jest/globals";
import { STEPS } from "../../../src/flows/index.ts";
import { runbookOf } from "../../../src/flows/runbooks/index.ts";
import type { StoredStep } from "../../../src/ports/step.ts";
import { drive } from "../../harness/drive.ts";
import { type FailoverWorld, mutationsOf, startFailoverWorld, startRun } from "../../harness/failover-world.ts";
import { PLAYS, type Play, REFUSALS, REFUSED } from "../../harness/plays.ts";

const SPEED = 200;

let at: FailoverWorld | undefined;
afterEach(async () => {
  await at?.stop();
  at = undefined;
});

/** The world of this test, which ends with it. */
async function world(play: Play): Promise<FailoverWorld> {
  at = await startFailoverWorld({ ...play, speed: SPEED });
  return at;
}

function twice(step: StoredStep): StoredStep {
  let mayHaveAsked = false;
  return {
    ...step,
    async run(input, context) {
      await step.run(input, { ...context, tries: 1, mayHaveAsked });
      mayHaveAsked = true;
      return step.run(input, { ...context, tries: 2, mayHaveAsked: true });
    },
  };
}

/** A run of it in a world in which nothing goes wrong, each of its steps run twice. */
async function doubledRun(play: Play) {
  const own = await startFailoverWorld({ ...play, speed: SPEED });
  try {
    const { plan } = await startRun(own, play);
    const run = await drive(own, {
      steps: Object.fromEntries(Object.entries(STEPS).map(([name, step]) => [name, twice(step)])),
    });
    const holder = await own.memory.runs.holderOf(own.service.name);
    const denied = own.whole.world.log.read(0, "iam.denied").map(({ facts }) => facts);
    return { plan, run, holder, denied, mutations: mutationsOf(own), calls: callsIn(own) };
  } finally {
    await own.stop();
  }
}

const callsIn = ({ whole }: FailoverWorld) =>
  whole.world.log
    .read(0, "aws.mutation")
    .map(({ facts }) => ({ operation: String(facts["operation"]), region: String(facts["region"]) }));

type Doubled = Awaited<ReturnType<typeof doubledRun>>;
const seen = new Map<string, Promise<Doubled>>();

/** Made once for the tests of a play, by whichever of them comes first: it also shows every call that the play makes. */
function doubled(play: Play): Promise<Doubled> {
  const made = seen.get(play.title) ?? doubledRun(play);
  seen.set(play.title, made);
  return made;
}

const repeated = (mutations: readonly string[]) => mutations.filter((call, index) => mutations.indexOf(call) !== index);

test.each(REFUSALS)("$title is refused for good", async (play) => {
  const here = await world(play);

  await expect(startRun(here, play)).rejects.toThrow(REFUSED[play.title]);
});

describe.each(PLAYS)("a run of $title", (play) => {
  test("ends verified, and each step run twice does nothing twice", async () => {
    const { plan, run, mutations, holder, denied } = await doubled(play);

    // What the form and a pipeline are told is what the plan asks for (G1).
    expect(plan.keysRequired === 0).toBe(runbookOf(plan).needs === "responder");
    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(repeated(mutations)).toEqual([]);
    expect(holder).toBeUndefined();
    // Each call left in the session of its own step, and the role's own policy is the one that the documents have.
    expect(denied).toEqual([]);
  });

  test("whose every answer is lost after its effect ends verified, and does nothing twice", async () => {
    const { calls } = await doubled(play);
    const here = await world(play);
    await startRun(here, play);
    for (const call of calls)
      here.whole.world.faults.plan({ vendor: "aws", ...call, effect: { kind: "drop-after" }, times: 1 });

    const run = await drive(here);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(repeated(mutationsOf(here))).toEqual([]);
  });

  test("that is denied everything unwinds or stops, and says so", async () => {
    const { calls } = await doubled(play);
    const here = await world(play);
    await startRun(here, play);
    for (const call of calls)
      here.whole.world.faults.plan({
        ...{ vendor: "aws", ...call },
        effect: { kind: "error", status: 400, code: "AccessDenied" },
      });

    const run = await drive(here);

    // A runbook that only looks has nothing to be denied.
    expect(calls.length === 0 ? ["verified"] : ["stopped", "unwound"]).toContain(run.state);
    expect(run.why === "").toBe(calls.length === 0);
    expect(mutationsOf(here)).toEqual([]);
  });
});
