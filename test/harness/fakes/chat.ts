import { OutcomeUnknown, TransientError, UserError } from "../../../src/domain/errors.ts";
import type { Chat, MessageRef, NotInvited, PostTarget } from "../../../src/ports/chat.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Weather } from "./pager.ts";

/** A direct message stands under the person's id. */
function placeOf(to: PostTarget): { channel: string; thread: string | undefined } {
  return "person" in to ? { channel: to.person, thread: undefined } : { channel: to.channel, thread: to.thread };
}

/** A chat that keeps every message. */
export class RecordedChat implements Chat {
  readonly topics: string[] = [];
  readonly messages: {
    channel: string;
    thread: string | undefined;
    key: string;
    text: string;
    ts: string;
    edits: number;
  }[] = [];
  readonly channels: string[] = [];
  readonly invited: { channel: string; people: string[] }[] = [];
  readonly clock: Clock;
  weather: () => Weather = () => "fine";

  constructor(clock: Clock) {
    this.clock = clock;
  }

  private async asked<T>(happens: () => T): Promise<T> {
    const weather = this.weather();
    if (weather === "busy") throw new TransientError("slack-busy", "Slack is busy", { facts: { retryAfterMs: 1_000 } });
    if (weather === "request-lost") throw new OutcomeUnknown("slack-lost", "Slack did not answer");
    const value = happens();
    await new Promise((resolve) => setImmediate(resolve));
    if (weather === "answer-lost") throw new OutcomeUnknown("slack-lost", "Slack did not answer");
    return value;
  }

  addressOf(channel: string): string {
    return `https://chat.example.com/${channel}`;
  }

  post(to: PostTarget, card: { text: string }, key: string): Promise<MessageRef> {
    return this.asked(() => {
      const ts = `${this.messages.length + 1}`;
      const place = placeOf(to);
      this.messages.push({ ...place, key, text: card.text, ts, edits: 0 });
      return { channel: place.channel, ts };
    });
  }

  update(message: MessageRef, card: { text: string }): Promise<void> {
    return this.asked(() => {
      const found = this.messages.find(({ ts }) => ts === message.ts);
      if (found) Object.assign(found, { text: card.text, edits: found.edits + 1 });
    });
  }

  find(to: PostTarget, key: string): Promise<MessageRef | undefined> {
    const found = this.messages.find((message) => message.channel === placeOf(to).channel && message.key === key);
    return Promise.resolve(found && { channel: found.channel, ts: found.ts });
  }

  /** As strict about names as Slack is. */
  openChannel(name: string, key: string): Promise<{ id: string; name: string }> {
    if (!/^[a-z0-9_-]{1,80}$/.test(name))
      throw new UserError("slack-invalid_name_specials", `no channel name: ${name}`);
    return this.asked(() => {
      if (!this.channels.includes(key)) this.channels.push(key);
      return { id: `C${key}`, name };
    });
  }

  invite(channel: string, people: readonly string[]): Promise<readonly NotInvited[]> {
    return this.asked(() => {
      this.invited.push({ channel, people: [...people] });
      return [];
    });
  }

  setTopic(_channel: string, topic: string): Promise<void> {
    this.topics.push(topic);
    return this.asked(() => undefined);
  }

  addBookmark(): Promise<void> {
    return this.asked(() => undefined);
  }

  pin(): Promise<void> {
    return this.asked(() => undefined);
  }
}
