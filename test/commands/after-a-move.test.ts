import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { plan } from "../../src/commands/plan.ts";
import { UserError } from "../../src/domain/errors.ts";
import { watchOldSide } from "../../src/engine/runs/fence-watch.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import { cardText } from "../../src/views/card-text.ts";
import { boardOf } from "../harness/board.ts";
import { drive, executorDeps, openLedger } from "../harness/drive.ts";
import { reopenOldSide, runOf, startRun } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { who } from "../harness/fakes/index.ts";
import { runCommandDeps } from "../harness/run-command-deps.ts";

/** One world for all of them, in which each test stands on the one before: a move, then what people do after it. */
let at: FailoverWorld;
beforeAll(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 60, sessionSeconds: 1, answerWithinMs: 60_000 });
  await startRun(at, { mode: "planned" });
  expect(await drive(at)).toMatchObject({ state: "verified" });
  // No plan is made within the cool-down.
  at.whole.world.clock.jump(at.service.cool_down + 60_000);
});
afterAll(() => at.stop());

/** `/dr <runbook> inventory …`, as somebody types it. */
async function asks(runbook: string, ...words: string[]): Promise<string> {
  const args = ["inventory", ...words];
  const ask = { verb: runbook, args, text: args.join(" "), who: who("farid"), channel: "C01OPS" };
  try {
    const answer = await plan(runbookOf({ runbook, id: "" }), ask, runCommandDeps(at));
    return answer.kind === "whisper" ? cardText(answer.card) : answer.kind;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

test("board and plans agree on who writes: the way home is refused with which side is fenced, since when, and what to do", async () => {
  expect(await boardOf(at)).toContain("↪ inventory · away from home in eu-central-1");
  expect(await asks("failover")).toMatch(
    /^No plan for inventory: eu-west-1 was fenced by F-1 at (?:\S+ )?\S+Z and has no commit since\. To have a standby in eu-west-1 again, build its databases as read replicas by hand: docs\/operations\.md, “Build the old side again”\. Nothing was changed\.$/,
  );
});

test("a snapshot is planned, of the new writer; a reboot-failover is judged by that one as well", async () => {
  expect(await asks("snapshot", "dry-run")).toContain("Snapshot mycomputer-inventory-db-replica of inventory");
  expect(await asks("reboot-failover")).toContain("mycomputer-inventory-db-replica has no standby in another zone");
});

test("a side that takes a write again is no closed one: the board says so, and nothing is planned", async () => {
  await reopenOldSide(at);
  expect(await asks("snapshot")).toMatch(
    /eu-west-1 was fenced by F-1.*(?:lets somebody in now|has just taken a write)/s,
  );

  const deps = executorDeps(at, await openLedger(at));
  await watchOldSide(await runOf(at), deps, new AbortController().signal);
  expect((await runOf(at)).watch.lostAtMs).toBeDefined();

  expect(await asks("snapshot")).toMatch(
    /eu-west-1 was fenced by F-1 and seen open at .*Settle by hand which side counts\./,
  );
  expect(await boardOf(at)).toMatch(/\? inventory · unknown: .*eu-west-1 was fenced by F-1 and seen open at/);
});
