import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { inParts } from "../../src/domain/plan-run/by-hand-parts.ts";
import { giveBackOf } from "../../src/domain/plan-run/give-back.ts";
import { type PlannedStep, planDigest, stepOf } from "../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { backByHand } from "../../src/flows/back-by-hand.ts";
import { cardText } from "../../src/views/card-text.ts";
import { giveBackCard } from "../../src/views/give-back.ts";
import { planOf } from "../harness/by-hand-plans.ts";
import { AT } from "../harness/observed.ts";
import { linesOfBlock } from "../harness/pasted.ts";
import { faultsIn } from "../procedures/read.ts";

const at = { atMs: AT };
const intent = (step: string): RunEntry => ({ kind: "intent", ...at, step, epoch: 1, attempt: 1 });
const done = (step: string): RunEntry => ({ kind: "done", ...at, step, epoch: 1, says: "ok", output: {} });
const ABORTED: RunEntry = { kind: "aborted", ...at, by: "farid", door: "slack" };
const UNDO_FAILED: readonly RunEntry[] = [
  { kind: "undo-intent", ...at, step: "fence", epoch: 1 },
  { kind: "undo-failed", ...at, step: "fence", epoch: 1, why: "denied" },
];

const PLAN = await planOf({ title: "", example: "every-kind", service: "bookings", runbook: "failover" });
const START: readonly RunEntry[] = [
  { kind: "started", ...at, keys: ["ana", "ben"] },
  { kind: "claimed", ...at, epoch: 1, worker: "w1" },
];
const followedBy = (run: RunState, ...entries: readonly RunEntry[]): RunState => entries.reduce(transition, run);
const runWith = (...entries: readonly RunEntry[]): RunState =>
  followedBy(proposedRun(PLAN, planDigest(PLAN)), ...START, ...entries);
const FENCED = [intent("fence"), done("fence")];
const BEGUN = intent("promote-orders");

/** The steps whose commands are shown for that run; none where they are those of the plan. */
function backOf(run: RunState, nowMs = AT): readonly PlannedStep[] {
  const back = giveBackOf(run, nowMs);
  return back ? backByHand(run, back) : [];
}
const titlesOf = (run: RunState, nowMs = AT): string[] => backOf(run, nowMs).map(({ title }) => title);
const GIVE_BACK = `Give back: ${stepOf(PLAN, "fence").title}`;
const linesOf = (steps: readonly PlannedStep[]): string[] =>
  steps.flatMap(({ byHand }) => byHand.flatMap(linesOfBlock));

describe("the commands of a run by hand lead back", () => {
  test("where it unwinds, and where it is stuck", () => {
    expect(titlesOf(runWith(...FENCED, ABORTED))).toEqual([GIVE_BACK]);
    expect(titlesOf(runWith(...FENCED, ABORTED, ...UNDO_FAILED))).toEqual([GIVE_BACK]);
  });

  test("where its end date is over before the point of no return, and nowhere else that it goes forward", () => {
    const { untilMs } = runWith();

    expect(titlesOf(runWith(...FENCED), untilMs)).toEqual([GIVE_BACK]);
    expect(titlesOf(runWith(...FENCED), untilMs - 1)).toEqual([]);
    expect(titlesOf(runWith(), untilMs)).toEqual([]);
    expect(titlesOf(runWith(...FENCED, BEGUN), untilMs)).toEqual([]);
  });

  test("for a step whose undo people went on without, and not for one that was undone", () => {
    const stuck = runWith(...FENCED, ABORTED, ...UNDO_FAILED);
    const skips = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "skip", step: "fence", position: stuck.intents },
    });
    const ended: RunEntry = { kind: "finished", ...at, state: "unwound" };
    const undone: RunEntry = { kind: "undone", ...at, step: "fence", epoch: 1, says: "as before", requestIds: [] };

    // Another run may have promoted since.
    expect(titlesOf(followedBy(stuck, skips("ana"), skips("ben"), ended))).toEqual([
      ...["promote-orders", "promote-guests"].map(
        (step) => `See that this has not happened: ${stepOf(PLAN, step).title}`,
      ),
      GIVE_BACK,
    ]);
    // Nor are they shown an hour later: the service is free since, and somebody may have closed the same on purpose.
    expect(titlesOf(followedBy(stuck, skips("ana"), skips("ben"), ended), AT + 3_600_000)).toEqual([]);
    expect(titlesOf(runWith(...FENCED, ABORTED, ...UNDO_FAILED.slice(0, 1), undone, ended))).toEqual([]);
  });

  test("and look first whether a promotion happened that was begun", () => {
    const denied: RunEntry = {
      ...{ kind: "failed", ...at, step: "promote-orders", epoch: 1, code: "x", why: "no", mustAsk: true },
    };
    const stopped = runWith(...FENCED, BEGUN, denied);
    const unwinds = (by: string): RunEntry => ({
      ...{ kind: "vote", ...at, by, door: "slack", decision: "unwind", step: "promote-orders" },
      position: stopped.intents,
    });
    const run = followedBy(stopped, unwinds("ana"), unwinds("ben"));

    const seen = [`See that this has not happened: ${stepOf(PLAN, "promote-orders").title}`, GIVE_BACK];
    expect([run.state, titlesOf(run)]).toEqual(["unwinding", seen]);
    // One that people retried waits again, and was asked for all the same.
    const waits = { ...stateOf(run, "promote-orders"), state: "waiting" as const };
    expect(titlesOf({ ...run, steps: { ...run.steps, "promote-orders": waits } })).toEqual(seen);
  });
});

