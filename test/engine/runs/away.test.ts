import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { Verdict } from "../../../src/ports/step.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { drive } from "../../harness/drive.ts";
import { startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";

const SPEED = 60;
const SLOW = "promote-replica";
const MINUTE_MS = 60_000;
/** Longer than the step's deadline. */
const GONE_MS = 60 * MINUTE_MS;

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
  await startRun(at);
});
afterEach(() => at.stop());

/** The steps of the product; what the slow one sees is `look`'s, until it says that the world may be asked. */
function seeing(look: (count: number) => Verdict | "the world"): Readonly<Record<string, StoredStep>> {
  const step = STEPS[SLOW];
  if (!step) throw new Error(`there is no ${SLOW}`);
  let looks = 0;
  const verify: StoredStep["verify"] = async (...asked) => {
    looks += 1;
    const seen = look(looks);
    return seen === "the world" ? step.verify(...asked) : seen;
  };
  return { ...STEPS, [SLOW]: { ...step, verify } };
}

const NOT_YET: Verdict = { done: false, says: "it is modifying" };
const jump = () => at.whole.world.clock.jump(GONE_MS);

describe("the deadline of a step", () => {
  test("guard away before: does not run out while no process drives the run", async () => {
    const killed = new AbortController();
    const before = seeing(() => {
      killed.abort(new Error("killed"));
      return NOT_YET;
    });
    await expect(drive(at, { steps: before, signal: killed.signal })).rejects.toThrow("killed");
    jump();
    const backAtMs = at.clock.now();

    const run = await drive(at, {
      steps: seeing(() => (at.clock.now() < backAtMs + 2 * MINUTE_MS ? NOT_YET : "the world")),
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("guard away meanwhile: does not run out while the process that drives it stands still", async () => {
    const run = await drive(at, {
      steps: seeing((count) => {
        // Between two looks, as a suspended machine does.
        if (count === 1) at.whole.world.clock.after(100, jump);
        return count < 30 ? NOT_YET : "the world";
      }),
    });

    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("guard dies again: runs out where one process after the other dies over the step: people are asked in the end", async () => {
    let isStopped = false;
    let takeovers = 0;
    for (; takeovers < 12 && !isStopped; takeovers += 1) {
      const killed = new AbortController();
      const steps = seeing((count) => {
        if (count === 2) killed.abort(new Error("killed"));
        return NOT_YET;
      });
      const run = await drive(at, { steps, signal: killed.signal }).catch(() => undefined);
      isStopped = run?.state === "stopped";
      at.whole.world.clock.jump(10 * MINUTE_MS);
    }

    expect([isStopped, takeovers]).toEqual([true, 7]);
  });

  /** Ten minutes pass within each of the first looks, which see nothing. */
  const hourOfLooks = (most = 6, onLook: (count: number) => void = () => undefined) =>
    seeing((count) => {
      onLook(count);
      if (count > most) return "the world";
      at.whole.world.clock.jump(10 * MINUTE_MS);
      return NOT_YET;
    });

  test("guard cut off: does not run out while nobody outside answers this process, no region and no vendor", async () => {
    const isCut = { value: false };
    const steps = hourOfLooks(5, (count) => {
      isCut.value = count <= 5;
    });

    // An hour at this speed is a minute of the machine, after which it lets go of the run.
    const run = await drive(at, { steps, isCutOff: () => isCut.value });

    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("runs out where others answer, and the step alone is not seen to get there", async () => {
    const run = await drive(at, { steps: hourOfLooks(), isCutOff: () => false });

    expect([run.state, run.why]).toEqual(["stopped", expect.stringContaining("did not get there in time")]);
  });

  test.each([
    ["a process that looked all the time", () => undefined],
    ["one that came back to it, and then looked long enough", jump],
  ])("runs out for %s", async (_who, meanwhile) => {
    const killed = new AbortController();
    const before = seeing(() => {
      killed.abort(new Error("killed"));
      return NOT_YET;
    });
    await expect(drive(at, { steps: before, signal: killed.signal })).rejects.toThrow("killed");
    meanwhile();

    const run: RunState = await drive(at, { steps: seeing(() => NOT_YET) });

    expect([run.state, run.why]).toEqual(["stopped", expect.stringContaining("did not get there in time")]);
  });
});
