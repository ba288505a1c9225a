import { expect, test } from "@jest/globals";
import { renderCard } from "../../../src/app/cards.ts";
import { sentenceCard } from "../../../src/domain/card/card.ts";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { sendCard } from "../../../src/engine/delivery/outbox.ts";
import { showRun } from "../../../src/engine/runs/advance-run.ts";
import { byHandCard } from "../../../src/views/by-hand.ts";
import { planCard, planDetailsCard } from "../../../src/views/plan.ts";
import { example } from "../../harness/example.ts";
import {
  MINUTE,
  memoryDocuments,
  RecordedChat,
  silent,
  TELLS_NOBODY,
  testClock,
  type Weather,
} from "../../harness/fakes/index.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const nothing = async () => undefined;

/** A channel in which the cards of one plan are shown, as often as it is looked at. */
function desk() {
  const clock = testClock();
  const chat = new RecordedChat(clock);
  const cards = memoryDocuments<CardDue>();
  const run = proposed(inventory);
  const rendered: Readonly<Record<string, () => ReturnType<typeof planCard>>> = {
    plan: () => planCard(run, inventory, { nowMs: clock.now() }),
    "plan-details": () => planDetailsCard(run, inventory),
    "by-hand": () => byHandCard(run.plan),
    "run-news": () => sentenceCard("news"),
  };
  const outbox = {
    ...{ cards, chat, clock, logger: silent, worker: "bot-1", inVain: TELLS_NOBODY },
    render: async (kind: string) => rendered[kind]?.(),
  };
  const wake = {
    ...{ run: nothing, runCalls: nothing, incidentPages: nothing, incidentEvidence: nothing },
    ...{ incidentChat: nothing, card: nothing },
  };
  return {
    ...{ chat, clock, run },
    show: (each = run) => showRun(each, { cards, clock, wake, channelOf: async () => "C1" }),
    send: async () => {
      for (const id of await cards.due(clock.now(), 100)) await sendCard(id, outbox);
      clock.move(MINUTE);
    },
  };
}

test("the details of a plan and its commands by hand are replies in the thread of its card, however often it is shown", async () => {
  const at = desk();
  for (let look = 0; look < 3; look += 1) {
    await at.show();
    await at.send();
  }

  const [card, ...replies] = at.chat.messages;
  expect(card).toMatchObject({ key: `plan:${at.run.plan.id}`, thread: undefined });
  expect(replies.map(({ key, thread, edits }) => [key, thread, edits])).toEqual([
    [`plan-details:${at.run.plan.id}`, card?.ts, 0],
    [`by-hand:${at.run.plan.id}#1`, card?.ts, 0],
    [`by-hand:${at.run.plan.id}#2`, card?.ts, 0],
  ]);
});

test.each<Weather>(["answer-lost", "request-lost", "busy"])(
  "they are posted once where Slack was %s",
  async (weather) => {
    const at = desk();
    await at.show();
    at.chat.weather = () => weather;
    await at.send();
    at.chat.weather = () => "fine";
    for (let look = 0; look < 3; look += 1) await at.send();

    const keys = at.chat.messages.map(({ key }) => key);
    expect(keys.filter((key) => key.startsWith("plan-details:"))).toHaveLength(1);
  },
);

test("a run that starts at once has them too: its progress says how far it is, and not what it rests on", async () => {
  const at = desk();
  await at.show(transition(at.run, { kind: "started", atMs: at.clock.now(), keys: [] }));
  await at.send();

  expect(at.chat.messages.map(({ key }) => key)).toEqual([
    ...["plan", "plan-details", "news"].map((kind) => expect.stringMatching(`^${kind}:${at.run.plan.id}`)),
  ]);
});

test("a key that was turned is told once, by a message of its own", async () => {
  const at = desk();
  const key: RunEntry = {
    ...{ kind: "key-turned", atMs: at.clock.now(), by: "ana", door: "slack" },
    ...{ digest: at.run.digest, accepted: [] },
  };
  for (let look = 0; look < 3; look += 1) {
    await at.show(transition(at.run, key));
    await at.send();
  }

  const news = at.chat.messages.filter((message) => message.key.startsWith("news:"));
  expect(news).toMatchObject([{ key: `news:${at.run.plan.id}:key:ana:${key.atMs}`, thread: undefined, edits: 0 }]);
});

test("a copy in a direct message is drawn for the person who has it, and only the newest one asks", async () => {
  const run = proposed(inventory);
  const calls = { get: async () => ({ value: { direct: ["call:F-1:keys:1:ana"] } }) };
  const waits = { get: async () => undefined };
  const stores = { runs: { read: async () => run }, incidents: {}, calls, waits };
  const sources = { stores, clock: testClock(), inventory: () => inventory };
  const drawn = async (person: string, card: string) =>
    Reflect.apply(renderCard, undefined, ["call", `F-1#${person}#${card}`, sources]);

  expect((await drawn("ana", "call:F-1:keys:1:ana")).text).toMatch(/waits for 2 more keys/);
  expect((await drawn("ana", "call:F-1:keys:0:ana")).text).toBe("A newer message about F-1 stands below.");
  calls.get = async () => ({ value: { direct: ["call:F-1:keys:1:farid"] } });
  // Who asked for the plan holds no key to it.
  expect((await drawn("farid", "call:F-1:keys:1:farid")).text).toMatch(/Nothing is asked of you here any more\.$/);
});

test("the outbox knows how each of these cards is drawn", async () => {
  const run = proposed(inventory);
  const sources = { stores: { runs: { read: async () => run } }, clock: testClock(), inventory: () => inventory };
  const drawn = await Reflect.apply(renderCard, undefined, ["plan-details", run.plan.id, sources]);

  expect(drawn).toEqual(planDetailsCard(run, inventory));
});
