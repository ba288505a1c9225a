import { TWOKEY_FILE } from "../../../src/config/file-schema.ts";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import { OutcomeUnknown, TransientError, UserError } from "../../../src/domain/errors.ts";
import type { AlertDocument, Signal } from "../../../src/domain/incident/alert.ts";
import type { Changed } from "../../../src/domain/incident/duty.ts";
import { Incident, incidentLabels, isOpen } from "../../../src/domain/incident/incident.ts";
import type { Person } from "../../../src/domain/people/person.ts";
import { type Inventory, inventoryFrom } from "../../../src/domain/service/inventory.ts";
import { advanceLane, type DutyDeps } from "../../../src/engine/delivery/duties.ts";
import { requestCard } from "../../../src/flows/incident/comms/announce.ts";
import type { IncidentDeps, ThrottleBook } from "../../../src/flows/incident/deps.ts";
import { dueChange, incidentRows } from "../../../src/flows/incident/index.ts";
import type { Correlation } from "../../../src/flows/incident/intake/correlate.ts";
import { createIntake } from "../../../src/flows/incident/intake/intake.ts";
import type { Chat, MessageRef, NotInvited, PostTarget } from "../../../src/ports/chat.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Logger } from "../../../src/ports/logger.ts";
import type {
  Asked,
  CallRequest,
  KeepingPager,
  PageRequest,
  Pager,
  PagerAnswer,
  PagerIncident,
} from "../../../src/ports/pager.ts";
import { incidentVoice } from "../../../src/views/incident-voice.ts";
import { memoryDocuments } from "../../harness/memory-documents.ts";

export const START_MS = Date.parse("2026-11-21T03:00:00Z");
export const MINUTE = 60_000;

export interface TestClock extends Clock {
  move(ms: number): void;
}

export function testClock(): TestClock {
  let nowMs = START_MS;
  const sleepers = new Set<() => void>();
  return {
    now: () => nowMs,
    speed: 1,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const dueMs = nowMs + ms;
        const look = () => {
          if (nowMs < dueMs && signal?.aborted !== true) return;
          sleepers.delete(look);
          signal?.removeEventListener("abort", look);
          if (signal?.aborted) reject(signal.reason);
          else resolve();
        };
        sleepers.add(look);
        signal?.addEventListener("abort", look, { once: true });
        look();
      }),
    move: (ms) => {
      nowMs += ms;
      for (const look of sleepers) look();
    },
  };
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** How the outside answers the next call: well, lost after it happened, lost before it happened, or not now. */
export type Weather = "fine" | "answer-lost" | "request-lost" | "busy";

/** A pager that keeps what it was asked, and de-duplicates as PagerDuty does. */
export class RecordedPager implements KeepingPager {
  readonly triggers: { readonly key: string; readonly atMs: number; readonly page: PageRequest }[] = [];
  readonly responders: { readonly request: CallRequest; readonly atMs: number }[] = [];
  readonly resolved: { readonly key: string; readonly atMs: number }[] = [];
  readonly acknowledged: { readonly key: string; readonly atMs: number }[] = [];
  readonly incidents = new Map<string, PagerIncident>();
  readonly name = "pagerduty";
  readonly clock: Clock;
  weather: () => Weather = () => "fine";
  refuseTriggers: boolean = false;
  /** Users and policies that the pager rings by itself with a trigger. */
  ringsWithTrigger: readonly string[] = [];
  onCallNow: { policy: string; pagerUserId: string; name: string }[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Runs while a request is on its way. */
  onTheWay: () => Promise<void> = () => Promise.resolve();

  addressOf({ pagers }: Pick<Person, "pagers">): string | undefined {
    return pagers[this.name];
  }

  close(): void {}

  private async asked<T>(happens: () => T): Promise<PagerAnswer<T>> {
    await this.onTheWay();
    const weather = this.weather();
    if (weather === "busy") return { kind: "retry", afterMs: 1_000, why: "too many requests" };
    if (weather === "request-lost") return { kind: "unknown", why: "connection reset" };
    const value = happens();
    await new Promise((resolve) => setImmediate(resolve));
    return weather === "answer-lost" ? { kind: "unknown", why: "connection reset" } : { kind: "accepted", value };
  }

  async trigger(page: PageRequest): Promise<PagerAnswer> {
    if (this.refuseTriggers) return { kind: "rejected", code: "invalid", why: "the routing key is not valid" };
    return await this.asked(() => {
      this.triggers.push({ key: page.dedupKey, atMs: this.clock.now(), page });
      const known = this.incidents.get(page.dedupKey);
      if (known && known.status !== "resolved") return undefined;
      const id = `Q${this.incidents.size + 1}`;
      this.incidents.set(page.dedupKey, {
        id,
        status: "triggered",
        url: undefined,
        acknowledgedBy: [],
        notifications: [],
      });
      return undefined;
    });
  }

  set(key: string, patch: Partial<PagerIncident>): void {
    const known = this.incidents.get(key);
    if (known) this.incidents.set(key, { ...known, ...patch });
  }

  async acknowledge(key: string): Promise<PagerAnswer> {
    return await this.asked(() => {
      this.acknowledged.push({ key, atMs: this.clock.now() });
      if (this.incidents.get(key)?.status === "triggered") this.set(key, { status: "acknowledged" });
      return undefined;
    });
  }

  async resolve(key: string): Promise<PagerAnswer> {
    return await this.asked(() => {
      this.resolved.push({ key, atMs: this.clock.now() });
      this.set(key, { status: "resolved" });
      return undefined;
    });
  }

  async call(request: CallRequest): Promise<PagerAnswer<Asked>> {
    if (!this.incidents.has(request.dedupKey)) return { kind: "retry", afterMs: 1_000, why: "no incident yet" };
    return await this.asked(() => {
      const isKnown = this.responders.some((asked) => asked.request.pageKey === request.pageKey);
      const rung = request.besidesTrigger ? this.ringsWithTrigger : [];
      const isAwake = (id: string) => !rung.includes(id);
      const [users, policies] = [request.users.filter(isAwake), request.policies.filter(isAwake)];
      if (!isKnown && users.length + policies.length > 0)
        this.responders.push({ request: { ...request, users, policies }, atMs: this.clock.now() });
      return { covered: [...request.users, ...request.policies].filter((id) => rung.includes(id)) };
    });
  }

  async evidence(key: string): Promise<PagerAnswer<PagerIncident | undefined>> {
    return await this.asked(() => this.incidents.get(key));
  }

  async whoIsOnCall(policies: readonly string[]) {
    return await this.asked(() =>
      this.onCallNow
        .filter(({ policy }) => policies.includes(policy))
        .map((entry) => ({ ...entry, policyName: entry.policy, level: 1, untilMs: undefined })),
    );
  }
}

/** A direct message stands under the person's id. */
function placeOf(to: PostTarget): { channel: string; thread: string | undefined } {
  return "person" in to ? { channel: to.person, thread: undefined } : { channel: to.channel, thread: to.thread };
}

/** A chat that keeps every message. */
export class RecordedChat implements Chat {
  readonly messages: {
    channel: string;
    thread: string | undefined;
    key: string;
    text: string;
    ts: string;
    edits: number;
  }[] = [];
  readonly channels: string[] = [];
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

