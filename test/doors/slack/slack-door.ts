import type { Answer, Ask } from "../../../src/commands/intent.ts";
import type { Card } from "../../../src/domain/card/card.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { createSlackDoor, type SlackDoor, type SlackDoorOptions } from "../../../src/doors/slack/bolt.ts";
import { messageOf } from "../../../src/integrations/slack/blocks.ts";
import { createChat, type ForTheDoor } from "../../../src/integrations/slack/chat.ts";
import { modalOf } from "../../../src/integrations/slack/modal.ts";
import type { Chat } from "../../../src/ports/chat.ts";
import { type Line, memoryLogger } from "../../harness/fakes/index.ts";
import { ACCOUNTS, APP, BOT_TOKEN, openSlackWorld, type SlackWorld } from "../../simulators/slack/slack-world.ts";

export interface Desk extends SlackWorld {
  readonly door: SlackDoor;
  readonly chat: Chat & ForTheDoor;
  readonly asks: Ask[];
  readonly lines: readonly Line[];
  /** What the intents do from now on. */
  answers(intents: (ask: Ask) => Promise<Answer> | Answer): void;
}

export const card = (text: string): Card => ({ text, parts: [{ kind: "text", text }] });
export const whisper = (text: string): Answer => ({ kind: "whisper", card: card(text) });
export const withButton = (label: string, intent: string, value: string): Card => ({
  text: label,
  parts: [{ kind: "buttons", buttons: [{ label, intent, value }] }],
});

export const SIGNING_SECRET = new Secret(APP.signingSecret);

/** The door as the product builds it, in a Slack of its own, with intents of the test's making. */
export async function openDesk(more: Partial<SlackDoorOptions> = {}, given?: SlackWorld): Promise<Desk> {
  const place = given ?? (await openSlackWorld());
  const { logger, lines } = memoryLogger();
  const apiUrl = place.slack.apiUrl;
  const botToken = new Secret(BOT_TOKEN);
  const chat = createChat({
    token: botToken,
    apiUrl,
    team: "T0ACME",
    accounts: ACCOUNTS,
    approversGroup: () => undefined,
    logger,
  });
  const asks: Ask[] = [];
  const seen = new Set<string>();
  let intents: (ask: Ask) => Promise<Answer> | Answer = () => ({ kind: "nothing" });
  const door = createSlackDoor({
    connection: { mode: "socket", appToken: new Secret(APP.appToken) },
    ...{ botToken, apiUrl, team: "T0ACME", chat, logger },
    render: {
      message: (shown) => messageOf(shown, ACCOUNTS.memberOf),
      modal: (form, carried) => modalOf(form, ACCOUNTS.memberOf, carried),
    },
    intents: async (ask) => {
      asks.push(ask);
      return intents(ask);
    },
    firstTime: async (key) => {
      const isFirst = !seen.has(key);
      seen.add(key);
      return isFirst;
    },
    personOf: ACCOUNTS.personOf,
    confirm: (member) => chat.confirm(member),
    membership: (member) => chat.membership(member),
    ...more,
  });
  await door.start();
  return {
    ...{ ...place, door, chat, asks, lines },
    answers: (next) => {
      intents = next;
    },
    stop: async () => {
      await door.stop();
      await place.stop();
    },
  };
}

/** A promise that somebody else fulfils. */
export function later<T>(): { readonly promise: Promise<T>; readonly fulfil: (value: T) => void } {
  let fulfil: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    fulfil = resolve;
  });
  return { promise, fulfil };
}
