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
const PROMOTED_AT = AT + 30_000;
const ENDED = { fence: "fenced", ended: { "stores.stock": "every session ended" } };

/** The run with every step done; its standby had followed until `lastCommitMs`. */
function verified(mode: Mode, lastCommitMs: number | null, fence: object = {}): RunState {
  const waiting = proposed(inventory, { mode });
  const entries: RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
  ];
  const outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    fence: { ...fence },
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

async function lostBy(all: readonly RunState[]) {
  const runs: Pick<Runs, "openIds" | "ofIncident" | "holderOf" | "read"> = {
    openIds: async () => [],
    ofIncident: async () => all.map(({ plan }) => plan.id),
    holderOf: async () => undefined,
    read: async (id) => all.find(({ plan }) => plan.id === id),
  };
  const incident: Pick<Incident, "id" | "services" | "openedAtMs"> = {
    ...{ id: "i-1", services: ["inventory"], openedAtMs: AT - 3_600_000 },
  };
  return (await measuredOf(incident, { runs })).lost;
}

const FROM = AT - 300_000;
const openFrom = (fromMs: number) => ({ kind: "after", region: "eu-west-1", fromMs });

describe("what was lost, as it is said when an incident is resolved", () => {
  test("is what the move measured, with the service and the region that it was moved to", async () => {
    expect(await lostBy([verified("unplanned", FROM)])).toEqual([
      { service: "inventory", to: "eu-central-1", writes: openFrom(FROM) },
    ]);
  });

  test("is what the run measured that promoted, where a plan for its rest was the one that ended", async () => {
    const promoted = verified("unplanned", FROM);
    const rest = verified("unplanned", null);
    const restOf = { run: promoted.plan.id, intents: 9 };
    const steps = rest.plan.steps.filter(({ role }) => role !== "commits");
    const ended = { ...rest, plan: { ...rest.plan, id: "F-2", restOf, steps } };

    const lost = await lostBy([{ ...promoted, state: "superseded" }, ended]);
    expect(lost?.map(({ writes }) => writes)).toEqual([openFrom(FROM)]);
  });

  test("guard every move: the way home that lost nothing hides no loss of the move before it, and neither does a run that is no move", async () => {
    const away = verified("unplanned", FROM);
    const back = verified("planned", AT - 30_000, ENDED);
    const home = {
      ...back,
      plan: { ...back.plan, id: "F-2", from: "eu-central-1", to: "eu-west-1", madeAtMs: AT + 1 },
    };
    const copy = { ...home, plan: { ...home.plan, id: "F-3", from: "eu-west-1", madeAtMs: AT + 2 } };

    const lost = await lostBy([away, home, copy]);
    expect(lost?.map(({ to, writes }) => [to, writes.kind])).toEqual([
      ["eu-central-1", "after"],
      ["eu-west-1", "nothing"],
    ]);
  });
});
