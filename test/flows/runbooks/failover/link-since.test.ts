import { expect, test } from "@jest/globals";
import { linkEndedSince } from "../../../../src/flows/runbooks/failover/link-since.ts";
import { example } from "../../../harness/example.ts";
import { AT } from "../../../harness/observed.ts";
import { proposed } from "../../../harness/plans.ts";

const { plan, ...waiting } = proposed(example("inventory"));

/** What is said where this much may be lost when the link ends, and 60 s were accepted. */
function saidOf(lostMs: number): string[] {
  const store = { move: { linkEnded: () => ({ why: "the link has ended", atMs: AT }) } };
  const at = { id: "stores.stock", resource: {}, kind: { store } } as never;
  const lag = { kind: "bounded", fact: "lag-seconds", says: "replication lag", limit: 60 } as const;
  const dataLoss = { kind: "after", atMs: AT - lostMs, measuredAtMs: AT } as const;
  const steps = plan.steps.filter(({ role }) => role === "protects");
  const run = { ...waiting, plan: { ...plan, assumptions: [lag], dataLoss, steps } };
  return linkEndedSince(run, { all: [at], at, to: plan.to });
}

test("a link that has ended voids the keys where more may be lost than was accepted, and not where it is that much", () => {
  expect(saidOf(60_000)).toEqual([]);
  expect(saidOf(60_001)).toEqual([expect.stringContaining("at most 60 s was accepted")]);
});
