import { describe, expect, test } from "@jest/globals";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { lostAtPager, triggerKey } from "../../../../src/flows/incident/paging/lost-page.ts";
import { START_MS } from "../../../harness/fakes/index.ts";
import { quoted } from "../../../harness/quoted.ts";
import { type Bridge, bridge, change, opened, pass } from "../bridge.ts";
import { inventory } from "../file.ts";

/** Each of them may find out alone that a page got lost. */
const DRIVERS = ["twokey", "pagerduty"] as const;

const deskOf = (driver: (typeof DRIVERS)[number]): Bridge =>
  bridge(inventory((file) => ({ ...file, escalation: { ...file.escalation, driver } })));

const seconds = (desk: Bridge) => desk.paging.triggers.map(({ atMs }) => Math.round((atMs - START_MS) / 1_000));
const said = (desk: Bridge, id: string) =>
  desk.chat.messages.filter(({ channel }) => channel === `C${id}`).map(({ text }) => text);

describe("a page that PagerDuty accepts, and that reaches nobody", () => {
  test.each(DRIVERS)(
    "guard lost page: is sent again with longer and longer pauses until PagerDuty has it, with %s as the driver",
    async (driver) => {
      const desk = deskOf(driver);
      desk.paging.losesTriggers = true;
      const id = await opened(desk);
      await pass(desk, id, 10);
      const [first = 0, second = 0, third = 0, fourth = 0] = seconds(desk);
      expect(second - first).toBeGreaterThanOrEqual(30);
      expect(second - first).toBeLessThanOrEqual(45);
      expect(third - second).toBeGreaterThanOrEqual(60);
      expect(fourth - third).toBeGreaterThanOrEqual(120);
      // Once at the longest pause it stays there.
      expect(seconds(desk).length).toBeLessThanOrEqual(6);
      expect(new Set(desk.paging.triggers.map(({ key }) => key)).size).toBe(1);

      desk.paging.losesTriggers = false;
      await pass(desk, id, 6);
      const sent = seconds(desk).length;
      expect((await desk.incident(id)).pager).toMatchObject({ id: "Q1", status: "triggered" });
      await pass(desk, id, 20);
      expect(seconds(desk)).toHaveLength(sent);
    },
  );

  test("guard lost page: is sent again when 30 s are over, and not a moment before", async () => {
    const desk = deskOf("twokey");
    desk.paging.losesTriggers = true;
    const id = await opened(desk);
    await pass(desk, id, 0.2);
    const incident = await desk.incident(id);
    const { settledAtMs = Number.NaN } = incident.duties[triggerKey(incident)] ?? {};

    const lost = (afterMs: number) => lostAtPager(incident, settledAtMs + afterMs, settledAtMs + afterMs);
    expect(lost(29_999)).toBeUndefined();
    expect(lost(30_000)?.value.pager.lost).toBe(1);
  });

  test.each(DRIVERS)(
    "is said in the room once, and its people are written to directly, with %s as the driver",
    async (driver) => {
      const desk = deskOf(driver);
      desk.paging.losesTriggers = true;
      const id = await opened(desk);
      await pass(desk, id, 10);
      expect(desk.chat.messages.some(({ channel, key }) => channel === "ana" && key.includes("fallback"))).toBe(true);
      const about = said(desk, id).filter((text) => text.includes("took the page"));
      expect(about).toHaveLength(1);
      expect(about[0]).toContain("shows no incident of it");
    },
  );

  test("is not called paged: its page is unclear until PagerDuty shows it", async () => {
    const desk = deskOf("pagerduty");
    desk.paging.losesTriggers = true;
    const id = await opened(desk);
    await pass(desk, id, 2);
    const ofPager = async () => (await desk.incident(id)).pages.filter(({ via }) => via === "pager");
    expect(await ofPager()).toMatchObject([{ state: "unknown", why: expect.stringContaining("shows no incident") }]);
    desk.paging.losesTriggers = false;
    await pass(desk, id, 6);
    expect(await ofPager()).toMatchObject([{ state: "accepted" }]);
    expect((await ofPager())[0]).not.toHaveProperty("why");
  });

  test("is not sent again once somebody has answered here, or where PagerDuty only takes its time", async () => {
    const answered = deskOf("twokey");
    answered.paging.losesTriggers = true;
    const id = await opened(answered);
    await pass(answered, id, 0.2);
    await change(answered, id, (incident, nowMs) =>
      acknowledge(incident, { by: "ana", name: "Ana", door: "slack" }, nowMs),
    );
    await pass(answered, id, 20);
    expect(seconds(answered)).toHaveLength(1);

    const slow = deskOf("twokey");
    slow.paging.losesTriggers = true;
    const late = await opened(slow);
    await pass(slow, late, 0.4);
    slow.paging.losesTriggers = false;
    const [first] = slow.paging.triggers;
    if (first === undefined) throw new Error("nothing was triggered");
    await slow.paging.trigger(first.page);
    await pass(slow, late, 20);
    // The second is this test's own.
    expect(seconds(slow)).toHaveLength(2);
  });
});

