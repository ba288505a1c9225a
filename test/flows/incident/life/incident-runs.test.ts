import { describe, expect, test } from "@jest/globals";
import { Unreadable } from "../../../../src/domain/errors.ts";
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

/** `unread`: the store has one more run, which it cannot read; of this incident unless it is somebody else's. */
async function measuredIn(all: readonly RunState[], unread?: Unreadable, isOwn = true) {
  const old = unread ? ["F-OLD"] : [];
  const runs: Pick<Runs, "openIds" | "ofIncident" | "holderOf" | "read"> = {
    openIds: async () => old,
    ofIncident: async () => [...all.map(({ plan }) => plan.id), ...(isOwn ? old : [])],
    holderOf: async () => undefined,
    read: async (id) => {
      if (unread && id === "F-OLD") throw unread;
      return all.find(({ plan }) => plan.id === id);
    },
  };
  const incident: Pick<Incident, "id" | "services" | "openedAtMs"> = {
    ...{ id: "i-1", services: ["inventory"], openedAtMs: AT - 3_600_000 },
  };
  return measuredOf(incident, { runs });
}

const lostBy = async (all: readonly RunState[]) => (await measuredIn(all)).lost;

const FROM = AT - 300_000;
const openFrom = (fromMs: number) => ({ kind: "after", region: "eu-west-1", fromMs });

describe("what was lost, as it is said when an incident is resolved", () => {
  test("is what the move measured, with the service and the region that it was moved to", async () => {
    expect(await lostBy([verified("unplanned", FROM)])).toEqual([
      { of: "inventory to eu-central-1", writes: openFrom(FROM) },
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
    expect(lost?.map(({ of, writes }) => [of, writes.kind])).toEqual([
      ["inventory to eu-central-1", "after"],
      ["inventory to eu-west-1", "nothing"],
    ]);
  });

  test("names the moves in the order in which they were planned, whatever the store names first", async () => {
    const away = verified("unplanned", FROM);
    const back = verified("planned", AT - 30_000, ENDED);
    const where = { from: "eu-central-1", to: "eu-west-1" };
    const home = { ...back, plan: { ...back.plan, ...where, id: "F-2", madeAtMs: AT + 1 } };

    const lost = await lostBy([home, away]);
    expect(lost?.map(({ of }) => of)).toEqual(["inventory to eu-central-1", "inventory to eu-west-1"]);
  });

  test("guard given up: says that nothing is known of a move that was given up past its point of no return, and nothing of one that promoted nothing", async () => {
    const given = { ...verified("unplanned", FROM, ENDED), state: "closed" as const, pastNoReturn: true };
    const [expired, unwound] = [
      { ...given, startedAtMs: undefined },
      { ...given, state: "unwound" as const },
    ];

    expect((await lostBy([given]))?.map(({ writes }) => writes.kind)).toEqual(["unknown"]);
    expect(await lostBy([expired])).toEqual([]);
    expect(await lostBy([unwound])).toEqual([]);
  });

  test("guard unreadable: says of a run that cannot be read that nothing is known of it", async () => {
    const moved = verified("planned", AT - 30_000, ENDED);
    const unread = new Unreadable("unreadable", "Run F-OLD cannot be read", {});

    expect((await measuredIn([moved], unread)).lost).toEqual([
      { of: "inventory to eu-central-1", writes: { kind: "nothing" } },
      { of: "Run F-OLD cannot be read", writes: { kind: "unknown" } },
    ]);
    // Nobody knows what another one is about: it is no loss of this incident.
    expect((await measuredIn([moved], unread, false)).lost).toHaveLength(1);
  });

  test("is restored when the first move of a service has ended: the way home restores nothing", async () => {
    const away = verified("unplanned", FROM);
    const later = verified("planned", AT - 30_000, ENDED);
    const steps = {
      ...later.steps,
      "check-public": { ...later.steps["check-public"], output: { verifiedAtMs: AT + 9e9 } },
    };
    const home = { ...later, steps: steps as typeof later.steps, plan: { ...later.plan, id: "F-2", madeAtMs: AT + 1 } };

    expect((await measuredIn([away, home])).restoredAtMs).toBe(AT + 400_000);
  });
});
