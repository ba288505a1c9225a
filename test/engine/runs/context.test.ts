import { describe, expect, test } from "@jest/globals";
import { FenceOutput } from "../../../src/domain/plan-run/fence.ts";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { contextFor, definitionOf, permittedFor } from "../../../src/engine/runs/executor-deps.ts";
import { guardTimes } from "../../../src/engine/runs/guard-times.ts";
import type { RunHold } from "../../../src/engine/runs/journal.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { recordDataPosition } from "../../../src/flows/resources/stores/rds-replica/record-data-position.ts";
import type { Guard } from "../../../src/ports/guard.ts";
import type { Permission } from "../../../src/ports/permission.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud, guardedCloud, UNASKED } from "../../harness/fakes/index.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const at = { atMs: AT };
const step = { step: "promote", epoch: 1 };
const intended: RunEntry = { kind: "intent", ...at, ...step, attempt: 1 };
const failed: RunEntry = { kind: "failed", ...at, ...step, code: "x", why: "it broke", mustAsk: true };
const retried: RunEntry = { kind: "retried", ...at, by: "ana", door: "slack", step: "promote" };
const taken: RunEntry = { kind: "asked", ...at, ...step, requestIds: ["r-1"], data: { found: "asked" } };

const begun: readonly RunEntry[] = [
  { kind: "started", ...at, keys: ["ana", "ben"] },
  { kind: "claimed", ...at, epoch: 1, worker: "w1" },
];

function contextAfter(entries: readonly RunEntry[]) {
  const run: RunState = [...begun, ...entries].reduce(transition, proposed(example("inventory")));
  const cloud = guardedCloud(fakeCloud({}));
  const hold = { run, epoch: 1, forCommit: () => hold } as unknown as RunHold; // nothing else of it is asked here
  const { signal } = new AbortController();
  return contextFor(hold, "promote", { cloud, steps: STEPS, guard: guardTimes(), signal });
}

const mayHaveAsked = (...entries: RunEntry[]): boolean => contextAfter(entries).mayHaveAsked;

/** What the next steps are given of `record-position` after it ended so. */
const measured = (output: Record<string, unknown>) =>
  contextAfter([
    { kind: "intent", ...at, epoch: 1, step: "record-position", attempt: 1 },
    { kind: "done", ...at, epoch: 1, step: "record-position", says: "written down", output },
  ]);

describe("what a step has handed on", () => {
  test("is what it measured, and nothing before it is done", () => {
    expect(measured({ lastCommitMs: 7 }).outputOf("record-position", recordDataPosition)).toEqual({ lastCommitMs: 7 });
    expect(contextAfter([]).outputOf("record-position", recordDataPosition)).toBeUndefined();
  });

  test("is a mistake of ours where a done step has handed on something else, and no silence", () => {
    const read = () => measured({ lastCommitMs: "late" }).outputOf("record-position", recordDataPosition);
    expect(read).toThrow(expect.objectContaining({ name: "Bug", code: "output-unreadable" }));
  });

  test("is not asked of another step, by its name or by what it is for", () => {
    const { outputOf } = measured({ lastCommitMs: 7 });
    const another = expect.objectContaining({ name: "Bug", code: "output-of-another" });
    expect(() => outputOf("promote", recordDataPosition)).toThrow(another);
    expect(() => outputOf("record-position", { roles: ["protects"], output: FenceOutput })).toThrow(another);
    expect(() => outputOf("measure", recordDataPosition)).toThrow("has no step measure");
  });
});

test("a step that cannot read what was kept of it stops its run for people, as one that breaks later does", async () => {
  const { plan } = proposed(example("inventory"));
  const step = definitionOf({ steps: STEPS }, plan, "fence");
  const looking = {
    cloud: fakeCloud({}),
    signal: new AbortController().signal,
    hold: { run: plan.id, epoch: 1 },
    tries: 1,
  };
  const context = { ...looking, mayHaveAsked: false, outputOf: () => undefined };

  await expect(step.verify(plan.steps[0]?.input, { silent: 3 }, context)).rejects.toMatchObject({
    code: "step-broken",
  });
  await expect(step.run({ region: 3 }, context)).rejects.toMatchObject({ code: "step-broken" });
});