  invite(): Promise<readonly NotInvited[]> {
    return this.asked(() => []);
  }

  setTopic(): Promise<void> {
    return this.asked(() => undefined);
  }

  addBookmark(): Promise<void> {
    return this.asked(() => undefined);
  }

  pin(): Promise<void> {
    return this.asked(() => undefined);
  }
}

const people = {
  ana: { name: "Ana", slack: "U01ANA", pagers: { pagerduty: "PANA" }, email: "ana@example.com", roles: ["responder"] },
  ben: {
    name: "Ben",
    slack: "U01BEN",
    pagers: { pagerduty: "PBEN" },
    email: "ben@example.com",
    roles: ["responder", "approver"],
  },
  cto: {
    name: "Cleo",
    slack: "U01CTO",
    pagers: { pagerduty: "PCTO" },
    email: "cto@example.com",
    roles: ["commander", "approver"],
  },
  eve: { name: "Eve", slack: "U01EVE", pagers: { pagerduty: "PEVE" }, email: "eve@example.com", roles: ["approver"] },
};

const page = (level: number, after: string, audience: string, channels: string[], unless?: "acked") => ({
  level,
  after,
  audience,
  channels,
  mode: "everyone",
  ...(unless ? { unless } : {}),
});

const never = { every: "1m", max: 0, unless: "acked" };

export const FILE = {
  version: 2,
  organisation: "Example",
  environment: "test",
  slack: { team: "T0EXAMPLE" },
  pagers: { pagerduty: { service: "PSVC", from: "bot@example.com" } },
  aws: { account: "123456789012", sts: "eu-central-1" },
  people,
  audiences: {
    first: { kind: "people", people: ["ana"] },
    both: { kind: "people", people: ["ana", "ben"] },
    top: { kind: "people", people: ["cto"] },
    ops: { kind: "pager", pager: "pagerduty", policy: "POPS" },
  },
  approvals: { approvers: ["ben", "cto"] },
  escalation: {
    driver: "twokey",
    throttle: { pages: 100, per: "15m" },
    severities: {
      sev1: {
        pager_severity: "critical",
        quiet_hours: "ignore",
        ack_deadline: "5m",
        status_update_every: "30m",
        steps: [
          page(1, "0s", "first", ["phone", "push", "slack"]),
          page(1, "0s", "ops", ["phone"]),
          page(2, "5m", "both", ["phone", "sms"], "acked"),
          page(3, "10m", "top", ["phone"], "acked"),
        ],
        repeat: { every: "5m", max: 4, unless: "acked" },
      },
      sev2: {
        pager_severity: "error",
        quiet_hours: "ignore",
        steps: [page(1, "0s", "first", ["slack", "email"])],
        repeat: { every: "15m", max: 2, unless: "acked" },
      },
      sev3: {
        pager_severity: "warning",
        steps: [{ ...page(1, "0s", "ops", ["slack"]), mode: "channel_only" }],
        repeat: never,
      },
      sev4: {
        pager_severity: "info",
        steps: [{ ...page(1, "0s", "ops", ["slack"]), mode: "channel_only" }],
        repeat: never,
      },
    },
  },
  alerts: {
    channel: "CALERTS",
    topics: ["arn:aws:sns:us-east-1:123456789012:alarms"],
    rules: ["a", "b", "c", "d"].map((name) => ({
      name: `${name} is down`,
      match: { alarm: `${name}-*` },
      service: name,
      severity: "sev1",
      opens_incident: true,
    })),
  },
  incidents: {},
  services: {},
};

export function inventory(change: (file: typeof FILE) => unknown = (file) => file): Inventory {
  return inventoryFrom(TWOKEY_FILE.parse(change(structuredClone(FILE))));
}

/** Waits for something that happens in a later turn; fails after two seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 2_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("it did not happen within two seconds");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

let signals = 0;

export function signal(name: string, over: Partial<Signal> = {}): Signal {
  signals += 1;
  const region = over.region ?? "us-east-1";
  return {
    id: `sns:${signals}`,
    source: "cloudwatch",
    fingerprint: `arn:aws:cloudwatch:${region}:123456789012:alarm:${name}`,
    name,
    description: "",
    reason: "Threshold crossed",
    account: "123456789012",
    region,
    namespace: "AWS/RDS",
    metric: "ReplicaLag",
    dimensions: {},
    state: "alarm",
    previousState: "ok",
    changedAtMs: START_MS,
    publishedAtMs: START_MS,
    receivedAtMs: START_MS,
    late: false,
    ...over,
  };
}

/** An incident desk with everything in memory. */
export function bridge(world: Inventory = inventory(), others: readonly Pager[] = []) {
  const clock = testClock();
  const paging = new RecordedPager(clock);
  const chat = new RecordedChat(clock);
  const incidents = memoryDocuments<Incident>(isOpen, incidentLabels);
  const correlation = memoryDocuments<Correlation>();
  const alerts = memoryDocuments<AlertDocument>();
  const cards = memoryDocuments<CardDue>();
  const books = memoryDocuments<ThrottleBook>();
  /** What happens between the intent of a page and its call. */
  const between = { run: () => Promise.resolve() };
  const throttle: typeof books = {
    ...books,
    change: async (id, decide) => {
      await between.run();
      return await books.change(id, decide);
    },
  };
  const nothing = () => Promise.resolve();
  const wake = { run: nothing, incidentPages: nothing, incidentChat: nothing, card: nothing };
  const deps: IncidentDeps = {
    ...{ incidents, correlation, cards, throttle, chat, clock, wake },
    pagers: { keeper: paging, others },
    showCard: (request) => requestCard({ cards, clock, wake }, request),
    voice: incidentVoice,
    inventory: () => world,
    facts: () => Promise.resolve({ status: "down", progress: "none yet", challenges: "none", eta: "not known" }),
    timeline: (id) => Promise.resolve(incidents.events.filter((event) => event.incident === id)),
  };
  const worker = (name: string): DutyDeps<Incident> => ({
    records: incidents,
    rows: incidentRows(deps),
    clock,
    logger: silent,
    worker: name,
    wake,
  });
  const intake = createIntake({ alerts, correlation, incidents, cards, clock, wake, inventory: () => world });
  const incident = async (id: string): Promise<Incident> => {
    const stored = await incidents.get(id);
    // What is stored must be what the schema says.
    return Incident.parse(stored?.value);
  };
  return {
    ...{
      ...deps,
      clock,
      paging,
      chat,
      incidents,
      correlation,
      alerts,
      cards,
      intake,
      incident,
      worker,
      silent,
      between,
    },
    pages: (id: string, by = "one") => advanceLane(id, "pages", worker(by)),
    chats: (id: string, by = "one") => advanceLane(id, "chat", worker(by)),
  };
}
export type Bridge = ReturnType<typeof bridge>;

export type Decide = (incident: Incident, nowMs: number) => Changed<Incident> | undefined;

/** An incident that an alarm of service `a` opened. */
export async function opened(desk: Bridge): Promise<string> {
  const { incident } = await desk.intake.take(signal("a-lag"));
  if (incident === undefined) throw new Error("no incident was opened");
  return incident;
}

export async function change(desk: Bridge, id: string, decide: Decide): Promise<void> {
  await desk.incidents.change(id, (current) => {
    const changed = current && decide(current, desk.clock.now());
    return changed && dueChange(changed, desk.clock.now());
  });
}

/** Both lanes until `minutes` later, as the sweep would wake them. */
export async function pass(desk: Bridge, id: string, minutes: number): Promise<void> {
  const endMs = desk.clock.now() + minutes * MINUTE;
  for (;;) {
    const due = [await desk.pages(id), await desk.chats(id)].filter((time) => time !== undefined);
    const nextMs = Math.min(endMs, ...due);
    if (nextMs >= endMs) break;
    desk.clock.move(Math.max(1, nextMs - desk.clock.now()));
  }
  desk.clock.move(endMs - desk.clock.now());
}
