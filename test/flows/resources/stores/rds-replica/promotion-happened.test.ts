import { describe, expect, test } from "@jest/globals";
import { stepOf } from "../../../../../src/domain/plan-run/plan.ts";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { STEPS } from "../../../../../src/flows/index.ts";
import type { DatabaseFacts } from "../../../../../src/ports/databases.ts";
import { example } from "../../../../harness/example.ts";
import { contextIn, fakeCloud, type SaidCloud } from "../../../../harness/fakes/index.ts";
import { AT, known, quietDay } from "../../../../harness/observed.ts";
import { planFor, serviceIn } from "../../../../harness/plans.ts";
import { standbyOf } from "../../../../harness/site.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const { input } = stepOf(planFor(inventory), "promote");
const replica = quietDay(service).sites[standbyOf(service)]?.database;

const as = (facts: Partial<DatabaseFacts>): Known<DatabaseFacts> => {
  if (!replica?.known) throw new Error("a quiet day is known");
  return known({ ...replica.value, ...facts });
};
const unseen: Known<DatabaseFacts> = { known: false, cause: "unreachable", why: "no answer", atMs: AT };

/** One answer of RDS after the other, each for good once it is the last. */
async function happened(...answers: readonly Known<DatabaseFacts>[]): Promise<string | undefined> {
  const naps: number[] = [];
  let looks = 0;
  const said: SaidCloud = {
    clock: { now: () => AT, sleep: async (ms) => void naps.push(ms) },
    databases: {
      describe: async () => {
        looks += 1;
        return answers[looks - 1] ?? answers.at(-1) ?? unseen;
      },
    },
  };
  const cloud = fakeCloud(said, "only descriptions are looked at");
  const context = contextIn(cloud);
  const answer = await STEPS["promote-replica"]?.happened(input, context);
  // A quiet replica is believed only after the time in which RDS may show an old status.
  if (answer === "no") expect([looks, naps]).toEqual([2, [60_000]]);
  return answer;
}

describe("whether a promotion has happened", () => {
  test("only a replica that stays quiet for longer than RDS shows old answers was never promoted", async () => {
    expect(await happened(as({}))).toBe("no");
    expect(await happened(as({}), as({ role: "standalone", source: undefined }))).toBe("yes");
    expect(await happened(as({}), as({ status: "modifying" }))).toBe("unknown");
  });

  test("a promoted instance, and one that is busy or cannot be seen, is never taken for a replica to go back from", async () => {
    expect(await happened(as({ role: "standalone", source: undefined, status: "rebooting" }))).toBe("yes");
    expect(await happened(as({ status: "modifying" }))).toBe("unknown");
    expect(await happened(unseen)).toBe("unknown");
  });
});
