import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Incident } from "../../src/domain/incident/incident.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { Wait } from "../../src/domain/plan-run/wait.ts";
import { tendWait } from "../../src/engine/delivery/waits.ts";
import { eventsOf } from "../../src/store/events.ts";
import { waitOverCard } from "../../src/views/wait.ts";
import { openedIncident } from "../cards/incident-states.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";
import { BECAUSE, inventory, linesOf, MINUTE, waitDesk } from "./wait-desk.ts";

const { desk, says, refusal, stored, sweeps, planWaits, incidentOpens, closes, told, render } = waitDesk();

describe("while an incident is open and nobody has planned", () => {
  test("its room is told and reminded of how to get a plan; its card and the board show it until then", async () => {
    const { id, channel } = await incidentOpens();
    const room = { channel: channel?.id };
    await says(`until 03:40 ${BECAUSE}`, room);

    expect(await stored()).toMatchObject({ incident: id, untilMs: Date.parse("2026-11-21T03:40:00Z") });
    expect((await told())[0]).toMatchObject({ channel: channel?.id });
    expect(linesOf(await render("incident", id))).toContain(
      "until 03:40:00Z with inventory, then decide. Ana Keller says why: “AWS says that it comes back”",
    );
    desk.nowMs = Date.parse("2026-11-21T03:40:00Z");
    await sweeps();

    expect((await told())[0]?.text).toMatch(/No plan waits for keys\. A plan is made by \/dr failover/);
    expect(linesOf(await render("incident", id))).not.toContain("Waiting until");
    const kinds = (await eventsOf(desk.redis, "incident", id)).map(({ kind }) => kind);
    expect(kinds).toEqual(["wait.decided", "wait.over"]);
  });

  test("closing the incident ends it, and nobody is reminded", async () => {
    const incident = await incidentOpens();
    await says(`5m ${BECAUSE}`);
    await closes(incident);
    desk.nowMs += 5 * MINUTE;
    await sweeps();

    expect(await stored()).toMatchObject({ state: "ended", isTold: true });
    expect(await told()).toEqual([]);
  });

  describe("a run that was planned, started and ended since, before anybody looked", () => {
    const done = { ...proposed(inventory, { id: "F-BBB222" }), startedAtMs: AT + MINUTE };
    const sweepsBeside = async (incident: string, run: RunState) => {
      const runs = {
        ...{ holderOf: async () => undefined, openIds: async () => [] },
        ofIncident: async (id: string) => (id === incident ? [run.plan.id] : []),
        read: async () => run,
      };
      desk.nowMs += 5 * MINUTE;
      const wake = { card: async () => undefined, run: async () => undefined };
      await tendWait("inventory", { ...desk.stores, runs, clock: { now: () => desk.nowMs }, wake });
    };

    test("ends it, and nobody is reminded", async () => {
      const { id } = await incidentOpens();
      await says(`5m ${BECAUSE}`);
      await told();
      await sweepsBeside(id, done);

      expect(await stored()).toMatchObject({ state: "ended", isTold: true });
      expect(await told()).toEqual([]);
    });

    test.each(["the one that was merged", "the one that took its place"])("also where it is of %s", async (which) => {
      const { id } = await incidentOpens();
      await says(`5m ${BECAUSE}`);
      const other = await incidentOpens({ id: "I-5AAAAA", channel: { id: "C0SECOND", name: "inc-second" } });
      await desk.stores.incidents.change(id, (current) =>
        current ? { value: { ...current, mergedInto: other.id }, events: [] } : undefined,
      );
      await sweepsBeside(which === "the one that was merged" ? id : other.id, done);

      expect(await stored()).toMatchObject({ state: "ended" });
    });

    test.each([
      ["of another service", { ...done, plan: { ...done.plan, service: "regami" } }],
      ["that moves nothing", { ...done, plan: { ...done.plan, to: done.plan.from } }],
      ["that had started before", { ...done, startedAtMs: AT - 1 }],
    ])("ends nothing where it is one %s", async (_which, run) => {
      const { id } = await incidentOpens();
      await says(`5m ${BECAUSE}`);
      await sweepsBeside(id, run);

      expect(await stored()).toMatchObject({ state: "over" });
    });
  });
});

test("the reminder in the middle of a run says that it is under way, and offers no plan", () => {
  const wait: Wait = {
    ...{ service: "inventory", number: 1, state: "over", atMs: AT, untilMs: AT + MINUTE, by: "ana", door: "slack" },
    ...{ reason: "the lag", channel: "C1", isTold: false },
  };
  const moving = proposed(inventory, { id: "F-BBB222" });
  const { text } = waitOverCard({ wait, run: undefined, moving, inventory, asks: "/dr failover" }, AT + MINUTE);

  expect(text).toContain("Run F-BBB222 is under way.");
  expect(text).not.toMatch(/No plan waits|A plan is made|To wait on/);
});

describe("while two incidents of its service are open", () => {
  const second = (as: Partial<Incident> = {}) =>
    incidentOpens({ id: "I-5AAAAA", channel: { id: "C0SECOND", name: "inc-second" }, ...as });
  beforeEach(async () => {
    await incidentOpens();
  });

  test.each([
    ["the one that is named", `I-5AAAAA 5m ${BECAUSE}`, {}],
    ["the one whose room it is", `5m ${BECAUSE}`, { channel: "C0SECOND" }],
    ["the one whose room it is, where the service is named", `inventory 5m ${BECAUSE}`, { channel: "C0SECOND" }],
  ])("it is recorded for %s", async (_title, words, more) => {
    await second();
    await says(words, more);
    expect(await stored()).toMatchObject({ service: "inventory", incident: "I-5AAAAA", channel: "C0SECOND" });
  });

  test("it is recorded for that of the plan which is named, and through the form for that of the room", async () => {
    await second();
    const form = await says("", { channel: "C0SECOND" });
    expect(form).toMatchObject({ kind: "form", form: { context: "I-5AAAAA:inventory" } });
    await says("", { value: "I-5AAAAA:inventory", fields: { until: "5m", reason: "x" } });
    expect(await stored()).toMatchObject({ incident: "I-5AAAAA" });

    await planWaits({ incident: openedIncident().id });
    await says(`F-AAA111 5m ${BECAUSE}`, { channel: "C0SECOND" });
    expect(await stored()).toMatchObject({ incident: openedIncident().id });
  });

  test("one that lists no service says that it needs one, and takes the one that is named in its room", async () => {
    await second({ services: [] });
    const room = { channel: "C0SECOND" };
    expect(await refusal(`5m ${BECAUSE}`, room)).toMatch(
      /Incident I-5AAAAA names no service .*before the time; \/dr help wait shows how\./,
    );
    await says(`inventory 5m ${BECAUSE}`, room);
    expect(await stored()).toMatchObject({ incident: "I-5AAAAA", channel: "C0SECOND" });
  });

  test("one that is closed is waited with by nobody", async () => {
    await closes(await second());
    expect(await refusal(`I-5AAAAA 5m ${BECAUSE}`)).toMatch(/Incident I-5AAAAA is closed, so nobody waits with it/);
  });
});
