import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import { wantCard } from "../../../src/domain/card/card-due.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { sendCard } from "../../../src/engine/delivery/outbox.ts";
import { createChat } from "../../../src/integrations/slack/chat.ts";
import { createInVain } from "../../../src/jobs/in-vain.ts";
import type { FaultInput } from "../../../src/simulators/world/faults.ts";
import { memoryDocuments, memoryLogger, testClock } from "../../harness/fakes/index.ts";
import { quoted } from "../../harness/quoted.ts";
import { ACCOUNTS, BOT_TOKEN, openSlackWorld, type SlackWorld } from "../../simulators/slack/slack-world.ts";

let place: SlackWorld;
beforeEach(async () => {
  place = await openSlackWorld();
});
afterEach(() => place.stop());

/** What the log and the alerts channel say of a card that is tried so often. */
async function saidOf({ token = BOT_TOKEN, channel = "C0OPS", tries = 1, cards = 1 }): Promise<string> {
  const { logger, lines } = memoryLogger();
  const clock = testClock();
  const told: string[] = [];
  const chat = createChat({
    ...{ token: new Secret(token), apiUrl: place.slack.apiUrl, team: "T0ACME", enterprise: "E0GRID" },
    ...{ accounts: ACCOUNTS, approversGroup: () => undefined, logger },
  });
  const inVain = createInVain({
    ...{ clock, logger, announce: async (says) => void told.push(says), roomOf: async () => undefined },
  });
  const documents = memoryDocuments<CardDue>();
  const render = async () => ({ text: "Plan p1 waits for keys", parts: [] });
  const deps = { cards: documents, chat, clock, logger, worker: "one", render, inVain };
  const ids = Array.from({ length: cards }, (_, index) => `plan:F-${index + 1}`);
  for (const id of ids)
    await documents.change(id, (current) => {
      const value = wantCard(current, { id, kind: "plan", subject: id, to: { channel } }, clock.now());
      return value && { value, events: [], dueAtMs: clock.now() };
    });
  for (let at = 0; at < tries; at += 1) {
    await Promise.all(ids.map((id) => sendCard(id, deps)));
    clock.move(300_000);
  }
  return [...lines.map(({ sentence, facts }) => `${sentence}: ${JSON.stringify(facts)}`), ...told].join("\n");
}

const refused = (code: string, status = 200): FaultInput["effect"] => ({ kind: "error", status, code });

test.each<{ what: string; effect: FaultInput["effect"]; says: string }>([
  {
    what: "ratelimited",
    effect: { kind: "error", status: 429, code: "ratelimited", retryAfterSeconds: 20 },
    says: "Slack asks for fewer calls",
  },
  { what: "internal_error", effect: refused("internal_error"), says: "Slack failed in …: …" },
  { what: "5xx", effect: refused("fatal_error", 503), says: "Slack gave no clear answer to …" },
  { what: "a cut", effect: { kind: "drop-after" }, says: "Slack gave no clear answer to …" },
  { what: "service_unavailable", effect: refused("service_unavailable"), says: "Slack could not do … now: …" },
  { what: "request_timeout", effect: refused("request_timeout"), says: "Slack could not do … now: …" },
  { what: "is_archived", effect: refused("is_archived"), says: "the channel is archived" },
  { what: "account_inactive", effect: refused("account_inactive"), says: "account_inactive" },
])("a card that Slack does not take is late, and the log says why: $what", async ({ effect, says }) => {
  place.world.faults.plan({ vendor: "slack", operation: "chat.postMessage", effect, times: 1 });

  const said = await saidOf({});

  expect(said).toMatch(quoted("A card was not sent"));
  expect(said).toMatch(quoted(says));
});

test("a token that Slack does not accept is named in the log, with what to mend", async () => {
  expect(await saidOf({ token: "xoxb-sim-unknown" })).toMatch(
    quoted("the bot token is not accepted; check SLACK_BOT_TOKEN"),
  );
});

test("a channel that TwoKey cannot see is named in the log, and after five tries in the alerts channel", async () => {
  const said = await saidOf({ channel: "C0NOWHERE", tries: 5 });

  expect(said).toMatch(quoted("A card was not sent"));
  expect(said).toMatch(quoted("the bot cannot see this channel; check the id, or invite the bot"));
  expect(said).toMatch(quoted("TwoKey fails at this again and again: …. …"));
});

test("more cards for one channel than Slack leaves room for are late, and the log says why", async () => {
  expect(await saidOf({ cards: 9 })).toMatch(quoted("Slack's rate limit leaves no room for this call yet"));
});
