import { z } from "zod";

/** A message, ephemeral or view as the control API shows it; further members are Slack's own. */
export const SeenMessage = z.looseObject({
  ts: z.string(),
  text: z.string(),
  channel: z.string().optional(),
  user: z.string().optional(),
  app_id: z.string().optional(),
  thread_ts: z.string().optional(),
  subtype: z.string().optional(),
  blocks: z.array(z.looseObject({ type: z.string() })).default([]),
  metadata: z.looseObject({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).optional(),
});
export type SeenMessage = z.infer<typeof SeenMessage>;

export const SeenView = z.looseObject({
  id: z.string(),
  type: z.string(),
  callback_id: z.string(),
  private_metadata: z.string(),
  blocks: z.array(z.looseObject({ type: z.string() })),
  errors: z.record(z.string(), z.string()).default({}),
});
export type SeenView = z.infer<typeof SeenView>;

const SeenChannel = z.looseObject({ id: z.string(), name: z.string().optional(), members: z.array(z.string()) });
export type SeenChannel = z.infer<typeof SeenChannel>;

/** What came of an act, at the moment of the acknowledgement; times in machine milliseconds. */
export const Outcome = z.looseObject({
  ack: z.looseObject({ ok: z.boolean(), error: z.string().optional() }),
  ackMs: z.number(),
  messages: z.array(SeenMessage),
  ephemerals: z.array(SeenMessage),
  view: SeenView.nullable(),
  inputErrors: z.record(z.string(), z.string()).optional(),
  cancelled: z.record(z.string(), z.unknown()).optional(),
  problem: z.string().optional(),
});
export type Outcome = z.infer<typeof Outcome>;

export type FormValues = Readonly<Record<string, string | number | readonly string[]>>;

export interface ClickTarget {
  /** Channel id. */
  readonly in?: string;
  /** Absent: the newest message in the channel with that action. */
  readonly message?: { readonly ts: string } | string;
  /** In place of channel and message: an open view. */
  readonly view?: { readonly id: string } | string;
  readonly value?: string | readonly string[];
  /** How the confirmation dialog is answered; yes unless said otherwise. */
  readonly confirm?: boolean;
  /** The screen lags: earlier contents of the message count as well. */
  readonly stale?: boolean;
}

const POLL_MS = 25;
/** Only what hangs takes that long, on a busy machine too. */
const PATIENCE_MS = 60_000;

/** People in front of the simulated Slack: they type, click, fill in forms and look. Talks to the world's control API. */
export class SlackPeople {
  readonly #controlUrl: string;

  /** `controlUrl`: for example `http://127.0.0.1:4100`. */
  constructor(controlUrl: string) {
    this.#controlUrl = controlUrl;
  }

  as(userId: string): Person {
    return new Person(this, userId);
  }

  async messages(channel: string): Promise<SeenMessage[]> {
    return z.array(SeenMessage).parse(await this.get("messages", { channel }));
  }

  async ephemerals(user: string): Promise<SeenMessage[]> {
    return z.array(SeenMessage).parse(await this.get("ephemerals", { user }));
  }

  /** Open modals, lowest first. */
  async views(user: string): Promise<SeenView[]> {
    return z.object({ stack: z.array(SeenView) }).parse(await this.get("views", { user })).stack;
  }

  async channels(): Promise<SeenChannel[]> {
    return z.array(SeenChannel).parse(await this.get("channels", {}));
  }

  /** The newest message that fits, as soon as there is one. Throws after `withinMs` machine milliseconds. */
  expectMessage(
    channel: string,
    fits: (message: SeenMessage) => boolean,
    withinMs = PATIENCE_MS,
  ): Promise<SeenMessage> {
    return this.#until(() => this.messages(channel), fits, { withinMs, what: `message in ${channel}` });
  }

  expectEphemeral(user: string, fits: (message: SeenMessage) => boolean, withinMs = PATIENCE_MS): Promise<SeenMessage> {
    return this.#until(() => this.ephemerals(user), fits, { withinMs, what: `ephemeral for ${user}` });
  }

  expectView(user: string, fits: (view: SeenView) => boolean = () => true, withinMs = PATIENCE_MS): Promise<SeenView> {
    return this.#until(() => this.views(user), fits, { withinMs, what: `view for ${user}` });
  }

  expectChannel(fits: (channel: SeenChannel) => boolean, withinMs = PATIENCE_MS): Promise<SeenChannel> {
    return this.#until(() => this.channels(), fits, { withinMs, what: "channel" });
  }

  async get(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    return readAnswer(await fetch(`${this.#controlUrl}/slack/${path}?${new URLSearchParams(query).toString()}`));
  }

  /** Throws an Error with the world's own words where the act is impossible. */
  async act(path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    const url = `${this.#controlUrl}/slack/${path}`;
    return readAnswer(await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
  }

  async #until<T>(
    look: () => Promise<T[]>,
    fits: (each: T) => boolean,
    { withinMs, what }: { withinMs: number; what: string },
  ): Promise<T> {
    const deadlineMs = Date.now() + withinMs;
    for (;;) {
      const seen = await look();
      const found = seen.findLast(fits);
      if (found !== undefined) return found;
      if (Date.now() > deadlineMs)
        throw new Error(`No such ${what} within ${withinMs} ms; seen: ${JSON.stringify(seen)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** One person; every act resolves when the app acknowledged it or Slack gave up. */
export class Person {
  readonly userId: string;
  readonly #people: SlackPeople;

  constructor(people: SlackPeople, userId: string) {
    this.#people = people;
    this.userId = userId;
  }

  /** A slash command: `types("/dr status", { in: channelId })`. */
  types(text: string, where: { readonly in: string }): Promise<Outcome> {
    return this.#act("command", { channelId: where.in, text });
  }

  clicks(actionId: string, target: ClickTarget): Promise<Outcome> {
    const { in: channelId, message, view, ...rest } = target;
    const messageTs = typeof message === "object" ? message.ts : message;
    const viewId = typeof view === "object" ? view.id : view;
    return this.#act("click", { actionId, channelId, messageTs, viewId, ...rest });
  }

  submits(view: { readonly id: string } | string, values: FormValues): Promise<Outcome> {
    return this.#act("view-submit", { viewId: typeof view === "string" ? view : view.id, values });
  }

  closes(view: { readonly id: string } | string): Promise<Outcome> {
    return this.#act("close-view", { viewId: typeof view === "string" ? view : view.id });
  }

  /** A public channel. */
  async joins(channelId: string): Promise<void> {
    await this.#people.act("join", { userId: this.userId, channelId });
  }

  /** An ordinary message. */
  async says(text: string, where: { readonly in: string; readonly thread?: string }): Promise<SeenMessage> {
    const body = { userId: this.userId, channelId: where.in, text, threadTs: where.thread };
    return SeenMessage.parse(await this.#people.act("post", body));
  }

  async #act(path: string, body: Readonly<Record<string, unknown>>): Promise<Outcome> {
    return Outcome.parse(await this.#people.act(path, { userId: this.userId, ...body }));
  }
}

async function readAnswer(response: Response): Promise<unknown> {
  const value: unknown = await response.json();
  if (response.ok) return value;
  throw new Error(z.object({ error: z.string() }).parse(value).error);
}
