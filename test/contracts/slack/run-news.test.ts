import { afterEach, expect, test } from "@jest/globals";
import { renderCard } from "../../../src/app/cards.ts";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { type NewsKind, newsOf } from "../../../src/domain/plan-run/run-news.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { sendCard } from "../../../src/engine/delivery/outbox.ts";
import { showRun } from "../../../src/engine/runs/advance-run.ts";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { createChat } from "../../../src/integrations/slack/chat.ts";
import { example } from "../../harness/example.ts";
import { memoryDocuments, silent, TELLS_NOBODY } from "../../harness/fakes/index.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";
import { BOT_TOKEN, openSlackWorld, type SlackWorld } from "../../simulators/slack/slack-world.ts";

const inventory = example("inventory");
const ROOM = "C0ROOM";

let place: SlackWorld;
afterEach(() => place.stop());

const at = { atMs: AT };
const fence = { ...at, step: "fence", epoch: 1 };
const KEY: RunEntry = { kind: "key-turned", ...at, by: "ana", door: "slack", digest: "d", accepted: [] };
const STARTED: readonly RunEntry[] = [
  KEY,
  { ...KEY, by: "ben" },
  { kind: "started", ...at, keys: ["ana", "ben"] },
  { kind: "claimed", ...at, epoch: 1, worker: "w1" },
];
const fenced = (how: string): readonly RunEntry[] => [
  { kind: "intent", ...fence, attempt: 1 },
  { kind: "done", ...fence, says: "", output: { fence: how } },
];
const PROMOTING: RunEntry = { kind: "intent", ...fence, step: "promote", attempt: 1 };
const LATE_FENCE: readonly RunEntry[] = [
  { kind: "watch-intent", ...fence },
  { kind: "fenced-later", ...fence, says: "eu-west-1 came back and is fenced: a write fails" },
];

const run = (...entries: readonly RunEntry[]): RunState =>
  [...STARTED, ...entries].reduce(transition, proposed(inventory));
/** With the old side dark, past the point of no return. */
const past = (...entries: readonly RunEntry[]): RunState =>
  [...STARTED, ...fenced("cannot-know"), PROMOTING, ...entries].reduce(
    transition,
    proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) }),
  );

/** Approvers who can still turn a key when Ana has turned hers. */
const LEFT = ["ben", "dmitri", "elena"];

/** As the table of what a page means says (operations manual). Who asked for the plan is Farid, its keys are Ana's and Ben's, and Chloe commands. */
const CASES = {
  key: { run: [KEY].reduce(transition, proposed(inventory)), says: /^Key 1 of 2: /, mentions: ["ana", ...LEFT] },
  started: { run: run(), says: /agreed: .* has started\./, mentions: ["ana", "ben"] },
  "no-return": { run: past(), says: /has passed the point of no return/, mentions: ["farid", "ana", "ben"] },
  waits: {
    run: run(
      { kind: "intent", ...fence, attempt: 1 },
      { kind: "failed", ...fence, code: "x", why: "it broke", mustAsk: true },
    ),
    says: /is stopped: it broke\./,
    mentions: ["chloe", "ana", "ben", "farid"],
  },
  "seen-open": {
    run: run(...fenced("fenced"), { kind: "seen-open", ...fence, fromMs: AT - 15_000, resources: ["stores.stock"] }),
    says: /was seen open again before the promotion/,
    mentions: ["chloe", "ana", "ben"],
  },
  opened: {
    run: past(...LATE_FENCE, { kind: "fence-lost", ...fence, why: "it takes writes", seenClosedMs: AT }),
    says: /was fenced and is open again/,
    mentions: ["chloe", "ana", "ben"],
  },
  unfenced: {
    run: past({ kind: "watch-intent", ...fence }, { kind: "watch-failed", ...fence, why: "denied" }),
    says: /answers again and could not be fenced: denied/,
    mentions: ["chloe", "ana", "ben"],
  },
  fenced: {
    run: past(...LATE_FENCE),
    says: /came back and is fenced: a write fails/,
    mentions: ["farid", "ana", "ben"],
  },
  unwinding: {
    run: run({ kind: "aborted", ...at, by: "ana", door: "slack" }),
    says: /is being rolled back/,
    mentions: ["farid"],
  },
  verified: { run: run({ kind: "finished", ...at, state: "verified" }), says: /is verified\./, mentions: ["farid"] },
  unwound: {
    run: run({ kind: "aborted", ...at, by: "ana", door: "slack" }, { kind: "finished", ...at, state: "unwound" }),
    says: /was rolled back/,
    mentions: ["farid", "ana", "ben"],
  },
  closed: {
    run: [KEY, { kind: "refused", ...at, by: "ben", door: "slack" } as const].reduce(transition, proposed(inventory)),
    says: /is closed: /,
    mentions: ["farid"],
  },
} satisfies Readonly<
  // A kind of news that nobody has awaited in Slack does not compile here.
  Record<NewsKind, { readonly run: RunState; readonly says: RegExp; readonly mentions: readonly string[] }>
