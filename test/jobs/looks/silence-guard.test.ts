import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { heardChat } from "../../../src/app/heard-chat.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { CallMemory } from "../../../src/flows/reach/calls.ts";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { createChat } from "../../../src/integrations/slack/chat.ts";
import { inProcess } from "../../../src/jobs/looks/in-process.ts";
import { createPosts, startSilenceGuard } from "../../../src/jobs/looks/silence-guard.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { ACCEPTED, ASKED, clockAt, pagersWith, RecordedChat, silent } from "../../harness/fakes/index.ts";
import { BOT_TOKEN, openSlackWorld, type SlackWorld } from "../../simulators/slack/slack-world.ts";

const AFTER_MS = 200;
const ROOM = { channel: "C0OPS" };

let place: SlackWorld;
let guards: { stop(): void }[] = [];
beforeEach(async () => {
  place = await openSlackWorld({ minuteMs: 600 });
});
afterEach(async () => {
  for (const guard of guards) guard.stop();
  guards = [];
  await place.stop();
});

interface Given {
  readonly memory?: CallMemory;
  /** Whether an incident or a run is open. */
  readonly isSomethingOpen?: boolean;
}

/** A bot that says something in a room every few milliseconds, as an outbox that tries again does; and what people hear of it. */
function bot({ memory = inProcess(), isSomethingOpen = true }: Given = {}) {
  const told: string[] = [];
  const posts = createPosts();
  const slack = createChat({
    ...{ token: new Secret(BOT_TOKEN), apiUrl: place.slack.apiUrl, minuteMs: 600, team: "T0ACME" },
    ...{ accounts: slackAccounts(() => ({ people: {} })), approversGroup: () => undefined, logger: silent },
  });
  const chat = heardChat(slack, (_channel, error) => posts.came(error));
  const pagers = pagersWith({
    trigger: async ({ dedupKey, summary, urgent }) => {
      told.push(`${urgent ? "urgent" : "calm"} ${dedupKey}: ${summary}`);
      return ACCEPTED;
    },
    call: async ({ pageKey }) => {
      told.push(`asked ${pageKey.replace(/\d{6,}/, "…")}`);
      return ASKED;
    },
    resolve: async (key) => {
      told.push(`resolved ${key}`);
      return ACCEPTED;
    },
  });
  const guard = startSilenceGuard({
    ...{ posts, memory, pagers, logger: silent, process: "bot-1", inventory: () => example("inventory") },
    rooms: async () => (isSomethingOpen ? ["C0OPS"] : []),
    announce: async (says) => void told.push(says),
    clock: clockAt(),
    chat: new RecordedChat(clockAt()),
    ...{ checkEveryMs: 5, afterMs: AFTER_MS, overAfterMs: AFTER_MS },
  });
  guards.push(guard);
  let attempts = 0;
  const post = async () => {
    attempts += 1;
    await chat.post(ROOM, { text: "on fire", parts: [] }, `key:${attempts}`).catch(() => undefined);
  };
  const until = (what: string, enough: () => boolean) =>
    eventually(what, async () => {
      await post();
      return enough() || undefined;
    });
  return { told, until, guard, attempts: () => attempts };
}

/** Slack as it is in an outage: every call ends in a gateway's error. */
const outage = (on: boolean) =>
  on
    ? place.world.faults.plan({ vendor: "slack", effect: { kind: "error", status: 503, code: "service_unavailable" } })
    : place.world.faults.clear();
const SAID =
  /^urgent dr:production:slack-away:bot-1: Slack takes no messages of TwoKey's process bot-1 since .*: Slack gave no clear answer to chat\.postMessage \(.*\)\. Rooms and cards stand still, and no button answers\. Pages, runs and fences go on\. How things stand: twokey status/;
const ASKED_ONCE = "asked dr:production:slack-away:bot-1:…:0";
const RESOLVED = "resolved dr:production:slack-away:bot-1";
const BACK =
  /^Slack takes messages of TwoKey's process bot-1 again\. It took none since .*\. Rooms and cards show how things stand now\.$/;

describe("a Slack that is away while people work", () => {
  test("guard slack away: is told once by the pager, with where the truth is, and so is its end", async () => {
    const { told, until, attempts } = bot();
    await until("a message that Slack takes", () => attempts() > 3);
    outage(true);
    await until("people who are told", () => told.length > 1);
    const before = attempts();
    await until("more attempts", () => attempts() > before + 20);
    outage(false);
    await until("the end that is told", () => told.length > 3);

    expect(told.slice(0, 2)).toEqual([expect.stringMatching(SAID), ASKED_ONCE]);
    expect(told.slice(2).toSorted((one, other) => one.localeCompare(other))).toEqual([
      RESOLVED,
      expect.stringMatching(BACK),
    ]);
  }, 60_000);

  test("wakes nobody while no incident and no run is open: the proof of the token says it on the board", async () => {
    const { told, until, attempts } = bot({ isSomethingOpen: false });
    outage(true);
    const beganMs = performance.now();
    await until("a long outage", () => performance.now() - beganMs > 5 * AFTER_MS && attempts() > 10);

    expect(told).toEqual([]);
  }, 60_000);

  test("is not told again by the process that follows within the same outage, which tells the end of it", async () => {
    const memory = inProcess();
    outage(true);
    const first = bot({ memory });
    await first.until("people who are told", () => first.told.length > 1);
    first.guard.stop();
    const second = bot({ memory });
    const beganMs = performance.now();
    await second.until("a long outage", () => performance.now() - beganMs > 5 * AFTER_MS);
    expect(second.told).toEqual([]);
    outage(false);
    await second.until("the end that is told", () => second.told.length > 1);

    expect(second.told.toSorted((one, other) => one.localeCompare(other))).toEqual([
      RESOLVED,
      expect.stringMatching(BACK),
    ]);
  }, 60_000);
});
