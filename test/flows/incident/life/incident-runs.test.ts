import { describe, expect, test } from "@jest/globals";
import type { Incident } from "../../../../src/domain/incident/incident.ts";
import type { Mode, PlannedStep } from "../../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import { measuredOf } from "../../../../src/flows/incident/life/incident-runs.ts";
import type { Runs } from "../../../../src/ports/runs.ts";
import { example } from "../../../harness/example.ts";
import { AT } from "../../../harness/observed.ts";
import { proposed } from "../../../harness/plans.ts";

const inventory = example("inventory");
type Role = PlannedStep["role"];
const PROMOTED_AT = AT + 90_000;
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

async function lostBy(run: RunState, before: readonly RunState[] = []) {
  const runs: Pick<Runs, "openIds" | "ofIncident" | "holderOf" | "read"> = {
    openIds: async () => [],
    ofIncident: async () => [run.plan.id],
    holderOf: async () => undefined,
    read: async (id) => [run, ...before].find(({ plan }) => plan.id === id),
  };
  const incident: Pick<Incident, "id" | "services" | "openedAtMs"> = {
    ...{ id: "i-1", services: ["inventory"], openedAtMs: AT - 3_600_000 },
  };
  return (await measuredOf(incident, { runs })).lost;
}

describe("what was lost, as it is said when an incident is resolved", () => {
  const FROM = AT - 300_000;
  const openFrom = (fromMs: number) => ({ kind: "after", region: "eu-west-1", fromMs });

  test("is what came after the recorded position, where nobody proved when the last writer was out", async () => {
    expect(await lostBy(verified("unplanned", FROM))).toEqual(openFrom(FROM));
  });

  test("has an end where everybody was out, and one for who was let in anew where the old side was shut", async () => {
    expect(await lostBy(verified("unplanned", FROM, ENDED))).toEqual({
      ...{ kind: "between", region: "eu-west-1", fromMs: FROM, toMs: AT },
    });
    expect(await lostBy(verified("unplanned", FROM, { fence: "fenced" }))).toEqual({ ...openFrom(FROM), shutAtMs: AT });
    expect(await lostBy(verified("unplanned", FROM, { fence: "cannot-know" }))).toEqual(openFrom(FROM));
  });

  test("is what the run measured that promoted, where a plan for its rest was the one that ended", async () => {
    const promoted = verified("unplanned", FROM);
    const ended = restOf(promoted, (role) => role !== "commits");

    expect(await lostBy(ended, [{ ...promoted, state: "superseded" }])).toEqual(openFrom(FROM));
  });

  test("guard earliest store: is never less than what a plan for the rest says of the stores that were promoted before it", async () => {
    const before = verified("unplanned", FROM);
    const rest = restOf(before, () => true);
    const later = { ...rest, steps: verified("unplanned", AT - 1_000).steps };
    const agreed = { kind: "after", atMs: FROM, measuredAtMs: FROM } as const;

    expect(await lostBy({ ...later, plan: { ...later.plan, dataLoss: agreed } })).toEqual(openFrom(FROM));
  });

  test("is nothing after a planned move that saw every session end, and not known without a position", async () => {
    expect(await lostBy(verified("planned", AT - 30_000, ENDED))).toEqual({ kind: "nothing" });
    expect(await lostBy(verified("planned", AT - 30_000, { fence: "fenced" }))).toEqual({
      ...{ ...openFrom(AT - 30_000), ofOthers: true },
    });
    expect(await lostBy(verified("planned", null, ENDED))).toEqual({ kind: "unknown" });
  });

  test("guard opened later: has no end where the old side was seen open, by that run or a later one of the move", async () => {
    const promoted = verified("unplanned", FROM, ENDED);
    const rest = restOf(promoted, (role) => role !== "commits");
    const opened = { ...rest, watch: { ...rest.watch, lostAtMs: AT + 1_000 } };

    expect(await lostBy({ ...promoted, watch: opened.watch })).toEqual(openFrom(FROM));
    expect(await lostBy(opened, [{ ...promoted, state: "superseded" }])).toEqual(openFrom(FROM));
    const planned = verified("planned", FROM, ENDED);
    expect(await lostBy(opened, [{ ...planned, state: "superseded" }])).toEqual({ kind: "unknown" });
  });
});

/** A verified run of the rest of another one, with the steps of these roles. */
function restOf(before: RunState, isLeft: (role: Role) => boolean): RunState {
  const rest = verified("unplanned", null);
  const left = { run: before.plan.id, intents: 9, pastNoReturn: true };
  const steps = rest.plan.steps.filter(({ role }) => isLeft(role));
  return { ...rest, plan: { ...rest.plan, id: "F-2", restOf: left, steps } };
}