>;

const nothing = async () => undefined;
const accountOf = (person: string): string => slackAccounts(() => inventory.file).memberOf(person) ?? "";

/** What the room of a run shows in Slack when the run is looked at so often, of this piece of its news. */
async function roomWith(state: RunState, key: string, looks: number) {
  const users = Object.keys(inventory.file.people).map((person) => {
    const id = accountOf(person);
    return { id, name: person, realName: person };
  });
  const room = { id: ROOM, name: "room", members: ["U0BOT", ...users.map(({ id }) => id)] };
  place = await openSlackWorld({ users, channels: [room], usergroups: [] });
  const chat = createChat({
    ...{ token: new Secret(BOT_TOKEN), apiUrl: place.slack.apiUrl, team: "T0ACME", enterprise: undefined },
    ...{ accounts: slackAccounts(() => inventory.file), approversGroup: () => undefined, logger: silent },
  });
  let nowMs = AT;
  const clock = { now: () => nowMs, speed: 1 };
  const cards = memoryDocuments<CardDue>();
  const sources = { stores: { runs: { read: async () => state } }, clock, inventory: () => inventory };
  const outbox = {
    ...{ cards, chat, clock, logger: silent, worker: "bot-1", inVain: TELLS_NOBODY },
    render: async (kind: string, subject: string) => Reflect.apply(renderCard, undefined, [kind, subject, sources]),
  };
  for (let look = 0; look < looks; look += 1) {
    await showRun(state, {
      cards,
      clock,
      wake: { card: nothing, runCalls: nothing } as never,
      channelOf: async () => ROOM,
    } as never);
    await sendCard(`news:${state.plan.id}:${key}`, outbox as never);
    nowMs += 60_000;
  }
  return place.people.messages(ROOM);
}

test.each(Object.keys(CASES) as NewsKind[])(
  "the room hears of “%s” in Slack by one new message, which mentions those concerned and is edited never",
  async (kind) => {
    const { run: state, says, mentions } = CASES[kind];
    const key = newsOf(state, AT).findLast((news) => news.kind === kind)?.key ?? "none";

    const messages = await roomWith(state, key, 3);

    expect(messages).toHaveLength(1);
    const [message] = messages;
    expect(message?.text).toMatch(says);
    const mentioned = [...JSON.stringify(message?.blocks).matchAll(/"user_id":"(\w+)"/g)].map(([, id]) => id);
    expect(new Set(mentioned)).toEqual(new Set(mentions.map(accountOf)));
    expect([message?.["thread_ts"], message?.["edited"]]).toEqual([undefined, undefined]);
    const calls = await place.people.get("calls", {});
    expect(JSON.stringify(calls)).not.toContain("chat.update");
  },
);
