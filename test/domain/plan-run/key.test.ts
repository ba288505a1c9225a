import { describe, expect, test } from "@jest/globals";
import { refusal } from "../../../src/domain/plan-run/decision.ts";
import { judgeKey, type KeyTurn, whoIsLeft } from "../../../src/domain/plan-run/key.ts";
import { THE_PLAN } from "../../../src/domain/plan-run/not-ours.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import { notOurs, transition } from "../../../src/domain/plan-run/run-transition.ts";
import { findPerson } from "../../../src/domain/service/inventory.ts";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { example } from "../../harness/example.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";

const inventory = example("inventory");
// The primary looks healthy on a quiet day, and nobody ends its open sessions: every key holder has to accept both in words.
const ACCEPTED = ["data-loss", "sessions-not-proven", "healthy-primary"];

function turnBy(person: string, run: RunState, change: Partial<KeyTurn> = {}): KeyTurn {
  return { person, digest: run.digest, accepted: ACCEPTED, nowMs: AT + 60_000, ...change };
}

function refusalOf(run: RunState, turn: KeyTurn): string {
  const answer = judgeKey(run, turn, inventory);
  return answer.kind === "refused" ? answer.code : "turned";
}

const withKeyOf = (run: RunState, by: string) =>
  transition(run, {
    kind: "key-turned",
    atMs: AT,
    by,
    door: "slack",
    digest: run.digest,
    accepted: ACCEPTED,
  });

