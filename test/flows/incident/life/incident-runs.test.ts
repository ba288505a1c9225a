import { describe, expect, test } from "@jest/globals";
import type { Incident } from "../../../../src/domain/incident/incident.ts";
import type { Mode } from "../../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import { measuredOf } from "../../../../src/flows/incident/life/incident-runs.ts";
import type { Runs } from "../../../../src/ports/runs.ts";
import { example } from "../../../harness/example.ts";
import { AT } from "../../../harness/observed.ts";
import { proposed } from "../../../harness/plans.ts";

const inventory = example("inventory");
const PROMOTED_AT = AT + 90_000;

/** The run with every step done; its standby had followed until `lastCommitMs`. */
function verified(mode: Mode, lastCommitMs: number | null): RunState {
  const waiting = proposed(inventory, { mode });
  const entries: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
  ];
  const outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "record-position": { lastCommitMs },
    "check-public": { verifiedAtMs: AT + 400_000 },
  };
  for (const { id: step } of waiting.plan.steps) {
    const atMs = step === "promote" ? PROMOTED_AT : AT;
    entries.push({ kind: "intent", atMs, step, epoch: 1, attempt: 1 });
    entries.push({ kind: "done", atMs, step, epoch: 1, says: "ok", output: outputs[step] ?? {} });
  }
  entries.push({ kind: "finished", atMs: AT, state: "verified" });
  return entries.reduce(transition, waiting);
}

async function lostBy(run: RunState, firstSeenAtMs: number, before: readonly RunState[] = []) {
  const runs: Pick<Runs, "openIds" | "ofIncident" | "holderOf" | "read"> = {
    openIds: async () => [],
    ofIncident: async () => [run.plan.id],
    holderOf: async () => undefined,
    read: async (id) => [run, ...before].find(({ plan }) => plan.id === id),
  };
  const incident: Pick<Incident, "id" | "services" | "openedAtMs" | "firstSeenAtMs"> = {
    ...{ id: "i-1", services: ["inventory"], openedAtMs: AT - 3_600_000, firstSeenAtMs },
  };
  return (await measuredOf(incident, { runs })).dataLossMs;
}

describe("what was lost, as it is said when an incident is resolved", () => {
  test("is counted from the recorded position to when the trouble was first seen", async () => {
    expect(await lostBy(verified("unplanned", AT - 300_000), AT - 240_000)).toBe(60_000);
  });

  test("is counted up to the promotion where the position is later than that: commits went on", async () => {
    expect(await lostBy(verified("unplanned", AT - 30_000), AT - 240_000)).toBe(120_000);
  });

  test("is what the run measured that promoted, where a plan for its rest was the one that ended", async () => {
    const promoted = verified("unplanned", AT - 300_000);
    const rest = verified("unplanned", null);
    const { promote: _done, ...steps } = rest.steps;
    const restOf = { run: promoted.plan.id, intents: 9, pastNoReturn: true };
    const ended = {
      ...rest,
      steps,
      plan: { ...rest.plan, id: "F-2", restOf, steps: rest.plan.steps.filter(({ role }) => role !== "commits") },
    };

    expect(await lostBy(ended, AT - 240_000, [{ ...promoted, state: "superseded" }])).toBe(60_000);
  });

  test("is nothing after a planned failover without open sessions, and not said where those or the position are unknown", async () => {
    const run = verified("planned", AT - 30_000);
    expect(await lostBy({ ...run, plan: { ...run.plan, acceptances: [] } }, AT - 240_000)).toBe(0);
    expect(await lostBy(run, AT - 240_000)).toBeUndefined();
    expect(await lostBy(verified("unplanned", null), AT - 240_000)).toBeUndefined();
  });
});
