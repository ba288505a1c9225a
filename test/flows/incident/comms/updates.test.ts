import { describe, expect, test } from "@jest/globals";
import { editUpdate } from "../../../../src/flows/incident/comms/update.ts";
import { dueChange } from "../../../../src/flows/incident/index.ts";
import { resolveIncident, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { MINUTE, START_MS } from "../../../harness/fakes/index.ts";
import { type Bridge, bridge } from "../bridge.ts";
import { signal } from "../file.ts";

async function opened(): Promise<{ desk: Bridge; id: string }> {
  const desk = bridge();
  const { incident: id = "" } = await desk.intake.take(signal("a-lag"));
  await desk.chats(id);
  return { desk, id };
}

/** The queue of chat until `minute` after the start. */
async function chatUntil(desk: Bridge, id: string, minute: number): Promise<void> {
  const endMs = START_MS + minute * MINUTE;
  for (;;) {
    const nextMs = (await desk.chats(id)) ?? endMs;
    if (nextMs >= endMs) break;
    desk.clock.move(Math.max(1, nextMs - desk.clock.now()));
  }
  desk.clock.move(Math.max(0, endMs - desk.clock.now()));
  await desk.chats(id);
}

const updates = (desk: Bridge) => desk.chat.messages.filter(({ key }) => key.includes("update-send"));

describe("status updates", () => {
  test("a draft is shown two minutes before and goes out by itself every thirty minutes", async () => {
    const { desk, id } = await opened();
    await chatUntil(desk, id, 28.5);
    expect([(await desk.incident(id)).update.draft?.status, updates(desk).length]).toEqual(["down", 0]);
    expect(desk.cards.all().map(({ kind, to }) => [kind, to])).toContainEqual(["update-draft", { channel: `C${id}` }]);
    await chatUntil(desk, id, 95);
    expect(
      desk.incidents.events.filter(({ kind }) => kind === "update.sent").map(({ atMs }) => (atMs - START_MS) / MINUTE),
    ).toEqual([30, 60, 90]);
  });

  test("what a person wrote goes out instead of the draft", async () => {
    const { desk, id } = await opened();
    await chatUntil(desk, id, 29);
    const fields = { status: "failing over", progress: "database promoted", challenges: "none", eta: "03:40" };
    await desk.incidents.change(id, (now) => {
      const changed = now && editUpdate(now, { fields, now: false }, { actor: TWOKEY, nowMs: desk.clock.now() });
      return changed && dueChange(changed, desk.clock.now());
    });
    await chatUntil(desk, id, 31);
    expect(updates(desk).map(({ text }) => text)).toEqual([expect.stringContaining("failing over")]);
  });

  test("after two hours away one late update goes out at once, and the next on the beat", async () => {
    const { desk, id } = await opened();
    desk.clock.move(125 * MINUTE);
    await desk.chats(id);
    expect(updates(desk).map(({ text }) => text)).toEqual([expect.stringContaining("(late)")]);
    expect(((await desk.incident(id)).update.dueAtMs ?? 0) - START_MS).toBe(150 * MINUTE);
  });

  test("an update is late that goes out more than a minute after its time", async () => {
    const says = async (afterMs: number) => {
      const { desk, id } = await opened();
      desk.clock.move(30 * MINUTE + afterMs);
      await desk.chats(id);
      return updates(desk).map(({ text }) => text.includes("(late)"));
    };

    expect([await says(MINUTE), await says(MINUTE + 1)]).toEqual([[false], [true]]);
  });

  test("an update that cannot go out for five minutes pages the commanders, once", async () => {
    const { desk, id } = await opened();
    await desk.pages(id);
    await desk.incidents.change(id, (now) => {
      const changed = now && acknowledge(now, { by: "ana", name: "Ana", door: "slack" }, desk.clock.now());
      return changed && dueChange(changed, desk.clock.now());
    });
    desk.chat.weather = () => "busy";
    desk.clock.move(36 * MINUTE);
    await desk.chats(id);
    await desk.pages(id);
    desk.clock.move(MINUTE);
    await desk.pages(id);
    expect(desk.incidents.events.filter(({ kind }) => kind === "update.overdue")).toHaveLength(1);
    expect(desk.paging.responders.at(-1)?.request.users).toEqual(["PCTO"]);
  });

  test("a lost answer does not post an update twice", async () => {
    const { desk, id } = await opened();
    await chatUntil(desk, id, 29);
    let lost = 0;
    desk.chat.weather = () => {
      lost += 1;
      return lost <= 2 ? "answer-lost" : "fine";
    };
    await chatUntil(desk, id, 32);
    expect(updates(desk)).toHaveLength(1);
  });

  test("resolving posts the resolution and then the timeline, and no update follows", async () => {
    const { desk, id } = await opened();
    await desk.incidents.change(id, (now) => {
      const fields = { details: "failed over", impact: "checkout", followUps: "none", lessons: "none" };
      const changed =
        now && resolveIncident(now, { fields, by: "Ana", rtoMs: 600_000 }, { actor: TWOKEY, nowMs: desk.clock.now() });
      return changed && dueChange(changed, desk.clock.now());
    });
    await desk.pages(id);
    await chatUntil(desk, id, 70);
    const keys = desk.chat.messages.map(({ key }) => key).filter((key) => /resolution|timeline|update/.test(key));
    expect(keys).toEqual([`${id}:resolution`, `${id}:timeline`]);
    expect(await desk.incidents.due(START_MS + 900 * MINUTE, 10)).toEqual([]);
  });
});

describe("opening", () => {
  test("the channel is opened, people invited and the initial notification posted, each once", async () => {
    const { desk, id } = await opened();
    await desk.chats(id);
    const incident = await desk.incident(id);
    expect(incident.channel).toEqual({ id: `C${id}`, name: `inc-20261121-a-${id}` });
    expect(desk.chat.messages.filter(({ key }) => key === `${id}:initial`)).toHaveLength(1);
    expect(desk.cards.all().find(({ kind }) => kind === "incident")).toMatchObject({
      to: { channel: `C${id}` },
      pin: true,
    });
    expect(incident.cardChanges).toBe(incident.changes);
  });
});
