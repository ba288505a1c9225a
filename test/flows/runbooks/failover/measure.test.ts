import { expect, test } from "@jest/globals";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import { measure } from "../../../../src/flows/runbooks/failover/measure.ts";
import { example } from "../../../harness/example.ts";
import { AT } from "../../../harness/observed.ts";
import { proposed } from "../../../harness/plans.ts";

const SECOND = 1_000;
const at = (seconds: number) => ({ atMs: AT + seconds * SECOND, epoch: 1 });
const promoting = { ...at(100), step: "promote" };

/** Commits of before `AT` are on the new side, users went on writing, and the promotion went on like this from 100 s after that. */
function lossOf(...entries: readonly RunEntry[]) {
  const before: readonly RunEntry[] = [
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", ...at(0), worker: "w1" },
    { kind: "intent", ...at(1), step: "record-position", attempt: 1 },
    { kind: "done", ...at(2), step: "record-position", says: "written down", output: { lastCommitMs: AT } },
    { kind: "intent", ...promoting, attempt: 1 },
  ];
  const run = [...before, ...entries].reduce(transition, proposed(example("inventory")));
  return measure(run, { firstSeenAtMs: AT - SECOND, read: async () => undefined });
}

test("guard until it is taken: users write on the old side until RDS has taken the promotion, not until it was intended", async () => {
  const asked: RunEntry = { kind: "asked", ...promoting, ...at(103), requestIds: ["r-1"], data: { found: "asked" } };
  const done: RunEntry = { kind: "done", ...promoting, ...at(200), says: "promoted", output: {} };

  expect(await lossOf(asked, done)).toMatchObject({ dataLossMs: 103 * SECOND });
});

test("and where people promoted it, until that was seen", async () => {
  const asked: RunEntry = { kind: "asked", ...promoting, ...at(103), requestIds: ["r-1"], data: { found: "asked" } };
  const failed: RunEntry = { kind: "failed", ...promoting, ...at(110), code: "x", why: "it broke", mustAsk: true };
  const byHand: RunEntry = {
    kind: "taken-over",
    ...at(300),
    by: "ana",
    door: "slack",
    step: "promote",
    words: "by hand",
  };
  const done: RunEntry = { kind: "done", ...promoting, ...at(320), says: "promoted", output: {} };

  expect(await lossOf(asked, failed, byHand, done)).toMatchObject({ dataLossMs: 320 * SECOND });
});
