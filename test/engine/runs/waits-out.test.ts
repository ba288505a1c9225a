import { describe, expect, test } from "@jest/globals";
import { TransientError, VENDOR_REFUSES } from "../../../src/domain/errors.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { drivenInMemory } from "../../harness/driven-in-memory.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

/** How long a step goes on trying, with a run in memory. */

/** Longer than any deadline of a step. */
const HOUR_MS = 3_600_000;
const REFUSED = new TransientError("vendor-unavailable", "HTTP 503", { facts: VENDOR_REFUSES });
const BUSY = new TransientError("change-under-way", "another change is under way");

/** Time passes while somebody sleeps. */
function passing(): Clock {
  let nowMs = AT;
  const sleep = async (worldMs: number) => {
    nowMs += worldMs;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 1);
    });
  };
  return { now: () => nowMs, speed: 1, sleep };
}

interface Failing {
  readonly step: string;
  /** Of its call, or of the look at how far that has come. */
  readonly what: "run" | "verify";
  readonly error: Error;
}

/** How a run ends of which one step fails like that for an hour. */
async function failingForAnHour({ step, what, error }: Failing) {
  const clock = passing();
  const there = {
    run: async () => ({ requestIds: [], data: {} }),
    verify: async () => ({ done: true as const, says: "there", output: {} }),
  };
  const fails = async () => {
    if (clock.now() < AT + HOUR_MS) throw error;
    return there[what]();
  };
  const { run } = await drivenInMemory(proposed(example("inventory")), {
    ...{ clock, nowMs: clock.now, instead: { [step]: { ...there, [what]: fails } } },
  });
  return [run.state, run.why];
}

describe.each(["run", "verify"] as const)("a vendor's refusals of the %s of a step", (what) => {
  test("have no deadline where the step waits them out", async () => {
    expect(await failingForAnHour({ step: "shift-traffic", what, error: REFUSED })).toEqual(["verified", ""]);
  });

  test.each([
    ["where any other step is refused", "check-public", REFUSED],
    ["where no vendor refuses it, and something else is in its way", "shift-traffic", BUSY],
  ])("but %s it has its own time, and then people are asked", async (_where, step, error) => {
    const late = expect.stringMatching(`did not get there in time. Last seen: ${error.message}`);

    expect(await failingForAnHour({ step, what, error })).toEqual(["stopped", late]);
  });
});
