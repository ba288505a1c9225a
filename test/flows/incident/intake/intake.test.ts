import { describe, expect, test } from "@jest/globals";
import { TransientError, Unreadable } from "../../../../src/domain/errors.ts";
import type { AlertRule, Signal } from "../../../../src/domain/incident/alert.ts";
import { MINUTE, START_MS } from "../../../harness/fakes/index.ts";
import { type Bridge, bridge } from "../bridge.ts";
import { inventory, signal } from "../file.ts";

const rule = (match: AlertRule["match"]) => ({
  name: "r",
  match,
  service: "a",
  severity: "sev1",
  opens_incident: true,
});

describe("intake", () => {
  test("taking the same signals in again changes nothing", async () => {
    const desk = bridge();
    const taken = [signal("a-lag"), signal("a-lag", { state: "ok", changedAtMs: START_MS + MINUTE })];
    for (const each of taken) await desk.intake.take(each);
    const before = [desk.alerts.all(), desk.incidents.all(), desk.correlation.all()];
    for (const each of taken) expect((await desk.intake.take(each)).replay).toBe(true);
    expect([desk.alerts.all(), desk.incidents.all(), desk.correlation.all()]).toEqual(before);
  });

  test("a signal that was overtaken is counted and listed but never becomes the present state", async () => {
    const desk = bridge();
    await desk.intake.take(signal("a-lag", { state: "ok", changedAtMs: START_MS + MINUTE, reason: "fine again" }));
    const { incident } = await desk.intake.take(signal("a-lag", { changedAtMs: START_MS }));
    const [alert] = desk.alerts.all();
    expect([alert?.state, alert?.reason, alert?.alarms, alert?.signals]).toEqual(["ok", "fine again", 1, 2]);
    expect(incident).toBeDefined();
  });

  test("a late alarm is threaded and marked, and opens nothing", async () => {
    const desk = bridge();
    const { incident } = await desk.intake.take(signal("a-lag", { late: true }));
    expect([incident, desk.incidents.all(), desk.alerts.all()[0]?.changes[0]?.late]).toEqual([undefined, [], true]);
  });

  const message = (over: Partial<Signal> = {}) =>
    signal("RDS event", { ...{ source: "sns", state: "message", reason: "a-db was restarted", ...over } });

  test("guard no alarm: what is no alarm has a card of its own, and a rule for everything does not make it page", async () => {
    const desk = bridge(inventory((file) => ({ ...file, alerts: { ...file.alerts, rules: [rule({ alarm: "*" })] } })));
    const { incident } = await desk.intake.take(message());
    expect([incident, desk.incidents.all()]).toEqual([undefined, []]);
    expect(desk.alerts.all()[0]).toMatchObject({ state: "message", reason: "a-db was restarted", severity: "sev3" });
    expect(desk.cards.all().map(({ kind }) => kind)).toEqual(["alert"]);
  });

  test.each([
    ["a message that is no alarm", message()],
    ["an alarm that rang before the installation", signal("a-lag", { isOld: true })],
  ])("the same news of %s, taken in twice, is shown and counted once", async (_what, news) => {
    const desk = bridge();
    expect((await desk.intake.take(news)).replay).toBe(false);
    expect((await desk.intake.take(news)).replay).toBe(true);
    expect(desk.alerts.all()).toMatchObject([{ signals: 1, changes: [{ id: news.id }] }]);
  });

  test("a rule about messages opens an incident for those that it fits, and for no alarm", async () => {
    const rules = [rule({ message: "*was restarted*" }), rule({ alarm: "none" })];
    const desk = bridge(inventory((file) => ({ ...file, alerts: { ...file.alerts, rules } })));
    const { incident: none } = await desk.intake.take(message({ reason: "a backup was made", fingerprint: "2" }));
    const { incident: alarm } = await desk.intake.take(signal("a-lag", { reason: "a-db was restarted" }));
    const { incident = "" } = await desk.intake.take(message());
    expect([none, alarm]).toEqual([undefined, undefined]);
    await desk.pages(incident);
    expect(desk.paging.triggers).toHaveLength(1);
    expect((await desk.incident(incident)).description).toBe(
      "Message RDS event for a in us-east-1: a-db was restarted",
    );
  });

  test("guard unreadable incident: an alarm whose open incident cannot be read opens another one, and pages", async () => {
    const desk = bridge();
    const { incident: unreadable } = await desk.intake.take(signal("a-lag"));
    const { change } = desk.incidents;
    desk.incidents.change = async (id, decide) => {
      if (id === unreadable) throw new Unreadable("incident-unreadable", "It cannot be read");
      return change(id, decide);
    };
    desk.clock.move(MINUTE);

    const { incident } = await desk.intake.take(signal("a-errors", { changedAtMs: START_MS + MINUTE }));

    expect(incident).toBeDefined();
    expect(incident).not.toBe(unreadable);
    await desk.pages(incident ?? "");
    expect(desk.paging.incidents.has(`dr:test:${incident}:1`)).toBe(true);
  });

  test("an alarm whose incident cannot be reached, or whose own incident cannot be read, is not taken: it comes again", async () => {
    const desk = bridge();
    const { incident } = await desk.intake.take(signal("a-lag"));
    const { change } = desk.incidents;
    const failing = async (error: Error, name: string) => {
      desk.incidents.change = () => {
        desk.incidents.change = change;
        return Promise.reject(error);
      };
      await expect(desk.intake.take(signal(name))).rejects.toBe(error);
    };

    await failing(new TransientError("store-away", "Redis gives no answer"), "a-errors");
    expect((await desk.intake.take(signal("a-errors"))).incident).toBe(incident);
    await failing(new Unreadable("incident-unreadable", "It cannot be read"), "b-down");
  });

  test("two workers that take two alerts of one service at once open one incident", async () => {
    const desk = bridge();
    const taken = await Promise.all(["a-lag", "a-errors", "a-health"].map((name) => desk.intake.take(signal(name))));
    expect(new Set(taken.map(({ incident }) => incident)).size).toBe(1);
    expect(desk.incidents.all()[0]?.alerts).toHaveLength(3);
  });

  test("three services of a region end in one incident; the others point to it and stop paging", async () => {
    const desk = bridge();
    const ids: string[] = [];
    for (const service of ["a", "b", "c", "d"]) {
      const { incident = "" } = await desk.intake.take(signal(`${service}-down`));
      ids.push(incident);
      await desk.pages(incident);
      await desk.chats(incident);
    }
    const [first = "", second = ""] = ids;
    expect(ids).toEqual([first, second, first, first]);
    await desk.pages(first);
    await desk.pages(second);
    await desk.chats(second);
    const merged = await desk.incident(second);
    expect([merged.state, merged.mergedInto]).toEqual(["merged", first]);
    expect(desk.paging.incidents.get(`dr:test:${second}:1`)?.status).toBe("resolved");
    expect(
      desk.chat.messages.some(({ channel, text }) => channel === `C${second}` && text.includes("Merged into")),
    ).toBe(true);
    const kept = await desk.incident(first);
    expect([kept.scope, kept.services]).toEqual(["regional", ["a", "b", "c", "d"]]);
  });

  describe("an incident counts from the first alarm of its cause", () => {
    const began = async (desk: Bridge, id: string) => (await desk.incident(id)).firstSeenAtMs - START_MS;
    const atMinute = (minute: number, over: Partial<Signal> = {}) => ({
      changedAtMs: START_MS + minute * MINUTE,
      ...over,
    });

    test("also where an earlier one comes later, and not from one that rang before the installation", async () => {
      const desk = bridge();
      const { incident = "" } = await desk.intake.take(signal("a-lag", atMinute(0)));
      desk.clock.move(MINUTE);
      await desk.intake.take(signal("a-errors", atMinute(-3)));
      await desk.intake.take(signal("a-health", atMinute(-9_000, { isOld: true })));
      await desk.intake.take(signal("a-late", atMinute(1)));

      expect(await began(desk, incident)).toBe(-3 * MINUTE);
      expect((await desk.incident(incident)).alerts).toHaveLength(4);
    });

    test("also where that one opened an incident that ends in it", async () => {
      const desk = bridge();
      const { incident: first = "" } = await desk.intake.take(signal("a-down", atMinute(0)));
      desk.clock.move(MINUTE);
      await desk.intake.take(signal("b-down", atMinute(-2)));
      await desk.intake.take(signal("c-down", atMinute(0)));
      await desk.pages(first);

      expect((await desk.incident(first)).absorbs).toHaveLength(1);
      expect(await began(desk, first)).toBe(-2 * MINUTE);
    });

    /** Three services of a region within the window, and two alarms before it that follow one another. */
    const WAVE = [
      ["a-down", 0],
      ["b-down", 0],
      ["c-down", 1],
      ["a-early", -14],
      ["b-early", -28],
    ] as const;
    const firstOf = (...names: string[]) =>
      WAVE.toSorted(([one], [other]) => names.indexOf(one) - names.indexOf(other)).map(([name]) => name);
    test.each([
      [WAVE.map(([name]) => name)],
      [WAVE.map(([name]) => name).toReversed()],
      [firstOf("a-down", "b-down", "a-early", "c-down", "b-early")],
      [firstOf("b-early", "a-down", "b-down", "c-down", "a-early")],
      [firstOf("a-down", "b-early", "c-down", "a-early", "b-down")],
    ])("also where the oldest incident grows over the region: whatever order they come in (%j)", async (order) => {
      const desk = bridge();
      const ids = new Set<string>();
      for (const name of order) {
        const [, minute = 0] = WAVE.find(([each]) => each === name) ?? [];
        const { incident = "" } = await desk.intake.take(signal(name, atMinute(minute)));
        ids.add(incident);
        for (const id of ids) await desk.pages(id);
      }

      const kept = desk.incidents.all().filter(({ state }) => state !== "merged");
      expect(kept.map(({ scope, firstSeenAtMs }) => [scope, firstSeenAtMs - START_MS])).toEqual([
        ["regional", -28 * MINUTE],
      ]);
    });

    test("one that nobody has resolved for days keeps its own first alarm, also where it grows over a region", async () => {
      const desk = bridge();
      const thursday = 3 * 24 * 60;
      const { incident: open = "" } = await desk.intake.take(signal("b-down", atMinute(0)));
      desk.clock.move(thursday * MINUTE);
      for (const [name, minute] of [
        ["b-errors", 0],
        ["a-down", 0],
        ["c-down", 1],
        ["a-early", -6],
      ] as const)
        await desk.intake.take(signal(name, atMinute(thursday + minute)));
      await desk.pages(open);

      expect(await desk.incident(open)).toMatchObject({ state: "open", scope: "regional", services: ["b", "a", "c"] });
      expect(await began(desk, open)).toBe(0);
    });

    test("of an old incident that was quiet for days and ends in it, the alarms of this outage alone count", async () => {
      const desk = bridge();
      const thursday = 3 * 24 * 60;
      const { incident: quiet = "" } = await desk.intake.take(signal("b-down", atMinute(0)));
      desk.clock.move(thursday * MINUTE);
      await desk.intake.take(signal("b-errors", atMinute(thursday - 6)));
      const { incident: regional = "" } = await desk.intake.take(signal("a-down", atMinute(thursday)));
      await desk.intake.take(signal("c-down", atMinute(thursday + 1)));
      await desk.intake.take(signal("d-down", atMinute(thursday + 1)));
      await desk.intake.take(signal("b-health", atMinute(thursday + 2)));
      await desk.pages(regional);

      expect(await desk.incident(quiet)).toMatchObject({ state: "merged", mergedInto: regional });
      expect(await began(desk, regional)).toBe((thursday - 6) * MINUTE);
    });

    test("an older alarm that joins late, after a whole time of quiet before this outage, belongs to no part of it", async () => {
      const desk = bridge();
      const { incident = "" } = await desk.intake.take(signal("a-lag", atMinute(0)));
      await desk.intake.take(signal("a-errors", atMinute(-16)));
      expect(await began(desk, incident)).toBe(0);
      await desk.intake.take(signal("a-late", atMinute(-32)));
      expect(await began(desk, incident)).toBe(0);
    });

    const LATE = [-14, -16, -28, -45];
    test.each([LATE, LATE.toReversed(), [-28, -45, -14, -16], [-45, -16, -28, -14]])(
      "guard whatever order: alarms that follow one another without a whole time of quiet count, whichever of them comes first (%d, %d, %d, %d)",
      async (...minutes) => {
        const desk = bridge();
        const { incident = "" } = await desk.intake.take(signal("a-lag", atMinute(0)));
        for (const minute of minutes) await desk.intake.take(signal(`a${minute}`, atMinute(minute)));

        expect(await began(desk, incident)).toBe(-28 * MINUTE);
      },
    );

    test("guard beyond the list: also where the incident lists no more of its alarms, and what ended in it knew the earlier ones", async () => {
      const desk = bridge();
      const { incident: first = "" } = await desk.intake.take(signal("a-down", atMinute(0)));
      for (let at = 0; at < 50; at += 1) await desk.intake.take(signal(`a-${at}`, atMinute(0)));
      await desk.intake.take(signal("a-unlisted", atMinute(-25)));
      const { incident: second = "" } = await desk.intake.take(signal("b-down", atMinute(-2)));
      await desk.intake.take(signal("b-early", atMinute(-38)));
      await desk.intake.take(signal("c-down", atMinute(0)));
      await desk.pages(first);
      expect(await desk.incident(second)).toMatchObject({ state: "merged", mergedInto: first });
      expect(await began(desk, first)).toBe(-2 * MINUTE);

      await desk.intake.take(signal("a-between", atMinute(-15)));

      expect(await began(desk, first)).toBe(-38 * MINUTE);
    });
  });

  test("an index that still names a closed incident is mended: the next alarm opens a new one", async () => {
    const desk = bridge();
    const { incident: first = "" } = await desk.intake.take(signal("a-lag"));
    await desk.incidents.change(
      first,
      (current) => current && { value: { ...current, state: "resolved", closedAtMs: START_MS }, events: [] },
    );
    const { incident: second } = await desk.intake.take(signal("a-errors"));
    expect(second).not.toBe(first);
    expect(desk.correlation.all()[0]?.open.map(({ id }) => id)).toEqual([second]);
  });

  test("two thousand alarms of one cause are one incident, each stored once, with few writes of the incident", async () => {
    const desk = bridge();
    const names = Array.from({ length: 2_000 }, (_each, i) => `a-${i}`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(names.slice(at, at + 50).map((name) => desk.intake.take(signal(name))));
    }
    const [incident, ...others] = desk.incidents.all();
    expect(others).toEqual([]);
    expect([incident?.alerts.length, incident?.moreAlerts]).toEqual([50, 1_950]);
    expect(desk.alerts.writes()).toBe(2_000);
    expect(desk.incidents.writes()).toBeLessThan(200);
    // A card for each alarm that the incident lists; the rest is told as a number.
    expect(desk.cards.all()).toHaveLength(50);
  });

  test("alarms that come one after the other while an incident rests from a write go into it together", async () => {
    const desk = bridge();
    await desk.intake.take(signal("a-0"));
    const taken: Promise<unknown>[] = [];
    for (let at = 1; at <= 20; at += 1) {
      taken.push(desk.intake.take(signal(`a-${at}`)));
      // More turns than a write takes: without a rest each of them would be one.
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(taken);

    expect(desk.incidents.all()[0]?.alerts).toHaveLength(21);
    expect(desk.incidents.writes()).toBeLessThanOrEqual(5);
  });
});
