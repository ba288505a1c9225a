import { expect, test } from "@jest/globals";
import { UserError } from "../../../../src/domain/errors.ts";
import { dueChange } from "../../../../src/flows/incident/index.ts";
import { openIncident } from "../../../../src/flows/incident/intake/open.ts";
import { START_MS } from "../../../harness/fakes/index.ts";
import { bridge, opened } from "../bridge.ts";

/** An incident desk whose chat lets nobody open a channel. */
function withoutChannels() {
  const desk = bridge();
  desk.chat.openChannel = async () => {
    throw new UserError("slack-restricted_action", "Slack does not let TwoKey open channels (restricted_action)");
  };
  return desk;
}

test("somebody who declared an incident is told, alone and before the room is, that Slack opens no channel for it, and where it goes on", async () => {
  const desk = withoutChannels();
  const opening = {
    ...({ id: "I-1", title: "slow", description: "", scope: "service", services: ["a"], severity: "sev2" } as const),
    declaredBy: { id: "ana", name: "Ana", door: "slack" } as const,
  };
  await desk.incidents.change("I-1", () => dueChange(openIncident(opening, desk.inventory(), START_MS), START_MS));

  await desk.chats("I-1");
  await desk.chats("I-1");

  const [first, ...others] = desk.chat.messages.filter(({ text }) => !text.startsWith("You are paged"));
  expect(first?.channel).toBe("ana");
  expect(first?.text).toMatch(/I-1 is open.*has no channel so far.*restricted_action.*alerts channel/);
  expect(others.map(({ channel }) => channel)).not.toContain("ana");
  expect(others.length).toBeGreaterThan(0);
});

test("nobody is written to for one that an alarm opened", async () => {
  const desk = withoutChannels();
  const id = await opened(desk);

  await desk.chats(id);

  expect(desk.chat.messages.filter(({ text }) => text.includes("restricted_action"))).toEqual([]);
});