describe("who may turn a key, and on what (G1–G4)", () => {
  test("an approver's first key counts but does not start", () => {
    const run = proposed(inventory);

    expect(judgeKey(run, turnBy("ana", run), inventory)).toMatchObject({ kind: "turned", complete: false });
  });

  test("guard sealed plan: no key counts on a plan whose journal holds a line that TwoKey has not written, and its holder reads why", () => {
    const run = notOurs(proposed(inventory));

    const answer = judgeKey(run, turnBy("ana", run), inventory);

    expect(answer).toMatchObject({
      ...{ kind: "refused", code: "journal-not-ours" },
      why: expect.stringMatching(
        /line 1 of the journal of F-1 was not written by TwoKey: somebody else can write to Redis/,
      ),
    });
  });

  test("a second person's key completes the two", () => {
    const run = withKeyOf(proposed(inventory), "ana");

    expect(judgeKey(run, turnBy("ben", run), inventory)).toMatchObject({ kind: "turned", complete: true });
  });

  test("guard requester excluded: the requester's own key does not count", () => {
    const run = proposed(inventory, { requester: "ana" });

    expect(refusalOf(run, turnBy("ana", run))).toBe("requester");
  });

  test("guard distinct people: the same person's second key does not count", () => {
    const run = withKeyOf(proposed(inventory), "ana");

    expect(refusalOf(run, turnBy("ana", run))).toBe("already-turned");
  });

  test("guard distinct people: two accounts of one person are one person", () => {
    const run = withKeyOf(proposed(inventory), "dmitri");
    const { personOf } = slackAccounts(() => inventory.file);

    for (const account of ["U01DMITRI", "U02DMITRI"])
      expect(refusalOf(run, turnBy(personOf(account) ?? "", run))).toBe("already-turned");
  });

  test("guard rest: a plan for the rest of a run takes no key once that run has moved on", () => {
    const waits: RunState = { ...proposed(inventory, { id: "F-0" }), state: "stopped", intents: 3 };
    const run = proposed(inventory, { continues: waits });
    const turn = (continued: RunState | undefined) => refusalOf(run, turnBy("ana", run, continued && { continued }));

    expect(turn(waits)).toBe("turned");
    expect(turn({ ...waits, state: "paused" })).toBe("turned");
    expect(turn({ ...waits, state: "running" })).toBe("rest-moved-on");
    expect(turn({ ...waits, intents: 4 })).toBe("rest-moved-on");
    expect(turn(proposed(inventory, { id: "F-7" }))).toBe("rest-moved-on");
    expect(turn(undefined)).toBe("rest-moved-on");
  });

  test("guard digest: a card that shows another plan turns nothing", () => {
    const run = proposed(inventory);
    const other = proposed(inventory, { id: "F-2" });

    expect(refusalOf(run, turnBy("ana", run, { digest: other.digest }))).toBe("digest");
  });

  test("guard expiry: the last moment is too late", () => {
    const run = proposed(inventory);

    expect(refusalOf(run, turnBy("ana", run, { nowMs: run.plan.startByMs - 1 }))).toBe("turned");
    expect(refusalOf(run, turnBy("ana", run, { nowMs: run.plan.startByMs }))).toBe("expired");
  });

  test("guard closed: a plan that was refused, withdrawn or started takes no more keys", () => {
    const run = transition(proposed(inventory), { kind: "refused", atMs: AT, by: "ben", door: "slack" });

    expect(refusalOf(run, turnBy("ana", run))).toBe("closed");
  });

  test("guard own journal: a plan that TwoKey did not make, and a journal that lost lines, take no key", () => {
    const run = proposed(inventory);

    for (const changed of [{ foreign: [THE_PLAN] }, { foreign: [2] }, { lost: { lines: 3, isSaid: false } }])
      expect(refusalOf({ ...run, ...changed }, turnBy("ana", run))).toBe("journal-not-ours");
  });

  test("guard listed: a stranger and a responder without the role are refused", () => {
    const run = proposed(inventory);

    expect(refusalOf(run, turnBy("U09NOBODY", run))).toBe("unknown-person");
    expect(refusalOf(run, turnBy("chloe", run))).toBe("not-approver");
  });

  test("guard team: where the file names who approves a service, no other approver's key or vote counts for it", () => {
    const run = proposed(inventory);
    const access = { approve: ["dr_team", "chloe"] };
    const narrowed = { ...inventory, services: inventory.services.map((each) => ({ ...each, access })) };
    const refusedTo = (person: string) => judgeKey(run, turnBy(person, run), narrowed);

    expect(refusedTo("ana")).toMatchObject({ kind: "turned" });
    expect(refusedTo("elena")).toMatchObject({ kind: "refused", code: "not-approver" });
    expect(refusedTo("elena")).toHaveProperty("why", expect.stringContaining("services.inventory.access.approve"));
    // It narrows only: who is no approver does not become one.
    expect(refusedTo("chloe")).toMatchObject({ kind: "refused", code: "not-approver" });
    expect(whoIsLeft(run, narrowed).map(({ id }) => id)).not.toContain("elena");
    const decider = (id: string) => ({ person: findPerson(narrowed, id), inventory: narrowed });
    expect(refusal("reject", run, decider("elena"))).toContain("for approvers of inventory");
    expect(refusal("reject", run, decider("ben"))).toBeUndefined();
  });

  test("guard inventory: a changed twokey.yaml voids the waiting plan", () => {
    const run = proposed(inventory);
    const changed = { ...inventory, digest: "another" };

    expect(judgeKey(run, turnBy("ana", run), changed)).toMatchObject({ kind: "refused", code: "inventory-changed" });
  });

  test("guard acceptances: what must be agreed to in words is agreed to by each key holder", () => {
    const run = proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) });

    expect(run.plan.acceptances.map(({ id }) => id)).toEqual(["data-loss", "not-fenced"]);
    expect(refusalOf(run, turnBy("ana", run, { accepted: ["data-loss"] }))).toBe("acceptance-missing");
    expect(refusalOf(run, turnBy("ana", run, { accepted: ["data-loss", "not-fenced"] }))).toBe("turned");
  });

  test("who is left never names the requester or a key holder", () => {
    const run = withKeyOf(proposed(inventory, { requester: "elena" }), "ana");

    expect(whoIsLeft(run, inventory).map(({ id }) => id)).toEqual(["ben", "dmitri"]);
  });
});