describe("the commands that give a fence back", () => {
  const STUCK = runWith(...FENCED, ABORTED, ...UNDO_FAILED);

  test("open the stores first, each rule in a call of its own, and then start what works, as it was captured", () => {
    const suspended = { scaleIn: false, scaleOut: false, scheduled: true };
    const captured = { "compute.api": { desired: 5, scaling: { min: 2, max: 8, suspended } } };
    const seenSince: RunEntry = { kind: "intent", ...at, step: "fence", epoch: 1, attempt: 1, captured };
    const byHand = backOf(runWith(seenSince, done("fence"), ABORTED)).flatMap((step) => step.byHand);

    expect(byHand.map(({ of }) => of)).toEqual(["stores.guests", "stores.orders", "compute.mails", "compute.api"]);
    const text = byHand.flatMap(({ commands }) => commands).join("\n");
    expect(text.match(/\(for rule in '\[\{"IpProtocol":"tcp"/g)).toHaveLength(2);
    expect(text).toContain(
      "--resource-id service/production/bookings --min-capacity 2 --max-capacity 8 --suspended-state DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=true",
    );
    expect(byHand.at(-1)?.goOn).toBe("when the first number is 2 or more.");
  });

  test("are a procedure in which the linter of procedures finds nothing", async () => {
    const faults = await faultsIn({ "by-hand.sh": linesOf(backOf(STUCK)).join("\n") });

    expect(faults.map(({ line, rule, what }) => `${line} ${rule}: ${what}`)).toEqual([]);
  });

  test.each([
    ["bash", "--norc"],
    ["zsh", "-f"],
  ])("run in %s, and pass over a rule that is there already, but over no other refusal", (shell, option) => {
    const refusing = (code: string) =>
      `aws() { case "$*" in *authorize*) echo 'An error occurred (${code}) when calling' >&2; return 254 ;; *) echo 4 ;; esac; }`;
    const ranWith = (code: string) => {
      const cwd = mkdtempSync(join(tmpdir(), "twokey-back-"));
      const lines = ["set -u", refusing(code), ...linesOf(backOf(STUCK))];
      const { status, stdout } = spawnSync(shell, [option, "-c", lines.join("\n")], { cwd, encoding: "utf8" });
      rmSync(cwd, { recursive: true });
      return { status, failed: stdout.match(/^FAILED/gm)?.length ?? 0 };
    };
    if (spawnSync(shell, ["-c", "exit 0"]).status !== 0) return;

    expect(ranWith("InvalidPermission.Duplicate")).toEqual({ status: 0, failed: 0 });
    expect(ranWith("UnauthorizedOperation")).toMatchObject({ failed: 2 });
  });

  test("stand on cards that say why, when to stop, and how to go forward instead", () => {
    const steps = backOf(STUCK);
    const parts = inParts(steps).map((_, index) => cardText(giveBackCard({ run: STUCK, steps, roles: [] }, index + 1)));
    const text = parts.join("\n");

    expect(text).toContain(`Run ${PLAN.id} is stuck: TwoKey gives nothing back by itself.`);
    expect(text).toContain(`Stop if ${PLAN.to} takes writes of ${PLAN.service} by now`);
    expect(text).toContain(`/dr by-hand ${PLAN.id} forward`);
    for (const line of linesOf(steps).filter((each) => each.startsWith("  aws"))) expect(text).toContain(line);
  });
});
