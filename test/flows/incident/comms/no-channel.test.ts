import { expect, test } from "@jest/globals";
import { TransientError, UserError } from "../../../../src/domain/errors.ts";
import { dueChange } from "../../../../src/flows/incident/index.ts";
import { openIncident } from "../../../../src/flows/incident/intake/open.ts";
import { cardText } from "../../../../src/views/card-text.ts";
import { incidentCard } from "../../../../src/views/incident.ts";
import { incidentVoice } from "../../../../src/views/incident-voice.ts";
import { RecordedChat, START_MS } from "../../../harness/fakes/index.ts";
import { quoted } from "../../../harness/quoted.ts";
import { bridge, opened, pass } from "../bridge.ts";

const REFUSED = new UserError("slack-restricted_action", "Slack does not let TwoKey open channels (restricted_action)");

/** An incident desk whose chat lets nobody open a channel. */
function withoutChannels(why: Error = REFUSED) {
  const desk = bridge();
  const tries: number[] = [];
  desk.chat.openChannel = async () => {
    tries.push(desk.clock.now());
    throw why;
  };
  return { ...desk, tries };
}

const declared = async (desk: ReturnType<typeof withoutChannels>) => {
  const opening = {
    ...({ id: "I-1", title: "slow", description: "", scope: "service", services: ["a"], severity: "sev2" } as const),
    declaredBy: { id: "ana", name: "Ana", door: "slack" } as const,
  };
  await desk.incidents.change("I-1", () => dueChange(openIncident(opening, desk.inventory(), START_MS), START_MS));
};

test("somebody who declared an incident is told, alone and before the room is, that Slack opens no channel for it, and where it goes on", async () => {
  const desk = withoutChannels();
  await declared(desk);

  await desk.chats("I-1");
  await desk.chats("I-1");

  const [first, ...others] = desk.chat.messages.filter(({ text }) => !text.startsWith("You are paged"));
  expect(first?.channel).toBe("ana");
  const incident = await desk.incident("I-1");
  const whispered = cardText(incidentVoice.noChannel(incident, REFUSED.message), {});
  expect(whispered).toMatch(quoted("… is open, and has no channel of its own so far: …. It goes on in …"));
  expect(whispered).toContain(
    "Its people are asked for all the same. Please go on there, or open a channel by hand and say where.",
  );
  const card = cardText(incidentCard(incident, { nameOf: (name) => name }), {});
  expect(card).toMatch(/Did not work[\s\S]*the channel could not be opened/);
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

test("while Slack opens none for minutes, it is asked a few times a minute, and the incident talks in the alerts channel meanwhile", async () => {
  const desk = withoutChannels(
    new TransientError("slack-failed", "Slack failed in conversations.create: internal_error", {
      facts: { retryAfterMs: 1_000 },
    }),
  );
  await declared(desk);

  await pass(desk, "I-1", 10);

  expect(desk.tries.length).toBeGreaterThanOrEqual(20);
  expect(desk.tries.length).toBeLessThanOrEqual(40);
  const told = desk.chat.messages.find(({ channel, text }) => channel === "ana" && !text.startsWith("You are paged"));
  expect(told?.text).toMatch(/has no channel so far.*internal_error.*alerts channel/);
  expect(desk.chat.messages.filter(({ channel }) => channel === "CALERTS").length).toBeGreaterThan(0);
  expect([...desk.cards.all()].map(({ to }) => to)).toContainEqual({ channel: "CALERTS" });

  desk.chat.openChannel = RecordedChat.prototype.openChannel.bind(desk.chat);
  await pass(desk, "I-1", 2);
  expect((await desk.incident("I-1")).channel).toBeDefined();
});
