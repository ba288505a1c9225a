import { z } from "zod";
import { askWith, type Secret } from "../../../domain/secret.ts";
import type { Budget } from "../../../ports/budget.ts";
import type { PagerAnswer } from "../../../ports/pager.ts";
import { failureOf, receptionOfKey, receptionOfToken } from "./classify.ts";
import { allowedOf, RateWindow } from "./rate-window.ts";
import { type EventData, type RestRequest, Transport, type TransportOptions } from "./transport.ts";

/** Calls per minute we allow ourselves, all processes together; PagerDuty's limits are 120 per routing key and 960 per token. */
const PER_MINUTE = { events: 90, rest: 600 } as const;
type Api = keyof typeof PER_MINUTE;

const PAGE_LIMIT = 100;
/** PagerDuty refuses to page beyond this. */
const LAST_OFFSET = 10_000 - PAGE_LIMIT;

export interface ClientOptions extends TransportOptions {
  readonly apiToken: Secret;
  readonly routingKey: Secret;
  /** E-mail address of the bot's own PagerDuty user, who must never be on call. */
  readonly from: string;
  /** Shared with the other processes that use the same token; absent: this process is the only one. */
  readonly budget?: Budget | undefined;
  /** Machine time, epoch milliseconds. */
  readonly now?: (() => number) | undefined;
}

const Page = z.looseObject({ more: z.boolean() });

type Query = NonNullable<RestRequest["query"]>;
export type EventBody = Omit<EventData, "routing_key">;

/** Judged and budgeted calls. REST calls go one after another, as PagerDuty asks per token; urgent ones do not queue. */
export class PagerDutyClient {
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  readonly #own: Readonly<Record<Api, RateWindow>>;
  #before: Promise<unknown> = Promise.resolve();

  constructor(options: ClientOptions) {
    const now = options.now ?? Date.now;
    this.#options = options;
    this.#transport = new Transport(options);
    this.#own = { events: new RateWindow(PER_MINUTE.events, now), rest: new RateWindow(PER_MINUTE.rest, now) };
  }

  close(): void {
    this.#transport.close();
  }

  async sendEvent(body: EventBody, isUrgent: boolean): Promise<PagerAnswer> {
    const wait = await this.#overBudget("events", isUrgent);
    if (wait) return wait;
    const { routingKey } = this.#options;
    const send = (key: string) => this.#transport.sendEvent({ ...body, routing_key: key });
    const exchange = await askWith(routingKey, send, receptionOfKey);
    return failureOf(exchange, "write") ?? { kind: "accepted", value: undefined };
  }

  /**
   * The same under the keys that were replaced a short while ago: what was opened under one is reached by no other. Resolves to the first
   * answer for which it has to be sent again; undefined: none.
   */
  async sendToEarlier(body: EventBody): Promise<PagerAnswer | undefined> {
    const earlier = this.#options.routingKey.accepted().slice(1);
    const exchanges = await Promise.all(earlier.map((key) => this.#transport.sendEvent({ ...body, routing_key: key })));
    // A key that is refused by now reaches nothing any more; any other failure may have left phones ringing.
    return exchanges
      .map((exchange) => failureOf(exchange, "write"))
      .find((failure) => failure?.kind === "retry" || failure?.kind === "unknown");
  }

  /** Whether an event may have been sent with an earlier key than the present one. */
  get hasEarlier(): boolean {
    return this.#options.routingKey.accepted().length > 1;
  }

  async write(
    { method, endpoint, data }: { readonly method: "POST" | "PUT"; readonly endpoint: string; readonly data: object },
    isUrgent: boolean,
  ): Promise<PagerAnswer> {
    const wait = await this.#overBudget("rest", isUrgent);
    if (wait) return wait;
    const exchange = await this.#rest({ method, endpoint, data }, isUrgent);
    return failureOf(exchange, "write") ?? { kind: "accepted", value: undefined };
  }

  async read<T extends z.ZodType>(
    { endpoint, query }: { readonly endpoint: string; readonly query: Query },
    schema: T,
    isUrgent = false,
  ): Promise<PagerAnswer<z.output<T>>> {
    const wait = await this.#overBudget("rest", isUrgent);
    if (wait) return wait;
    const exchange = await this.#rest({ method: "GET", endpoint, query }, isUrgent);
    const failure = failureOf(exchange, "read");
    if (failure) return failure;
    const parsed = schema.safeParse(exchange.kind === "answer" ? exchange.body : undefined);
    return parsed.success ? { kind: "accepted", value: parsed.data } : unreadable(endpoint, parsed.error);
  }

  /** Every row of a classic list, or the first failure: never a part that looks like the whole. */
  async readAll<T extends z.ZodType>(
    {
      endpoint,
      name,
      query = {},
    }: { readonly endpoint: string; readonly name: string; readonly query?: Query | undefined },
    row: T,
  ): Promise<PagerAnswer<z.output<T>[]>> {
    const rows: z.output<T>[] = [];
    for (let offset = 0; offset <= LAST_OFFSET; offset += PAGE_LIMIT) {
      const answer = await this.read(
        { endpoint, query: { ...query, limit: String(PAGE_LIMIT), offset: String(offset) } },
        Page,
      );
      if (answer.kind !== "accepted") return answer;
      const found = z.array(row).safeParse(answer.value[name]);
      if (!found.success) return unreadable(endpoint, found.error);
      rows.push(...found.data);
      if (!answer.value.more) return { kind: "accepted", value: rows };
    }
    return { kind: "rejected", code: "too-many", why: `PagerDuty's ${endpoint} has more rows than can be paged` };
  }

  /** Where the shared budget cannot be asked, each process keeps to the whole by itself: paging does not wait for the store. */
  async #overBudget(api: Api, isUrgent: boolean): Promise<Extract<PagerAnswer, { kind: "retry" }> | undefined> {
    const allowed = allowedOf(PER_MINUTE[api], isUrgent);
    const sharedMs = await this.#options.budget?.take(`pagerduty-${api}`, allowed).catch(() => 0);
    const afterMs = sharedMs || this.#own[api].take(isUrgent);
    return afterMs === 0
      ? undefined
      : { kind: "retry", afterMs, mostMs: afterMs, why: "our own PagerDuty budget is used up" };
  }

  #rest(request: Omit<RestRequest, "token" | "from">, isUrgent: boolean) {
    const { apiToken, from } = this.#options;
    const ask = (token: string) => this.#transport.callRest({ ...request, token, from });
    const call = () => askWith(apiToken, ask, receptionOfToken);
    if (isUrgent) return call();
    // The transport never rejects, so the line of calls never breaks.
    const result = this.#before.then(call);
    this.#before = result;
    return result;
  }
}

/** PagerDuty changed, or something else answered: repeating will not help. Names the places, never the values. */
function unreadable(endpoint: string, error: z.ZodError): Extract<PagerAnswer, { kind: "rejected" }> {
  const where = error.issues.slice(0, 5).map((issue) => issue.path.join(".") || "the top");
  return { kind: "rejected", code: "unreadable", why: `${endpoint} has an unknown shape at ${where.join(", ")}` };
}
