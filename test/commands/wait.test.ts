import { describe, expect, test } from "@jest/globals";
import { tendWait } from "../../src/engine/delivery/waits.ts";
import { eventsOf } from "../../src/store/events.ts";
import { who } from "../harness/fakes/index.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";
import { BECAUSE, inventory, linesOf, MINUTE, nothing, waitDesk } from "./wait-desk.ts";

const { desk, says, stored, sweeps, planWaits, incidentOpens, closes, told, render } = waitDesk();

describe("while a plan waits for keys", () => {
  test("it is recorded with its reason, told in the plan's room, shown on the plan card, and the time brings a reminder, once", async () => {
    await planWaits();
    const answer = await says(`5m ${BECAUSE}`);

    expect(answer.kind === "whisper" && answer.card.text).toMatch(
      /^You wait with inventory until .*, 5 min from now\./,
    );
    expect(await stored()).toMatchObject({
      ...{ number: 1, state: "standing", by: "ana", untilMs: AT + 5 * MINUTE, plan: "F-AAA111", isTold: true },
      reason: "AWS says that it comes back",
    });
    expect(desk.lines).toMatchObject([{ kind: "wait", by: "ana", door: "slack", run: "F-AAA111" }]);
    expect(await told()).toEqual([
      {
        ...{ id: `wait:inventory:${AT}`, channel: "C0PLANS" },
        text: expect.stringMatching(
          /decided to wait until .*You can turn your key now, too.*“AWS says that it comes back”$/,
        ),
      },
    ]);
    const plan = linesOf(await render("plan", "F-AAA111"));
    expect(plan).toMatch(/Waiting until .* \(why: below\)\. Keys still count\./);
    expect(plan).toContain("Ana Keller decided to wait: “AWS says that it comes back”");

    desk.nowMs += 5 * MINUTE - 1;
    await sweeps();
    expect((await told()).length).toBe(1);
    desk.nowMs += 1;
    // Two processes, and one that begins again after the other has died.
    await Promise.all([sweeps(), sweeps()]);
    await sweeps();

    expect(await told()).toEqual([
      {
        ...{ id: `wait-over:inventory:${AT}`, channel: "C0PLANS" },
        text: expect.stringMatching(
          /^@Ana Keller, @.*: the wait until .* is over\. Two people must agree to plan F-AAA111 by /,
        ),
      },
    ]);
    expect(linesOf(await render("plan", "F-AAA111"))).not.toContain("Waiting until");
    expect(await desk.stores.waits.openIds()).toEqual([]);
    const kinds = (await eventsOf(desk.redis, "run", "F-AAA111")).map(({ kind }) => kind);
    expect(kinds).toEqual(["wait.decided", "wait.over"]);
  });

  test("a time that is hours ahead has its date wherever it stands, and in the ledger where it is another day", async () => {
    await planWaits();
    const answer = await says(`02:00 ${BECAUSE}`);

    const date = "2026-11-22 02:00:00Z";
    expect(answer.kind === "whisper" && answer.card.text).toContain(date);
    expect(desk.lines[0]?.says).toContain(date);
    expect((await told())[0]?.text).toContain(date);
    expect(JSON.stringify((await render("plan", "F-AAA111"))?.parts)).toContain(
      JSON.stringify({ timeMs: Date.parse("2026-11-22T02:00:00Z") }),
    );
  });

  test("the first message mentions nobody and says who decides; what begins again after an unreadable document is told too", async () => {
    await planWaits();
    await says(`5m ${BECAUSE}`);
    expect((await told())[0]?.text).toMatch(/^Ana Keller decided .*Approvers who are left: .*Ben Osei/);
    expect((await told())[0]?.text).not.toContain("@");

    await desk.redis.del(`{twokey}:wait:inventory`);
    desk.nowMs += 1_000;
    await says(`5m ${BECAUSE}`);
    expect(await stored()).toMatchObject({ number: 1 });
    expect((await told()).map(({ id }) => id)).toEqual([`wait:inventory:${AT + 1_000}`]);
  });

  test("its plan waits on while its incident is closed: the wait stands, and reminds", async () => {
    const incident = await incidentOpens();
    await planWaits({ incident: incident.id });
    await says(`5m ${BECAUSE}`);
    await closes(incident);
    await sweeps();

    expect(await stored()).toMatchObject({ state: "standing", incident: incident.id });
    desk.nowMs += 5 * MINUTE;
    await sweeps();
    expect((await told())[0]?.text).toMatch(/is over\. Two people must agree to plan F-AAA111/);
  });

  test("one that goes from the store while people are told of it is not written there again", async () => {
    await planWaits();
    desk.deps = { ...desk.deps, tendWait: nothing };
    await says(`5m ${BECAUSE}`);
    const gone = async () => void (await desk.redis.del("{twokey}:wait:inventory"));

    const clock = { now: () => desk.nowMs };
    await tendWait("inventory", { ...desk.stores, clock, wake: { card: gone, run: nothing } });

    expect(await desk.stores.cards.openIds()).toContain(`wait:inventory:${AT}`);
    expect(await stored()).toBeUndefined();
  });

  test("deciding again replaces it: the first one reminds nobody", async () => {
    await planWaits();
    await says(`5m ${BECAUSE}`);
    await says("8m because of the lag", { who: who("chloe") });

    desk.nowMs += 6 * MINUTE;
    await sweeps();
    expect((await told()).map(({ id }) => id)).toEqual([`wait:inventory:${AT + 1}`]);
    expect(await stored()).toMatchObject({ number: 2, by: "chloe", reason: "of the lag" });
    desk.nowMs += 2 * MINUTE;
    await sweeps();
    expect((await told()).map(({ id }) => id)).toEqual([`wait-over:inventory:${AT + 1}`]);
  });

  test("a plan that takes no keys by then: everybody is told how to get a new one", async () => {
    const { startByMs } = await planWaits();
    const answer = await says(`40m ${BECAUSE}`);

    expect(startByMs).toBeLessThan(AT + 40 * MINUTE);
    const card = linesOf(await render("plan", "F-AAA111"));
    expect(card).toMatch(/Waiting until .*, but agree or refuse by .*: this plan closes then\./);
    expect(card).not.toContain("Keys still count");
    const way = /Plan F-AAA111 takes keys only until .*\. For a new one then: \/dr failover inventory\./;
    expect(answer.kind === "whisper" && answer.card.text).toMatch(way);
    expect((await told())[0]?.text).toMatch(way);
  });

  test.each([
    ["a run that has started since ends it", 1, { state: "ended", holder: "F-BBB222" }],
    ["a run whose rest it is about had started before, and does not", -1, { state: "standing", holder: "F-BBB222" }],
    ["a run of its plan that has ended, too, before anybody looked", 1, { state: "ended" }],
  ])("%s", async (_title, laterMs, { state, holder }: { state: string; holder?: string }) => {
    await planWaits();
    await says(`5m ${BECAUSE}`);
    const run = { ...proposed(inventory, { id: "F-BBB222" }), startedAtMs: AT + laterMs };
    const runs = {
      ...{ holderOf: async () => holder, read: async () => run },
      ...{ openIds: async () => (holder === undefined ? [] : [holder]), ofIncident: async () => [] },
    };
    const wake = { card: nothing, run: nothing };
    await tendWait("inventory", { ...desk.stores, runs, clock: { now: () => desk.nowMs }, wake });

    expect(await stored()).toMatchObject({ state });
  });

  test("the button of the card opens the form of its plan, and what is wrong in it stands beside its fields", async () => {
    await planWaits();
    const answer = await says("", { value: "F-AAA111:digest" });
    expect(answer).toMatchObject({ kind: "form", form: { intent: "wait", context: "F-AAA111" } });

    const sent = (fields: object) => says("", { value: "F-AAA111", fields });
    expect(await sent({ until: "noon" })).toEqual({
      kind: "field-errors",
      errors: { until: expect.stringContaining("“noon” is no time"), reason: expect.stringContaining("Say why") },
    });
    expect(await sent({ until: "3d", reason: "x" })).toMatchObject({ kind: "field-errors" });
    expect(await stored()).toBeUndefined();
    expect((await sent({ until: "5m", reason: "the lag" })).kind).toBe("whisper");
    expect(await stored()).toMatchObject({ reason: "the lag", plan: "F-AAA111" });
  });
});
