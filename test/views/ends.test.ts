import { describe, expect, test } from "@jest/globals";
import type { Card } from "../../src/domain/card/card.ts";
import { refusal } from "../../src/domain/plan-run/decision.ts";
import { judgeKey } from "../../src/domain/plan-run/key.ts";
import type { Recovery } from "../../src/domain/plan-run/recovery.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { findPerson } from "../../src/domain/service/inventory.ts";
import { planCard } from "../../src/views/plan.ts";
import { recoveryCard } from "../../src/views/recovery.ts";
import { progressCard } from "../../src/views/run-progress.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT };
const ABANDONED: RunEntry = { kind: "abandoned", ...at, why: "the state store was lost" };
const STARTED: RunEntry = { kind: "started", ...at, keys: ["ana", "ben"] };
const REFUSED: RunEntry = { kind: "refused", ...at, by: "ben", door: "slack" };

const run = (...entries: RunEntry[]): RunState => entries.reduce(transition, proposed(inventory));
const shown = (card: Card): string => JSON.stringify(card);

describe("the way on that a card of something closed names", () => {
  test("a plan that never started changed nothing, and is asked for anew", () => {
    const text = shown(planCard(run(REFUSED), inventory, { nowMs: AT }));

    expect(text).toContain("Nothing was changed. To ask again: /dr failover inventory because …");
  });

  test("a run that was closed with the lost store may have changed something, and never says that it did not", () => {
    const closed = run(STARTED, ABANDONED);

    for (const card of [planCard(closed, inventory, { nowMs: AT }), progressCard(closed, inventory, { nowMs: AT })]) {
      expect(card.text).not.toContain("Nothing was changed");
      expect(card.text).toContain("stays as it is. A plan for what is left: /dr failover inventory");
    }
  });

  test("a plan for the rest is asked for anew as one", () => {
    const continues: RunState = { ...proposed(inventory, { id: "F-0" }), state: "stopped", intents: 3 };
    const rest = proposed(inventory, { continues });
    const turn = {
      person: "ana",
      digest: rest.digest,
      accepted: [],
      nowMs: rest.plan.startByMs,
      continued: continues,
    };

    expect(judgeKey(rest, turn, inventory)).toMatchObject({ why: expect.stringContaining("with /dr replan F-0.") });
    expect(shown(planCard(transition(rest, REFUSED), inventory, { nowMs: AT }))).toContain(
      "To ask again: /dr replan F-0 because …",
    );
  });
});

test("who signed for a lost store is called by name", () => {
  const recovery: Recovery = {
    ...{ id: "R-1", state: "accepted", requester: "farid", askedAtMs: AT, signByMs: AT, keysRequired: 2 },
    ...{ inventoryDigest: inventory.digest, testimonies: [], forgotten: [], seen: [], ends: [] },
    signatures: ["ana", "ben"].map((by) => ({ by, door: "slack", ...at })),
  };

  expect(recoveryCard(recovery, inventory, AT).text).toContain("Signed by Ana Keller and Ben Osei");
});

describe("what a run can be told", () => {
  const FENCING: RunEntry[] = [
    STARTED,
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1 },
  ];
  const farid = findPerson(inventory, "farid");
  const buttons = (state: RunState) =>
    progressCard(state, inventory, { nowMs: AT }).parts.flatMap((part) =>
      part.kind === "buttons" ? part.buttons.map(({ intent }) => intent) : [],
    );

  test("a decision that comes at the wrong time is answered with those that fit now", () => {
    const stopped = run(...FENCING, {
      kind: "failed",
      ...at,
      step: "fence",
      epoch: 1,
      code: "x",
      why: "no",
      mustAsk: true,
    });

    expect(refusal("resume", stopped, { person: farid, inventory })).toContain(
      "What fits now: /dr abort, /dr retry, /dr take-over, /dr skip, /dr unwind, /dr replan, /dr extend.",
    );
    expect(refusal("resume", run(REFUSED), { person: farid, inventory })).not.toContain("What fits now");
  });

  test("nobody is told to abort a run that cannot be aborted", () => {
    const undone: RunEntry = { kind: "undo-failed", ...at, step: "fence", epoch: 1, why: "the group is gone" };
    const stuck = run(...FENCING, { kind: "aborted", ...at, by: "farid", door: "slack" }, undone);

    expect(shown(progressCard(run(...FENCING), inventory, { nowMs: AT }))).toContain(
      "abort gives back what this run stopped and closed in eu-west-1",
    );
    expect(shown(progressCard(stuck, inventory, { nowMs: AT }))).not.toContain("abort gives back");
    expect(buttons(stuck)).toEqual(["skip", "replan", "unwind"]);
  });
});
