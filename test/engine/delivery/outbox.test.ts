import { describe, expect, test } from "@jest/globals";
import type { Card } from "../../../src/domain/card/card.ts";
import { type CardDue, wantCard } from "../../../src/domain/card/card-due.ts";
import type { Doing } from "../../../src/domain/doing.ts";
import { OutcomeUnknown, TransientError, UserError } from "../../../src/domain/errors.ts";
import { type OutboxDeps, sendCard } from "../../../src/engine/delivery/outbox.ts";
import { createInVain } from "../../../src/jobs/in-vain.ts";
import { bridge, until } from "../../flows/incident/bridge.ts";
import { memoryDocuments, RecordedChat, TELLS_NOBODY, testClock } from "../../harness/fakes/index.ts";

function desk(worker = "one") {
  const clock = testClock();
  const chat = new RecordedChat(clock);
  const cards = memoryDocuments<CardDue>();
  const state = { text: "first" };
  const render = (_kind: string, subject: string): Promise<Card> =>
    Promise.resolve({ text: `${subject} ${state.text}`, parts: [] });
  const deps: OutboxDeps = { cards, chat, clock, logger: bridge().silent, worker, render, inVain: TELLS_NOBODY };
  const want = (id: string, under?: string) =>
    cards.change(id, (current) => {
      const request = { id, kind: "any", subject: id, to: { channel: "C1" }, under, pin: under === undefined };
      const value = wantCard(current, request, clock.now());
      return value && { value, events: [], dueAtMs: clock.now() };
    });
  return { clock, chat, cards, state, deps, want };
}

