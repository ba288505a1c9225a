import { describe, expect, test } from "@jest/globals";
import { createReadiness } from "../../src/app/readiness.ts";
import type { Critical, Proven, Standing } from "../../src/domain/proof.ts";
import { AT } from "../harness/observed.ts";

const WRONG: Proven = { kind: "wrong", what: "The key is refused.", instead: "Set it." };
const SILENT: Proven = { kind: "unknown", why: "nobody answers" };

const standing = (proven: Standing["proven"], critical?: Critical): Standing => ({
  ...{ id: "a-key", proves: "the key is taken", neededBy: "no move", critical, proven },
  ...{ sinceMs: AT, answeredAtMs: proven.kind === "wrong" ? AT : undefined, isSilent: proven.kind === "unknown" },
});

const readiness = (standings: readonly Standing[], store?: string, isStarting = false) =>
  createReadiness({
    isStarting: () => isStarting,
    whyNothingIsStored: async () => store,
    standings: () => standings,
  })();

describe("a process is taken from its load balancer", () => {
  test.each<[string, ReturnType<typeof readiness>]>([
    ["while it starts", readiness([], undefined, true)],
    ["where nobody can be paged", readiness([standing(WRONG, "nobody can be paged")])],
  ])("%s", async (_when, answer) => {
    expect((await answer).missing).toHaveLength(1);
  });

  test("where alerts cannot be stored, and says why", async () => {
    const { missing } = await readiness([], "Redis does not answer");
    expect(missing).toEqual(["Alerts cannot be stored: Redis does not answer."]);
  });

  test.each<[string, Standing]>([
    ["where anything else is wrong", standing(WRONG)],
    ["where the pager gives no answer", standing(SILENT, "nobody can be paged")],
    ["where the pager was not asked yet", standing({ kind: "pending" }, "nobody can be paged")],
  ])("guard the pager stays: but not %s, and then it is degraded", async (_when, one) => {
    const { missing, degraded } = await readiness([one]);
    expect(missing).toEqual([]);
    expect(degraded).toMatchObject([{ proof: "a-key", since: new Date(AT).toISOString() }]);
  });
});

test("each entry says what, what to do, and how old it is", async () => {
  const { degraded } = await readiness([standing(WRONG), standing(SILENT)]);
  const since = new Date(AT).toISOString();
  expect(degraded).toEqual([
    { proof: "a-key", since, answered: since, state: "wrong", what: "The key is refused.", instead: "Set it." },
    {
      ...{ proof: "a-key", since, answered: null, state: "unknown" },
      what: "Not known whether the key is taken: nobody answers.",
      instead: "Nothing is known to be wrong. TwoKey looks again within a minute.",
    },
  ]);
});

test("the store is asked once in a second, however often somebody asks for readiness", async () => {
  let asked = 0;
  const ready = createReadiness({
    isStarting: () => false,
    whyNothingIsStored: async () => {
      asked += 1;
      return undefined;
    },
    standings: () => [],
  });
  await Promise.all(Array.from({ length: 50 }, () => ready()));
  expect(asked).toBe(1);
});
