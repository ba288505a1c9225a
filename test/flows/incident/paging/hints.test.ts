import { describe, expect, test } from "@jest/globals";
import { dedupKey, type Incident } from "../../../../src/domain/incident/incident.ts";
import { incidentsAbout } from "../../../../src/flows/incident/paging/evidence.ts";
import { START_MS } from "../../../harness/fakes/index.ts";
import { type Bridge, bridge } from "../bridge.ts";
import { inventory, signal } from "../file.ts";

/** Two incidents of two causes, of which the pager's own ids are known. */
async function twoIncidents(): Promise<{ desk: Bridge; one: Incident; other: Incident }> {
  const desk = bridge(inventory());
  const opened: Incident[] = [];
  for (const name of ["first", "second"]) {
    const id = `${name}-incident`;
    const { incident = "" } = await desk.intake.take(signal("a-lag"));
    const model = await desk.incident(incident);
    await desk.incidents.change(id, () => ({
      value: { ...model, id, pager: { ...model.pager, id: `Q${name.toUpperCase()}` } },
      events: [],
    }));
    opened.push(await desk.incident(id));
  }
  const [one, other] = opened;
  if (!one || !other) throw new Error("two were opened");
  return { desk, one, other };
}

describe("a hint of the pager", () => {
  test("makes us read the incident that it is about, and no other", async () => {
    const { desk, one, other } = await twoIncidents();
    const about = (incident?: string, key?: string) => incidentsAbout({ incident, key }, desk.incidents);
    expect(await about("QFIRST")).toEqual([one.id]);
    expect(await about("QNEW", dedupKey(other))).toEqual([other.id]);
    expect(await about("QSOMEBODYELSES", "another tool's key")).toEqual([]);
    expect(await about()).toEqual([]);
  });

  test("about a closed incident makes us read nothing", async () => {
    const { desk, one } = await twoIncidents();
    await desk.incidents.change(one.id, (current) =>
      current ? { value: { ...current, state: "resolved", closedAtMs: START_MS }, events: [] } : undefined,
    );
    expect(await incidentsAbout({ incident: "QFIRST", key: undefined }, desk.incidents)).toEqual([]);
  });
});