test("a step knows whether an earlier call of its run may have been taken: by an attempt that nobody saw end, and by an answer of the vendor for good", () => {
  expect(mayHaveAsked()).toBe(false);
  expect(mayHaveAsked(intended)).toBe(true);
  // People have decided since: what was refused did nothing, and what was answered stays this run's.
  expect(mayHaveAsked(intended, failed, retried)).toBe(false);
  expect(mayHaveAsked(intended, taken, failed, retried)).toBe(true);
});

test("guard young proof: a step that has no way back leaves only on a proof of the fence as well, and any other on the hold alone (X5)", () => {
  const run = proposed(example("inventory"));
  const guard = guardTimes();
  const proofs: unknown[] = [];
  const onBoth: Guard = { ...UNASKED };
  const forCommit = (fenced: () => unknown) => {
    guard.proved("F-1", AT);
    proofs.push(fenced());
    return onBoth;
  };
  const hold = { run, epoch: 1, forCommit } as unknown as RunHold; // nothing else of it is asked here
  const leavesOn = (step: string) => {
    const guards: Guard[] = [];
    const acting = fakeCloud({});
    const guardedBy = (given: Guard) => {
      guards.push(given);
      return acting;
    };
    contextFor(hold, step, {
      ...{ cloud: { ...guardedCloud(acting), guardedBy }, steps: STEPS, guard },
      signal: new AbortController().signal,
    });
    return guards.map((each) => (each === hold ? "hold" : each === onBoth ? "hold and fence" : "nothing"));
  };

  for (const { id, wayBack } of run.plan.steps)
    expect([id, ...leavesOn(id)]).toEqual([id, wayBack === "irreversible" ? "hold and fence" : "hold"]);
  expect(proofs).toEqual([{ atMs: AT, countsForMs: 15_000 }]);
});

describe("what only adds or proves runs on the word of one responder", () => {
  const run = proposed(example("inventory"));
  const step = stepOf(run.plan, "record-position");
  const asksFor = (...permissions: readonly Permission[]) => {
    const own = STEPS["record-data-position"];
    if (!own) throw new Error("there is no such step");
    const steps = { ...STEPS, "record-data-position": { ...own, permissions: () => permissions } };
    return permittedFor({ steps }, run, step).flatMap(({ actions }) => actions);
  };
  const thing = (resource: string) => ({ service: "rds", region: "eu-central-1", resource });
  const [SOURCE, DATABASE] = [thing("db:inventory"), thing("db:inventory-replica")];
  const SNAPSHOT = thing("snapshot:twokey-1");
  const KEY = { service: "kms", region: "eu-central-1", resource: "key/1" };
  const granting = { actions: ["kms:CreateGrant"], on: [KEY] };

  test("and may make a snapshot, tag that, and lend AWS the key", () => {
    const made = { actions: ["rds:CreateDBSnapshot"], on: [DATABASE, SNAPSHOT] };
    const tagged = { actions: ["rds:AddTagsToResource"], on: [SNAPSHOT] };
    const lent = { ...granting, when: { Bool: { "kms:GrantIsForAWSResource": ["true"] } } };
    expect(asksFor(made, tagged, lent)).toHaveLength(3);
  });

  test.each([
    ["to modify a database", { actions: ["rds:CreateDBSnapshot", "rds:ModifyDBInstance"], on: [DATABASE] }],
    ["to tag a database", { actions: ["rds:AddTagsToResource"], on: [DATABASE] }],
    ["to tag a snapshot that it does not make", { actions: ["rds:AddTagsToResource"], on: [SNAPSHOT] }],
    ["to lend a key to anybody", granting],
    ["what every object has by birth", { actions: ["constructor"], on: [DATABASE] }],
  ])("guard closed list: and is not permitted %s, whatever the step says of itself", (_what, permission) => {
    const making = { actions: ["rds:CreateDBSnapshot"], on: [SOURCE, DATABASE, thing("snapshot:twokey-2")] };
    expect(() => asksFor(making, permission)).toThrow(
      expect.objectContaining({ name: "Bug", code: "step-beyond-adding" }),
    );
  });

  test("a step that changes something may be permitted that", () => {
    const actions = permittedFor({ steps: STEPS }, run, stepOf(run.plan, "promote")).flatMap((each) => each.actions);
    expect(actions).toContain("rds:PromoteReadReplica");
  });
});
