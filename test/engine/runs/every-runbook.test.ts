import { afterEach, describe, expect, test } from "@jest/globals";
import { STEPS } from "../../../src/flows/index.ts";
import { runbookOf } from "../../../src/flows/runbooks/index.ts";
import type { StoredStep } from "../../../src/ports/step.ts";
import { drive } from "../../harness/drive.ts";
import { type FailoverWorld, mutationsOf, startFailoverWorld, startRun } from "../../harness/failover-world.ts";
import { PLAYS, type Play, REFUSALS, REFUSED } from "../../harness/plays.ts";

const SPEED = 200;

let at: FailoverWorld;
afterEach(() => at.stop());

type Calls = readonly { readonly operation: string; readonly region: string }[];
const seen = new Map<string, Calls>();

/** Every call that a run of it makes, in a world in which nothing goes wrong. */
async function callsOf(play: Play): Promise<Calls> {
  const before = seen.get(play.title);
  if (before) return before;
  at = await startFailoverWorld({ ...play, speed: SPEED });
  await startRun(at, play);
  const run = await drive(at);
  expect([run.state, run.why]).toEqual(["verified", ""]);
  const calls = at.whole.world.log
    .read(0, "aws.mutation")
    .map(({ facts }) => ({ operation: String(facts["operation"]), region: String(facts["region"]) }));
  await at.stop();
  seen.set(play.title, calls);
  return calls;
}

function nothingTwice(): void {
  const mutations = mutationsOf(at);
  expect(mutations.filter((call, index) => mutations.indexOf(call) !== index)).toEqual([]);
}

test.each(REFUSALS)("$title is refused for good", async (play) => {
  at = await startFailoverWorld({ ...play, speed: SPEED });

  await expect(startRun(at, play)).rejects.toThrow(REFUSED[play.title]);
});

describe.each(PLAYS)("a run of $title", (play) => {
  test("ends verified, and each step run twice does nothing twice", async () => {
    at = await startFailoverWorld({ ...play, speed: SPEED });
    const { plan } = await startRun(at, play);
    // What the form and a pipeline are told is what the plan asks for (G1).
    expect(plan.keysRequired === 0).toBe(runbookOf(plan).needs === "responder");
    const twice = (step: StoredStep): StoredStep => ({
      ...step,
      async run(input, context) {
        await step.run(input, { ...context, tries: 1 });
        return step.run(input, { ...context, tries: 2 });
      },
    });

    const run = await drive(at, {
      steps: Object.fromEntries(Object.entries(STEPS).map(([name, step]) => [name, twice(step)])),
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    nothingTwice();
    expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
  });

  test("whose every answer is lost after its effect ends verified, and does nothing twice", async () => {
    const calls = await callsOf(play);
    at = await startFailoverWorld({ ...play, speed: SPEED });
    await startRun(at, play);
    for (const call of calls)
      at.whole.world.faults.plan({ vendor: "aws", ...call, effect: { kind: "drop-after" }, times: 1 });

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    nothingTwice();
  });

  test("that is denied everything unwinds or stops, and says so", async () => {
    const calls = await callsOf(play);
    at = await startFailoverWorld({ ...play, speed: SPEED });
    await startRun(at, play);
    for (const call of calls)
      at.whole.world.faults.plan({
        ...{ vendor: "aws", ...call },
        effect: { kind: "error", status: 400, code: "AccessDenied" },
      });

    const run = await drive(at);

    // A runbook that only looks has nothing to be denied.
    expect(calls.length === 0 ? ["verified"] : ["stopped", "unwound"]).toContain(run.state);
    expect(run.why === "").toBe(calls.length === 0);
    expect(mutationsOf(at)).toEqual([]);
  });
});
