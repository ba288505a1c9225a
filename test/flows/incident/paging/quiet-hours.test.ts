import { describe, expect, test } from "@jest/globals";
import { setSeverity, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { nextPage } from "../../../../src/flows/incident/paging/next-page.ts";
import { MINUTE, START_MS } from "../../../harness/fakes/index.ts";
import { bridge, change, opened, pass } from "../bridge.ts";
import { type FILE, inventory } from "../file.ts";

/** It is 03:00; Ana sleeps until 06:00, Cleo until 04:00. Ben has no quiet hours. */
function night(severity: "sev1" | "sev2", quietHours: "ignore" | "respect") {
  return inventory((file: typeof FILE) => ({
    ...file,
    people: {
      ...file.people,
      ana: { ...file.people.ana, quiet_hours: { from: "22:00", until: "06:00", zone: "UTC" } },
      cto: { ...file.people.cto, quiet_hours: { from: "22:00", until: "04:00", zone: "UTC" } },
    },
    alerts: { ...file.alerts, rules: file.alerts.rules.map((rule) => ({ ...rule, severity })) },
    escalation: {
      ...file.escalation,
      severities: {
        ...file.escalation.severities,
        [severity]: { ...file.escalation.severities[severity], quiet_hours: quietHours },
      },
    },
  }));
}

const calls = (desk: ReturnType<typeof bridge>) =>
  desk.paging.responders.map(({ request, atMs }) => [(atMs - START_MS) / MINUTE, request.users.join()]);

describe("quiet hours", () => {
  test("hold back every page of a severity that respects them until they end", async () => {
    const desk = bridge(night("sev2", "respect"));
    const id = await opened(desk);
    await pass(desk, id, 179);
    expect([desk.paging.triggers.length, calls(desk)]).toEqual([0, []]);
    expect(desk.chat.messages.filter(({ channel }) => channel === "ana")).toEqual([]);
    expect(nextPage(await desk.incident(id), desk.clock.now())).toEqual({
      ...{ atMs: START_MS + 180 * MINUTE, what: "level 1 when quiet hours end", targets: ["ana"] },
    });
    await pass(desk, id, 32);
    expect(calls(desk)).toEqual([
      [180, "PANA"],
      [195, "PANA"],
      [210, "PANA"],
    ]);
    expect(desk.chat.messages.filter(({ channel }) => channel === "ana")).toHaveLength(3);
  });

  test("count nobody out: the commanders are asked for only after the held page was not answered", async () => {
    const desk = bridge(night("sev2", "respect"));
    const id = await opened(desk);
    await pass(desk, id, 300);
    expect(calls(desk).at(-1)).toEqual([225, "PCTO"]);
  });

  test("never hold back a sev1, whatever the matrix says", async () => {
    for (const quietHours of ["ignore", "respect"] as const) {
      const desk = bridge(night("sev1", quietHours));
      const id = await opened(desk);
      await pass(desk, id, 1);
      expect(calls(desk)).toEqual([[0, "PANA"]]);
    }
  });

  test("hold back nothing where the severity ignores them", async () => {
    const desk = bridge(night("sev2", "ignore"));
    const id = await opened(desk);
    await pass(desk, id, 1);
    expect(calls(desk)).toEqual([[0, "PANA"]]);
  });

  test("are over for everybody when the incident becomes a sev1", async () => {
    const desk = bridge(night("sev2", "respect"));
    const id = await opened(desk);
    await pass(desk, id, 10);
    await change(desk, id, (incident, nowMs) => setSeverity(incident, "sev1", { actor: TWOKEY, nowMs }));
    await pass(desk, id, 1);
    expect(calls(desk)).toEqual([[10, "PANA"]]);
  });

  test("leave those awake to be paged, and hold back the others alone", async () => {
    const world = night("sev2", "respect");
    const sev2 = world.file.escalation.severities.sev2;
    const steps = sev2.steps.map((step) => ({ ...step, audience: "both" }));
    const severities = { ...world.file.escalation.severities, sev2: { ...sev2, steps } };
    const desk = bridge({ ...world, escalation: { ...world.escalation, severities } });
    const id = await opened(desk);
    await pass(desk, id, 185);
    expect(calls(desk)).toEqual([
      [0, "PBEN"],
      [15, "PBEN"],
      [30, "PBEN"],
      [180, "PANA"],
    ]);
  });
});
