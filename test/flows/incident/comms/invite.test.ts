import { describe, expect, test } from "@jest/globals";
import { dueChange } from "../../../../src/flows/incident/index.ts";
import { type Opening, openIncident } from "../../../../src/flows/incident/intake/open.ts";
import { setSeverity, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { askFor } from "../../../../src/flows/incident/paging/ask-for.ts";
import { START_MS } from "../../../harness/fakes/index.ts";
import { type Bridge, bridge, change, opened, pass } from "../bridge.ts";

/** Everybody whom Slack was asked to let in so far, sorted. */
const invitedBy = (desk: Bridge) => [...new Set(desk.chat.invited.flatMap(({ people }) => people))].toSorted();

/** A sev3 that nobody is paged for, declared by Ana; its only audience is the policy POPS. */
async function declared(desk: Bridge): Promise<string> {
  const opening: Opening = {
    ...{
      id: "F-1",
      title: "slow",
      description: "",
      scope: "service" as const,
      services: ["a"],
      severity: "sev3" as const,
    },
    declaredBy: { id: "ana", name: "Ana", door: "slack" },
  };
  await desk.incidents.change("F-1", () => dueChange(openIncident(opening, desk.inventory(), START_MS), START_MS));
  return "F-1";
}

describe("into the channel", () => {
  test("everybody whom the matrix names for the severity is invited, also before their level is due, and nobody else", async () => {
    const desk = bridge();
    const id = await opened(desk);
    await desk.chats(id);
    expect(invitedBy(desk)).toEqual(["ana", "ben", "cto"]);
    expect((await desk.incident(id)).invited).toEqual(["ana", "ben", "cto"]);
  });

  test("who declared it is invited, and who is on call for a policy that is not paged", async () => {
    const desk = bridge();
    desk.paging.onCallNow = [{ policy: "POPS", pagerUserId: "PEVE", name: "Eve" }];
    await desk.chats(await declared(desk));
    expect(invitedBy(desk)).toEqual(["ana", "eve"]);
  });

  test.each(["busy", "request-lost"] as const)(
    "guard only those concerned: while the pager does not say who is on call (%s) nobody else is, and they are as soon as it does",
    async (weather) => {
      const desk = bridge();
      desk.paging.onCallNow = [{ policy: "POPS", pagerUserId: "PEVE", name: "Eve" }];
      const id = await declared(desk);
      desk.paging.weather = () => weather;
      await pass(desk, id, 5);
      expect(invitedBy(desk)).toEqual(["ana"]);

      desk.paging.weather = () => "fine";
      await pass(desk, id, 2);
      expect(invitedBy(desk)).toEqual(["ana", "eve"]);
    },
  );

  test("while the pager refuses to say who is on call it is asked again after five minutes", async () => {
    const desk = bridge();
    const id = await declared(desk);
    const { whoIsOnCall } = desk.paging;
    desk.paging.whoIsOnCall = async () => ({ kind: "rejected", code: "token", why: "the token is not valid" });
    await pass(desk, id, 1);
    desk.paging.onCallNow = [{ policy: "POPS", pagerUserId: "PEVE", name: "Eve" }];
    desk.paging.whoIsOnCall = whoIsOnCall.bind(desk.paging);
    await pass(desk, id, 3);
    expect(invitedBy(desk)).toEqual(["ana"]);
    await pass(desk, id, 3);
    expect(invitedBy(desk)).toEqual(["ana", "eve"]);
  });

  test("a raised severity, a person who is asked for and one who acknowledges are invited when they come, each once", async () => {
    const desk = bridge();
    const id = await declared(desk);
    await desk.chats(id);
    expect(invitedBy(desk)).toEqual(["ana"]);

    await change(desk, id, (now, nowMs) => acknowledge(now, { by: "ben", name: "Ben", door: "slack" }, nowMs));
    await desk.chats(id);
    expect(invitedBy(desk)).toEqual(["ana", "ben"]);

    const targets = [{ kind: "person" as const, id: "eve", channels: ["slack" as const] }];
    await change(desk, id, (now, nowMs) => askFor(now, { targets, why: "she knows it" }, { actor: TWOKEY, nowMs }));
    await desk.chats(id);
    expect(invitedBy(desk)).toEqual(["ana", "ben", "eve"]);

    await change(desk, id, (now, nowMs) => setSeverity(now, "sev1", { actor: TWOKEY, nowMs }));
    await desk.chats(id);
    expect(invitedBy(desk)).toEqual(["ana", "ben", "cto", "eve"]);
    expect(desk.chat.invited.flatMap(({ people }) => people)).toHaveLength(4);
  });
});