test.each(["before", "after"] as const)(
  "guard told again: what PagerDuty makes late of a page that was answered here %s it was sent again is acknowledged there too",
  async (when) => {
    const desk = deskOf("twokey");
    desk.paging.losesTriggers = true;
    const id = await opened(desk);
    await pass(desk, id, when === "before" ? 0.2 : 1);
    await change(desk, id, (incident, nowMs) =>
      acknowledge(incident, { by: "ana", name: "Ana", door: "slack" }, nowMs),
    );
    await pass(desk, id, 5);
    desk.paging.losesTriggers = false;
    const [first] = desk.paging.triggers;
    if (first === undefined) throw new Error("nothing was triggered");
    await desk.paging.trigger(first.page);
    await pass(desk, id, 5);

    expect((await desk.incident(id)).pager.status).toBe("acknowledged");
    const told = desk.paging.acknowledged.length;
    await pass(desk, id, 20);
    expect(desk.paging.acknowledged).toHaveLength(told);
  },
);

test("an incident that was there when the answer was told is told nothing more, whomever somebody gave it to there", async () => {
  const desk = deskOf("twokey");
  const id = await opened(desk);
  await pass(desk, id, 0.3);
  await change(desk, id, (incident, nowMs) => acknowledge(incident, { by: "ana", name: "Ana", door: "slack" }, nowMs));
  await pass(desk, id, 0.1);
  const told = desk.paging.acknowledged.length;
  expect(told).toBeGreaterThan(0);
  // Before anybody here has read that it was acknowledged.
  for (const key of desk.paging.incidents.keys()) desk.paging.set(key, { status: "triggered" });
  await pass(desk, id, 10);

  expect((await desk.incident(id)).pager.status).toBe("triggered");
  expect(desk.paging.acknowledged).toHaveLength(told);
});

describe("an incident that PagerDuty has, and for which no telephone rings", () => {
  test("guard nobody rung: is said in the room after a minute, and the people of the level are written to directly", async () => {
    const desk = deskOf("pagerduty");
    desk.paging.rings = false;
    const id = await opened(desk);
    await pass(desk, id, 0.9);
    expect(said(desk, id).filter((text) => text.includes("whom it has rung"))).toEqual([]);
    await pass(desk, id, 1);
    expect(said(desk, id).filter((text) => text.includes("whom it has rung"))).toEqual([
      expect.stringMatching(
        quoted(
          "Level …: …. Written to directly: …. Please call people by telephone: /dr oncall shows you their numbers.",
        ),
      ),
    ]);
    expect(desk.chat.messages.some(({ channel, key }) => channel === "ana" && key.includes("fallback"))).toBe(true);
  });

  test("is not said where its log shows somebody", async () => {
    const desk = deskOf("pagerduty");
    const id = await opened(desk);
    await pass(desk, id, 4);
    expect(said(desk, id).filter((text) => text.includes("Written to directly"))).toEqual([]);
  });
});
