import { describe, expect, test } from "@jest/globals";
import type { Inventory } from "../../../../src/domain/service/inventory.ts";
import { resolveIncident, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { MINUTE } from "../../../harness/fakes/index.ts";
import { type Bridge, bridge, change, type Decide, opened, pass } from "../bridge.ts";
import { inventory, signal } from "../file.ts";

const ana: Decide = (incident, nowMs) => acknowledge(incident, { by: "ana", name: "Ana", door: "slack" }, nowMs);

/** The alarm of service `a` goes into ALARM now. */
const rings = (desk: Bridge, name = "a-lag") =>
  desk.intake.take(signal(name, { changedAtMs: desk.clock.now(), receivedAtMs: desk.clock.now() }));

/** Keys of the pager's incidents, channels and what the room was told, as they were seen outside. */
const outside = (desk: Bridge) => ({
  keys: [...desk.paging.incidents.keys()],
  channels: [...new Set(desk.chat.messages.map(({ channel }) => channel))].filter((channel) => channel.startsWith("C")),
  told: desk.chat.messages.flatMap(({ text }) => (text.includes("without a new one") ? [text] : [])),
});

async function acknowledged(world?: Inventory): Promise<{ desk: Bridge; id: string }> {
  const desk = bridge(world);
  const id = await opened(desk);
  await pass(desk, id, 1);
  await change(desk, id, ana);
  return { desk, id };
}

describe("An alarm that comes again", () => {
  test("four times in an hour, with OK between, is one incident, one channel and one incident at the pager", async () => {
    const { desk, id } = await acknowledged();
    for (let hour = 0; hour < 4; hour += 1) {
      await pass(desk, id, 8);
      await desk.intake.take(signal("a-lag", { state: "ok", changedAtMs: desk.clock.now() }));
      await pass(desk, id, 8);
      expect((await rings(desk)).incident).toBe(id);
    }
    await pass(desk, id, 1);

    expect(desk.incidents.all()).toHaveLength(1);
    expect(outside(desk)).toMatchObject({ keys: [`dr:test:${id}:1`], channels: [`C${id}`] });
  });

  test("guard alarms again: after the quiet pages people again, although somebody acknowledged the first trouble", async () => {
    const { desk, id } = await acknowledged();
    await pass(desk, id, 40);
    const before = desk.paging.responders.length;
    await rings(desk);
    await pass(desk, id, 6);

    const users = desk.paging.responders.slice(before).map(({ request }) => request.users.toSorted().join(","));
    expect(users[0]).toBe("PANA");
    // Nobody answers: level 2 follows.
    expect(users).toContain("PANA,PBEN");
    expect(outside(desk).told).toEqual([
      expect.stringContaining("a-lag alarms, after 41 min without a new one. People are asked for again."),
    ]);
    await change(desk, id, ana);
    const answered = desk.paging.responders.length;
    await pass(desk, id, 30);
    expect(desk.paging.responders).toHaveLength(answered);
  });

  test("an acknowledgement of before, which the pager tells at every read, does not answer it", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await pass(desk, id, 1);
    const atMs = desk.clock.now();
    const byAna = [{ pagerUserId: "PANA", name: "Ana", atMs }];
    desk.paging.set(`dr:test:${id}:1`, { status: "acknowledged", acknowledgedBy: byAna });
    await pass(desk, id, 40);
    expect((await desk.incident(id)).acks).toHaveLength(1);
    await rings(desk);
    await pass(desk, id, 6);
    expect((await desk.incident(id)).acks).toEqual([]);

    const again = [...byAna, { pagerUserId: "PANA", name: "Ana", atMs: desk.clock.now() }];
    desk.paging.set(`dr:test:${id}:1`, { acknowledgedBy: again });
    await pass(desk, id, 1);
    expect((await desk.incident(id)).acks.map(({ by }) => by)).toEqual(["ana"]);
  });

  test("within the window, or soon after an answer, only its thread tells of it", async () => {
    const { desk, id } = await acknowledged();
    // To the very end of that time.
    await pass(desk, id, 14);
    await rings(desk);
    await pass(desk, id, 1);
    expect([desk.paging.responders.length, outside(desk).told]).toEqual([1, []]);

    await pass(desk, id, 20);
    await change(desk, id, (incident, nowMs) =>
      acknowledge({ ...incident, acks: [] }, { by: "ben", name: "Ben", door: "slack" }, nowMs),
    );
    await rings(desk, "a-errors");
    await pass(desk, id, 6);
    expect(desk.paging.responders).toHaveLength(1);
    expect(outside(desk).told).toEqual([expect.stringMatching(/^.*a-errors alarms, after 21 min .* one\.$/)]);
  });

  test("guard other trouble: of another cause pages people again in the midst of the first one, since who answered that has not answered this", async () => {
    const { desk, id } = await acknowledged();
    for (let alarms = 0; alarms < 5; alarms += 1) {
      await pass(desk, id, 10);
      await desk.intake.take(signal("a-lag", { state: "ok", changedAtMs: desk.clock.now() }));
      await rings(desk);
    }
    // That it rings on and on is no other trouble, however long ago somebody answered.
    expect((await desk.incident(id)).acks).toHaveLength(1);
    const before = desk.paging.responders.length;

    await rings(desk, "a-errors");
    await pass(desk, id, 6);

    expect((await desk.incident(id)).acks).toEqual([]);
    expect(desk.paging.responders.length).toBeGreaterThan(before);
    expect(desk.incidents.all()).toHaveLength(1);
  });

  test("that is delivered twice pages once", async () => {
    const { desk, id } = await acknowledged();
    await pass(desk, id, 40);
    const again = signal("a-lag", { changedAtMs: desk.clock.now() });
    await desk.intake.take(again);
    await desk.alerts.change(
      again.fingerprint,
      (alert) =>
        // The process died before the alarm's own document was written.
        alert && { value: { ...alert, changes: alert.changes.slice(0, 1) }, events: [] },
    );
    await desk.intake.take(again);
    expect((await desk.incident(id)).ladders).toHaveLength(2);
  });

  test("where a pager drives, calls those whom the matrix names first", async () => {
    const { desk, id } = await acknowledged(
      inventory((file) => ({ ...file, escalation: { ...file.escalation, driver: "pagerduty" } })),
    );
    await pass(desk, id, 40);
    expect(desk.paging.responders).toEqual([]);
    await rings(desk);
    await pass(desk, id, 1);
    expect(desk.paging.responders.map(({ request }) => [request.users, request.policies])).toEqual([
      [["PANA"], ["POPS"]],
    ]);
  });

  test("after the incident was resolved opens a new one", async () => {
    const { desk, id } = await acknowledged();
    const fields = { details: "fixed", impact: "none", followUps: "none", lessons: "none" };
    await change(desk, id, (incident, nowMs) =>
      resolveIncident(incident, { fields, by: "Ana" }, { actor: TWOKEY, nowMs }),
    );
    desk.clock.move(MINUTE);
    const { incident } = await rings(desk);
    expect(incident).not.toBe(id);
    expect(incident).toBeDefined();
  });
});
