import { describe, expect, test } from "@jest/globals";
import { responseTargets } from "../../../../src/flows/incident/comms/response.ts";
import { editUpdate } from "../../../../src/flows/incident/comms/update.ts";
import { setSeverity } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { plainText } from "../../../../src/views/card-text.ts";
import { incidentCard } from "../../../../src/views/incident.ts";
import { MINUTE, START_MS } from "../../../harness/fakes/index.ts";
import { type Bridge, bridge, change, opened, pass } from "../bridge.ts";
import { inventory, signal } from "../file.ts";

const targets = { detect: "5m", assess: "15m", communicate: "20m" };

function measured() {
  return bridge(
    inventory((file) => ({
      ...file,
      escalation: {
        ...file.escalation,
        severities: {
          ...file.escalation.severities,
          sev1: { ...file.escalation.severities.sev1, response_targets: targets },
        },
      },
    })),
  );
}

const fields = { status: "down", progress: "none", challenges: "none", eta: "soon" };
const ana = { id: "ana", name: "Ana", door: "slack" as const };
const told = (desk: Bridge, id: string) =>
  desk.chat.messages
    .filter(({ channel, key }) => channel === `C${id}` && key.includes("note:"))
    .map(({ text }) => text);

async function responseRow(desk: Bridge, id: string): Promise<string> {
  const incident = await desk.incident(id);
  const card = incidentCard(incident, { nameOf: (name) => name, targets: responseTargets(incident) });
  const rows = card.parts.flatMap((part) => (part.kind === "facts" ? part.facts : []));
  return plainText(rows.find(([name]) => name === "Response")?.[1] ?? "");
}

describe("response targets", () => {
  test("each one that was missed is told once, and stands on the card", async () => {
    const desk = measured();
    const id = await opened(desk);
    await pass(desk, id, 1);
    expect(await responseRow(desk, id)).toBe("detect by 03:05:00Z · assess by 03:15:00Z · first update by 03:20:00Z");
    await pass(desk, id, 25);
    expect(told(desk, id)).toEqual([
      expect.stringContaining("Nobody acknowledged within 5 min"),
      expect.stringContaining("Nobody has said within 15 min what is affected"),
      expect.stringContaining("No status update has gone out within 20 min"),
      expect.stringContaining("Every level has had its turn"),
    ]);
    expect(await responseRow(desk, id)).toBe("detected in time · assessed late · first update late");
  });

  test("one update by a person in time reaches both", async () => {
    const desk = measured();
    const id = await opened(desk);
    await pass(desk, id, 10);
    await change(desk, id, (incident, nowMs) =>
      acknowledge(incident, { by: "ana", name: "Ana", door: "slack" }, nowMs),
    );
    await change(desk, id, (incident, nowMs) => editUpdate(incident, { fields, now: true }, { actor: ana, nowMs }));
    await pass(desk, id, 15);
    expect(told(desk, id).filter((text) => text.includes("within"))).toHaveLength(1);
    expect(await responseRow(desk, id)).toBe("detected in time · assessed in time · first update in time");
  });

  test("an alarm that reached us late is detected late", async () => {
    const desk = measured();
    const late = signal("a-lag", { changedAtMs: START_MS - 7 * MINUTE });
    const { incident: id = "" } = await desk.intake.take(late);
    await pass(desk, id, 1);
    expect(told(desk, id)).toEqual([
      expect.stringContaining("opened 7 min after the first alarm; the target is 5 min"),
    ]);
  });

  test("a severity that a person sets is an assessment, and starts the clock of the first update anew", async () => {
    const desk = measured();
    const id = await opened(desk);
    await pass(desk, id, 10);
    await change(desk, id, (incident, nowMs) => setSeverity(incident, "sev2", { actor: ana, nowMs }));
    await pass(desk, id, 20);
    expect(told(desk, id).filter((text) => text.includes("update has gone out"))).toEqual([]);
    await change(desk, id, (incident, nowMs) => setSeverity(incident, "sev1", { actor: ana, nowMs }));
    expect(await responseRow(desk, id)).toContain("first update by 03:50:00Z");
    await pass(desk, id, 16);
    expect(await responseRow(desk, id)).toContain("assessed in time");
  });
});