describe("the outbox", () => {
  test("many requests are one message with the newest state", async () => {
    const { chat, state, deps, want } = desk();
    for (const text of ["second", "third", "last"]) {
      state.text = text;
      await want("a");
    }
    expect(await sendCard("a", deps)).toBeUndefined();
    expect(chat.messages.map(({ text, edits }) => [text, edits])).toEqual([["a last", 0]]);
  });

  test("a request that is shown at once is one message, and waits its second like any other edit", async () => {
    const { clock, chat, cards, state, deps } = desk();
    const request = { id: "a", kind: "any", subject: "a", to: { channel: "C1" } };
    expect(await sendCard("a", deps, request)).toBeUndefined();
    state.text = "second";
    expect(await sendCard("a", deps, request)).toBe(clock.now() + 1_000);
    expect(chat.messages.map(({ text, edits }) => [text, edits])).toEqual([["a first", 0]]);
    expect(await cards.due(clock.now() + 1_000, 9)).toEqual(["a"]);
    clock.move(1_000);
    await sendCard("a", deps);
    expect(chat.messages.map(({ text, edits }) => [text, edits])).toEqual([["a second", 1]]);
  });

  test("a request for a card that somebody is sending leaves it due once more, and sends nothing beside it", async () => {
    const { chat, cards, state, deps } = desk();
    const request = { id: "a", kind: "any", subject: "a", to: { channel: "C1" } };
    const asked: (number | undefined)[] = [];
    const post = async (...args: Parameters<typeof chat.post>) => {
      state.text = "second";
      asked.push(await sendCard("a", { ...deps, worker: "two" }, request));
      return await chat.post(...args);
    };
    const next = await sendCard("a", { ...deps, chat: chat.changed({ post }) }, request);
    expect(asked).toEqual([expect.any(Number)]);
    expect(chat.messages.map(({ text }) => text)).toEqual(["a first"]);
    expect(await cards.get("a")).toMatchObject({ value: { wanted: 2, sent: 1 } });
    expect(next).toBeDefined();
  });

  test("a card is edited at most once a second, and not at all when nothing changed", async () => {
    const { clock, chat, state, deps, want } = desk();
    await want("a");
    await sendCard("a", deps);
    state.text = "second";
    await want("a");
    expect(await sendCard("a", deps)).toBe(clock.now() + 1_000);
    expect(chat.messages[0]?.edits).toBe(0);
    clock.move(1_000);
    await sendCard("a", deps);
    expect(chat.messages[0]).toMatchObject({ text: "a second", edits: 1 });
    clock.move(1_000);
    await want("a");
    await sendCard("a", deps);
    expect(chat.messages[0]?.edits).toBe(1);
  });

  test("after a lost answer the message is found again, and shows what is true now", async () => {
    const { clock, chat, state, deps, want } = desk();
    await want("a");
    chat.weather = () => "answer-lost";
    const next = await sendCard("a", deps);
    chat.weather = () => "fine";
    state.text = "second";
    clock.move((next ?? 0) - clock.now());
    await sendCard("a", deps);
    expect(chat.messages.map(({ text }) => text)).toEqual(["a second"]);
  });

  test("a worker that died after posting leaves one message", async () => {
    const { clock, chat, deps, want } = desk();
    await want("a");
    const dying = {
      ...deps,
      chat: chat.changed({
        post: async (...args: Parameters<typeof chat.post>) => {
          await chat.post(...args);
          return await new Promise<never>(() => undefined);
        },
      }),
    };
    void sendCard("a", dying);
    await until(() => chat.messages.length === 1);
    expect(await sendCard("a", { ...deps, worker: "two" })).toBe(clock.now() + 25_000);
    clock.move(25_000);
    await sendCard("a", { ...deps, worker: "two" });
    expect(chat.messages).toHaveLength(1);
  });

  test("a claim that another worker took over, by a clock that is ahead, sends nothing beside it", async () => {
    const { clock, chat, cards, deps, want } = desk();
    await want("a");
    const ahead = { ...clock, now: () => clock.now() + 25_000 };
    const post = async (...args: Parameters<typeof chat.post>) => {
      await chat.post(...args);
      return await new Promise<never>(() => undefined);
    };
    const get = async (id: string) => {
      void sendCard(id, { ...deps, worker: "two", clock: ahead, chat: chat.changed({ post }) });
      await until(() => chat.messages.length > 0);
      return await cards.get(id);
    };

    await sendCard("a", { ...deps, cards: { ...cards, get } });

    expect(chat.messages).toHaveLength(1);
  });

  test("an edit that comes after its claim ran out cannot stand: the card is sent once more", async () => {
    const { clock, chat, cards, state, deps, want } = desk();
    await want("a");
    await sendCard("a", deps);
    clock.move(1_000);
    state.text = "old";
    await want("a");
    let isUpdating: boolean = false;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = chat.changed({
      update: async (...args: Parameters<typeof chat.update>) => {
        isUpdating = true;
        await held;
        await chat.update(...args);
      },
    });
    const late = sendCard("a", { ...deps, chat: slow, worker: "slow" });
    await until(() => isUpdating);
    clock.move(25_000);
    state.text = "new";
    await want("a");
    await sendCard("a", deps);
    release();
    await late;
    expect(chat.messages[0]?.text).toBe("a old");
    clock.move(1_000);
    await sendCard("a", deps);
    expect(chat.messages[0]?.text).toBe("a new");
    expect((await cards.get("a"))?.value.sent).toBe((await cards.get("a"))?.value.wanted);
  });

  test("a reply waits for the message above it and goes into its thread", async () => {
    const { clock, chat, deps, want } = desk();
    await want("reply", "root");
    const next = await sendCard("reply", deps);
    expect(chat.messages).toEqual([]);
    await want("root");
    await sendCard("root", deps);
    clock.move((next ?? 0) - clock.now());
    await sendCard("reply", deps);
    expect(chat.messages.map(({ thread }) => thread)).toEqual([undefined, "1"]);
  });

  test("guard refused card: a card that the chat refuses again and again is said once, with why, and goes out when it is taken", async () => {
    const { clock, chat, deps, want } = desk();
    const told: string[] = [];
    const inVain = createInVain({
      clock,
      logger: deps.logger,
      announce: async (says) => void told.push(says),
      roomOf: async () => undefined,
    });
    const archived = new UserError("slack-is_archived", "Slack refused chat.postMessage: the channel is archived");
    let isArchived = true;
    const post: OutboxDeps["chat"]["post"] = async (to, card, key) => {
      if (isArchived) throw archived;
      return chat.post(to, card, key);
    };
    const refusing = { ...deps, inVain, chat: chat.changed({ post }) };
    await want("a");
    for (let tries = 0; tries < 8; tries += 1) {
      expect(await sendCard("a", refusing)).toBe(clock.now() + 300_000);
      clock.move(300_000);
    }

    expect(told).toEqual([
      expect.stringMatching(/again and again: card a\. Slack refused .*the channel is archived\. /),
    ]);
    isArchived = false;
    expect([await sendCard("a", refusing), chat.messages.length]).toEqual([undefined, 1]);
  });

  test.each([
    ["is away", new TransientError("slack-away", "Slack is away")],
    ["does not answer", new OutcomeUnknown("slack-silent", "nobody can say")],
  ])(
    "a card that does not go out while the chat %s is no fault that people mend, and is not said to be broken",
    async (_how, error) => {
      const { clock, chat, deps, want } = desk();
      const failed: string[] = [];
      const inVain = { ...TELLS_NOBODY, failed: async ({ what }: Doing) => void failed.push(what) };
      let tries = 0;
      const post = async () => {
        tries += 1;
        throw error;
      };
      await want("a");
      for (let each = 0; each < 6; each += 1) {
        await sendCard("a", { ...deps, inVain, chat: chat.changed({ post }) });
        clock.move(300_000);
      }

      expect([tries, failed]).toEqual([6, []]);
    },
  );

  test("guard broken card: one that the room stands on wakes people, a reply in a thread or an alarm's card does not", async () => {
    const { clock, chat, deps, want } = desk();
    const inVain = createInVain({
      ...{ clock, logger: deps.logger, announce: async () => undefined, roomOf: async () => undefined },
    });
    const render = () => Promise.reject(new TypeError("no such field"));
    const ids = ["incident:k7:C1", "plan:F-1", "progress:F-1", "plan-details:F-1", "by-hand:F-1#2", "alert:arn:1#0"];
    for (const id of ids) await want(id);
    for (let tries = 0; tries < 5; tries += 1) {
      for (const id of ids) await sendCard(id, { ...deps, chat, render, inVain });
      clock.move(60_000);
    }

    expect(inVain.broken().map(({ what, wakes }) => [what, wakes])).toEqual([
      ["incident k7, its card", true],
      ["run F-1, its plan", true],
      ["run F-1, its progress", true],
      ["run F-1, the steps of its plan", false],
      ["run F-1, its commands by hand", false],
      ["card alert:arn:1#0", false],
    ]);
    expect(inVain.broken().map(({ incident, run }) => incident ?? run)).toEqual([
      "k7",
      "F-1",
      "F-1",
      "F-1",
      "F-1",
      undefined,
    ]);
  });

  test("when the chat says how long to wait, the card waits that long", async () => {
    const { clock, chat, deps, want } = desk();
    await want("a");
    chat.weather = () => "busy";
    expect(await sendCard("a", deps)).toBe(clock.now() + 1_000);
    expect(await deps.cards.due(clock.now() + 999, 10)).toEqual([]);
    expect(await deps.cards.due(clock.now() + 1_000, 10)).toEqual(["a"]);
  });
});
