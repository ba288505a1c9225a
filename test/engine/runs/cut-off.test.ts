import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { Verdict } from "../../../src/ports/step.ts";
import { drivenInMemory } from "../../harness/driven-in-memory.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const LOOK_MS = 10_000;

/** A run whose promotion is there at the look of that number; each look takes ten seconds, and `isCut` says whether it reached nobody. */
async function looking(thereAt: number, isCut: (look: number) => boolean) {
  let looks = 0;
  let last: RunState | undefined;
  const verify = async (): Promise<Verdict> => {
    looks += 1;
    return looks < thereAt ? { done: false, says: "not yet" } : { done: true, says: "there", output: {} };
  };
  const ended = await drivenInMemory(proposed(example("inventory")), {
    instead: { "promote-replica": { verify } },
    reachesNobody: async () => isCut(looks),
    nowMs: () => AT + looks * LOOK_MS,
    changed: (run) => {
      last = run;
    },
  }).then(
    ({ run }) => run.state,
    (error: Error) => error.message,
  );
  return { ended, looks, cutOff: last?.cutOff };
}

describe("a process whose looks at a step reach nobody outside", () => {
  test("guard lets go: lets go of the run once that has lasted for a minute, and says since when", async () => {
    const { ended, looks, cutOff } = await looking(99, () => true);

    expect(ended).toMatch(/^This process reaches nobody outside since .*, and has let go of the run$/);
    expect([looks, cutOff]).toEqual([6, { sinceMs: AT, atMs: AT + 6 * LOOK_MS }]);
  });

  test("keeps it where somebody answers in between: the minute begins at the next look that reaches nobody", async () => {
    expect(await looking(14, (look) => look % 6 !== 0)).toMatchObject({ ended: "verified", looks: 14 });
  });

  test("keeps it where what was asked for is there after all", async () => {
    expect(await looking(6, () => true)).toMatchObject({ ended: "verified", looks: 6, cutOff: undefined });
  });
});
