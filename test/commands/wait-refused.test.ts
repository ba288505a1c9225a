import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { Appended } from "../../src/ports/runs.ts";
import { quietLedger } from "../harness/fakes/index.ts";
import { started } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { BECAUSE, waitDesk } from "./wait-desk.ts";

const { desk, says, refusal, stored, planWaits, told } = waitDesk();

/** Its keys are complete, and it holds its service. */
const startOf = ({ plan }: RunState): Appended => ({
  entries: started(plan, AT),
  events: [],
  claim: { action: "hold", service: plan.service },
});

describe("what is no decision to wait", () => {
  test.each([
    ["20m because x", /Nothing is open that could wait/],
    ["inventry 20m because x", /“inventry” is no service.* Did you mean inventory\?/],
    ["inventory 20m because x", /No plan of inventory waits for keys, and no incident of it is open/],
  ])("%s, where nothing is open", async (words, why) => {
    expect(await refusal(words)).toMatch(why);
  });

  test.each([
    ["3.40 because x", /“3.40” is no time\. Write 03:40, which is in UTC/],
    ["inventory later because x", /“later” is no time/],
    ["20m", /Say why/],
    ["0m because x", /too short/],
    ["03:12 because x", /“03:12” has just passed: in UTC it is 03:12:45Z now/],
    ["03:40 CET because x", /“03:40 CET” is not read\. Write only a time in UTC.* In UTC it is 03:12 now\./],
    ["11:30 pm x", /“11:30 pm” is not read/],
    ["25h because x", /“25h” is too long\. Wait 24 hours at most/],
  ])("%s: nothing is recorded", async (words, why) => {
    await planWaits();
    expect(await refusal(words)).toMatch(why);
    expect(await refusal(words)).toContain("Nothing was changed.");
    expect([await stored(), desk.lines]).toEqual([undefined, []]);
  });

  test("with a move that has started: the answer says how to hold that one", async () => {
    const { id } = await planWaits();
    const run = await desk.stores.runs.read(id);
    if (run) await desk.stores.runs.append(run, startOf(run));

    expect(await refusal(`inventory 5m ${BECAUSE}`)).toMatch(
      /^\S+ Run F-AAA111 \(.*\) is running\. To hold it: \/dr pause F-AAA111\./,
    );
    expect(await stored()).toBeUndefined();
  });

  test("behind 03:40 UTC stands the reason", async () => {
    await planWaits();
    await says("03:40 UTC because x");
    expect(await stored()).toMatchObject({ untilMs: Date.parse("2026-11-21T03:40:00Z"), reason: "x" });
  });

  test("a room that cannot be told at once is told by the sweep, and nobody is asked to decide again", async () => {
    await planWaits();
    const before = desk.deps;
    desk.deps = { ...desk.deps, tendWait: () => Promise.reject(new Error("Redis hiccups")) };
    const answer = await says(`5m ${BECAUSE}`);

    expect([answer.kind, desk.warned.length, await told()]).toEqual(["whisper", 1, []]);
    await before.tendWait("inventory");
    expect(await told()).toHaveLength(1);
  });

  test("a ledger that takes no line keeps nobody from waiting, and it is said", async () => {
    await planWaits();
    desk.deps = { ...desk.deps, ledger: quietLedger({ append: () => Promise.reject(new Error("no space left")) }) };
    const answer = await says(`5m ${BECAUSE}`);

    expect(answer.kind === "whisper" && answer.card.text).toContain("The ledger does not have it: no space left.");
    expect(await stored()).toMatchObject({ state: "standing" });
  });
});
