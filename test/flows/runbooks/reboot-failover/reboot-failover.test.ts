import { describe, expect, test } from "@jest/globals";
import { FEWEST_KEYS } from "../../../../src/domain/plan-run/plan.ts";
import type { Day } from "../../../harness/observed.ts";
import { siteOf } from "../../../harness/site.ts";
import { nobodyKnowsTheWriter, planned, QUIET, refusals, SERVICE, unseen, withDatabase } from "../asked.ts";

const { home } = SERVICE;
const INSTANCE = siteOf(SERVICE, home).database.instance;

describe("a reboot onto the standby is refused", () => {
  test.each<[string, Day, string]>([
    [
      "where nobody can say which database is the writer",
      nobodyKnowsTheWriter,
      "Nobody can say which database of inventory is the writer: both databases accept writes: neither follows the other. Settle that by hand first.",
    ],
    [
      "where the writer cannot be seen",
      unseen(home),
      "The writer cannot be seen: RDS does not answer. Ask again when it can.",
    ],
    [
      "where nothing was looked at",
      { ...QUIET, sites: {} },
      "Nobody can say which database of inventory is the writer: the databases could not be seen well enough to tell the writer. Settle that by hand first.",
    ],
    [
      "where the writer has no standby in another zone",
      withDatabase(home, (facts) => ({ ...facts, multiAz: false })),
      `${INSTANCE} has no standby in another zone: it is not Multi-AZ. Move the service instead.`,
    ],
    [
      "where the writer is busy",
      withDatabase(home, (facts) => ({ ...facts, status: "modifying" })),
      `${INSTANCE} is modifying. Ask again when it is available.`,
    ],
    [
      "where RDS does not say in which zone the writer runs, so that nobody could see whether it has moved",
      withDatabase(home, ({ availabilityZone: _, ...facts }) => facts),
      `RDS does not say in which zone ${INSTANCE} runs. Ask again.`,
    ],
  ])("%s", (_when, observed, says) => {
    expect(refusals("reboot-failover", observed)).toEqual([says]);
  });
});

test("it is planned inside the writer's region, away from its zone, with two keys and a sentence to agree to", () => {
  const answer = planned("reboot-failover", QUIET);
  if (answer.kind === "refused") throw new Error(answer.reasons.join(" "));
  const { plan } = answer;

  expect(plan).toMatchObject({ from: home, to: home, dataLoss: { kind: "none" } });
  expect(plan.keysRequired).toBeGreaterThanOrEqual(FEWEST_KEYS);
  expect(plan.acceptances.map(({ words }) => words)).toEqual([expect.stringContaining("all connections")]);
  expect(plan.steps.map(({ role, wayBack }) => ({ role, wayBack }))).toEqual([
    { role: "commits", wayBack: "irreversible" },
    { role: "proves", wayBack: "nothing-to-undo" },
  ]);
  expect(plan.steps[0]?.input).toMatchObject({ region: home, instance: INSTANCE, leaves: `${home}a` });
});
