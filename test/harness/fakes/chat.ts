import { OutcomeUnknown, TransientError, UserError } from "../../../src/domain/errors.ts";
import type { Chat, MessageRef, NotInvited, PostTarget } from "../../../src/ports/chat.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Weather } from "./pager.ts";

/** A direct message stands under the person's id. */
function placeOf(to: PostTarget): { channel: string; thread: string | undefined } {
  return "person" in to ? { channel: to.person, thread: undefined } : { channel: to.channel, thread: to.thread };
}

/** A post or an edit, as it was asked for. */
interface ChatCall {
  readonly atMs: number;
  readonly what: "post" | "update";
  readonly text: string;
}

/** What that post or edit throws, counted from 1; absent: nothing. */
type Wrong = (call: number) => Error | undefined;

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
  /** Each post and edit, also those that came to nothing. */
  readonly calls: ChatCall[] = [];
  readonly channels: string[] = [];
  readonly invited: { channel: string; people: string[] }[] = [];
  readonly clock: Clock;
  weather: () => Weather = () => "fine";

  readonly wrong: Wrong;

  constructor(clock: Clock, wrong: Wrong = () => undefined) {
    this.clock = clock;
    this.wrong = wrong;
  }

  /** This chat with some methods that behave differently. */
  changed(by: Partial<Chat>): Chat {
    return {
      post: (to, card, key) => this.post(to, card, key),
      update: (message, card) => this.update(message, card),
      find: (to, key) => this.find(to, key),
      openChannel: (name, key) => this.openChannel(name, key),
      invite: (channel, people) => this.invite(channel, people),
      setTopic: (channel, topic) => this.setTopic(channel, topic),
      addBookmark: () => this.addBookmark(),
      pin: () => this.pin(),
      addressOf: (channel) => this.addressOf(channel),
      ...by,
    };
  }

  private called(what: ChatCall["what"], { text }: { text: string }): void {
    this.calls.push({ atMs: this.clock.now(), what, text });
    const error = this.wrong(this.calls.length);
    if (error) throw error;
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

  async post(to: PostTarget, card: { text: string }, key: string): Promise<MessageRef> {
    this.called("post", card);
    return await this.asked(() => {
      const ts = `${this.messages.length + 1}`;
      const place = placeOf(to);
      this.messages.push({ ...place, key, text: card.text, ts, edits: 0 });
      return { channel: place.channel, ts };
    });
  }

  async update(message: MessageRef, card: { text: string }): Promise<void> {
    this.called("update", card);
    await this.asked(() => {
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
