import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { webApi } from "@slack/bolt";
import type { Card } from "../../../src/domain/card/card.ts";
import { OutcomeUnknown, TransientError, UserError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { slackAccounts } from "../../../src/integrations/slack/accounts.ts";
import { createChat, type ForTheDoor } from "../../../src/integrations/slack/chat.ts";
import type { Chat } from "../../../src/ports/chat.ts";
import type { FaultInput } from "../../../src/simulators/world/faults.ts";
import { memoryLogger } from "../../harness/fakes/index.ts";
import { inSlack } from "../../harness/in-slack.ts";
import { quoted } from "../../harness/quoted.ts";
import { APP, BOT_TOKEN, openSlackWorld, SCOPES, type SlackWorld, SPEC } from "../../simulators/slack/slack-world.ts";

const ROOM = { channel: "C0OPS" };
const CARD: Card = { text: "Plan p1 waits for keys", parts: [{ kind: "heading", text: "Plan p1" }] };

let place: SlackWorld;
/** That approvals are limited to. */
let group: string | undefined;
let chat: Chat & ForTheDoor;
beforeEach(async () => {
  group = undefined;
  place = await openSlackWorld({ users: [...SPEC.users, ...ODD_ACCOUNTS] });
  chat = chatFor(place);
});
afterEach(() => place.stop());

const chatFor = (where: SlackWorld, token = BOT_TOKEN) =>
  createChat({
    ...{ token: new Secret(token), apiUrl: where.slack.apiUrl, team: "T0ACME", enterprise: "E0GRID" },
    accounts: listed(),
    approversGroup: () => group,
    logger: memoryLogger().logger,
  });

/** Wanda's account is one of Enterprise Grid; Nobody's is no account of this workspace. */
function listed() {
  const ids = { ana: "U0ANA", ben: "U0BEN", dan: "U0DAN", zoe: "U0ZOE", wanda: "W0WANDA", nobody: "U0NOBODY" };
  const people = Object.fromEntries(Object.entries(ids).map(([id, slack]) => [id, inSlack(slack)]));
  return slackAccounts(() => ({ people }));
}

const fault = (operation: string, effect: FaultInput["effect"], times = 1) =>
  place.world.faults.plan({ vendor: "slack", operation, effect, times });

test("A channel has an address that leads into any client, and is not asked for", () => {
  expect(chat.addressOf("C0OPS")).toBe("https://slack.com/app_redirect?team=T0ACME&channel=C0OPS");
});

describe("Messages", () => {
  test("are posted with the whole meaning as text and their key as metadata", async () => {
    const posted = await chat.post(ROOM, CARD, "card:p1");
    const [message] = await place.people.messages("C0OPS");
    expect(message).toMatchObject({ ts: posted.ts, text: CARD.text, metadata: { event_payload: { key: "card:p1" } } });
    expect(message?.blocks.map(({ type }) => type)).toEqual(["header"]);
  });

  test("whose answer was lost are found by their key, so that there is one message", async () => {
    const sinceMs = Date.now();
    fault("chat.postMessage", { kind: "drop-after" });
    await expect(chat.post(ROOM, CARD, "card:p1")).rejects.toBeInstanceOf(OutcomeUnknown);
    const found = await chat.find(ROOM, "card:p1", sinceMs);
    const messages = await place.people.messages("C0OPS");
    expect(messages).toHaveLength(1);
    expect(found).toEqual({ channel: "C0OPS", ts: messages[0]?.ts });
    expect(await chat.find(ROOM, "card:p2", sinceMs)).toBeUndefined();
  });

  test("in a thread are found in the thread", async () => {
    const sinceMs = Date.now();
    const top = await chat.post(ROOM, CARD, "top");
    const thread = { ...ROOM, thread: top.ts };
    const reply = await chat.post(thread, CARD, "reply");
    expect(await chat.find(thread, "reply", sinceMs)).toEqual(reply);
    expect(await chat.find(ROOM, "reply", sinceMs)).toBeUndefined();
  });

  test("are found behind many pages of other messages", async () => {
    const sinceMs = Date.now();
    const posted = await chat.post(ROOM, CARD, "card:p1");
    for (let n = 0; n < 450; n += 1) await place.people.as("U0ANA").says(`chatter ${n}`, { in: "C0OPS" });
    expect(await chat.find(ROOM, "card:p1", sinceMs)).toEqual(posted);
  });

  test("are edited with text and blocks, and keep their key", async () => {
    const posted = await chat.post(ROOM, CARD, "card:p1");
    await chat.update(posted, { text: "One key turned", parts: [{ kind: "text", text: "1 of 2" }] });
    const [message] = await place.people.messages("C0OPS");
    expect(message).toMatchObject({ text: "One key turned", metadata: { event_payload: { key: "card:p1" } } });
    expect(message?.blocks).toHaveLength(1);
  });

  test("to a person arrive at their account, of Enterprise Grid as well, and are found again", async () => {
    for (const [person, member] of [
      ["ana", "U0ANA"],
      ["wanda", "W0WANDA"],
    ] as const) {
      const sinceMs = Date.now();
      const posted = await chat.post({ person }, CARD, `page:${person}`);
      expect((await place.people.messages(posted.channel)).map(({ text }) => text)).toEqual([CARD.text]);
      expect(await chat.find({ person }, `page:${person}`, sinceMs)).toEqual(posted);
      const asked = await place.people.get("calls", { method: "chat.postMessage" });
      expect(JSON.stringify(asked)).toContain(`"${member}"`);
    }
  });

  test("to somebody who is not listed are refused before Slack is asked", async () => {
    await expect(chat.post({ person: "gone" }, CARD, "k")).rejects.toMatchObject({ code: "slack-person-unknown" });
    await expect(chat.find({ person: "U0ANA" }, "k", 0)).rejects.toMatchObject({ code: "slack-person-unknown" });
    expect(await place.people.get("calls", { method: "chat.postMessage" })).toEqual([]);
  });

  test("that are whispered are seen by one person alone", async () => {
    await chat.whisper("C0OPS", "U0ANA", CARD);
    expect(await place.people.ephemerals("U0ANA")).toHaveLength(1);
    expect(await place.people.ephemerals("U0BEN")).toEqual([]);
  });
});

describe("Errors", () => {
  const attempt = () => chat.post(ROOM, CARD, "k");

  test("of Slack's rate limit carry its Retry-After, and the next call of the method respects it", async () => {
    const effect = { kind: "error", status: 429, code: "ratelimited", retryAfterSeconds: 20 } as const;
    fault("chat.postMessage", effect);
    const error = await attempt().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ facts: { retryAfterMs: 20_000 } });
    await expect(attempt()).rejects.toMatchObject({ code: "slack-pace" });
    expect(await place.people.get("calls", { method: "chat.postMessage" })).toHaveLength(1);
    // Another method goes on.
    await chat.whisper("C0OPS", "U0ANA", CARD);
  });

  test.each([
    ["lost after the post", { kind: "drop-after" }, OutcomeUnknown],
    ["cut before it", { kind: "drop-before" }, OutcomeUnknown],
    ["a server error", { kind: "error", status: 503, code: "service_unavailable" }, OutcomeUnknown],
    ["internal_error", { kind: "error", status: 200, code: "internal_error" }, OutcomeUnknown],
    ["is_archived", { kind: "error", status: 200, code: "is_archived" }, UserError],
    ["service_unavailable, said by Slack", { kind: "error", status: 200, code: "service_unavailable" }, TransientError],
  ] as const)("of a post: %s", async (_what, effect, kind) => {
    fault("chat.postMessage", effect);
    await expect(attempt()).rejects.toBeInstanceOf(kind);
  });

  test("of what may be repeated are transient, whatever got lost", async () => {
    const posted = await attempt();
    for (const effect of [{ kind: "drop-after" }, { kind: "error", status: 500, code: "fatal_error" }] as const) {
      fault("chat.update", effect);
      await expect(chat.update(posted, CARD)).rejects.toBeInstanceOf(TransientError);
    }
  });

  test("say which setting to mend", async () => {
    const revoked = chatFor(place, "xoxb-sim-unknown");
    await expect(revoked.post(ROOM, CARD, "k")).rejects.toMatchObject({
      ...{ name: "UserError", code: "slack-invalid_auth", message: expect.stringContaining("SLACK_BOT_TOKEN") },
    });
    const scopes = SCOPES.filter((scope) => scope !== "pins:write");
    const poor = await openSlackWorld({ apps: [{ ...APP, scopes }] });
    const poorChat = chatFor(poor);
    const posted = await poorChat.post(ROOM, CARD, "k");
    await expect(poorChat.pin(posted)).rejects.toMatchObject({ message: expect.stringContaining("pins:write") });
    await poor.stop();
  });

  test("never carry the token", async () => {
    fault("chat.postMessage", { kind: "drop-after" });
    const error = await attempt().catch((caught: unknown) => caught);
    const seen: string[] = [];
    for (let current = error; current instanceof Error; current = current.cause)
      seen.push(String(current), JSON.stringify(current));
    expect(seen.join()).not.toContain(BOT_TOKEN);
  });
});

describe("Channels", () => {
  const named = async (name: string) => (await place.people.channels()).filter((channel) => channel.name === name);

  test("opened twice for one key are one channel", async () => {
    const first = await chat.openChannel("inc-1-payments", "incident:1");
    expect(await chat.openChannel("inc-1-payments", "incident:1")).toEqual(first);
    expect(await named("inc-1-payments")).toHaveLength(1);
  });

  test("are found again when the answer to their creation was lost", async () => {
    fault("conversations.create", { kind: "drop-after" });
    await expect(chat.openChannel("inc-1-payments", "incident:1")).rejects.toBeInstanceOf(TransientError);
    const again = await chat.openChannel("inc-1-payments", "incident:1");
    expect(again.name).toBe("inc-1-payments");
    expect(await named("inc-1-payments")).toHaveLength(1);
  });

  test("are open before they are marked, and found again where the mark was never set", async () => {
    fault("conversations.setPurpose", { kind: "drop-before" });
    const first = await chat.openChannel("inc-1-payments", "incident:1");
    expect(await chat.openChannel("inc-1-payments", "incident:1")).toEqual(first);
    expect(await named("inc-1-payments")).toHaveLength(1);
  });

  test("whose name is somebody else's, or ours for another key, get a suffix", async () => {
    expect((await chat.openChannel("ops", "incident:1")).name).toBe("ops-2");
    expect((await chat.openChannel("ops", "incident:2")).name).toBe("ops-3");
    expect((await chat.openChannel("ops", "incident:1")).name).toBe("ops-2");
  });

  test("of which every name is taken are refused, and say so", async () => {
    const names = ["ops", ...Array.from({ length: 8 }, (_, index) => `ops-${index + 2}`)];
    const channels = names.map((name, index) => ({ id: `C0OPS${index}`, name, members: ["U0ANA"] }));
    const full = await openSlackWorld({ channels });

    const said = await chatFor(full)
      .openChannel("ops", "incident:1")
      .catch((error: Error) => error.message);

    expect(said).toMatch(quoted("Every name from … to …-… is taken"));
    await full.stop();
  });

  test("take everybody who can come in and tell why others cannot", async () => {
    const { id } = await chat.openChannel("inc-1-payments", "incident:1");
    const refused = await chat.invite(id, ["ana", "ben", "dan", "zoe", "nobody", "gone"]);
    expect(refused).toEqual([
      { person: "dan", why: "cant_invite" },
      { person: "zoe", why: "cant_invite" },
      { person: "nobody", why: "user_not_found" },
      { person: "gone", why: "not listed under people in twokey.yaml" },
    ]);
    const [channel] = await named("inc-1-payments");
    expect(channel?.members).toEqual(expect.arrayContaining(["U0ANA", "U0BEN"]));
    expect(await chat.invite(id, ["ana", "ben"])).toEqual([]);
    expect(await chat.invite(id, ["ana"])).toEqual([]);
  });

  test("that cannot be invited to are an error, not a list of people", async () => {
    await expect(chat.invite("C0NOWHERE", ["ana"])).rejects.toMatchObject({ code: "slack-channel_not_found" });
  });

  test("keep one bookmark and one pin however often they are asked for", async () => {
    const { id } = await chat.openChannel("inc-1-payments", "incident:1");
    const posted = await chat.post({ channel: id }, CARD, "k");
    for (let n = 0; n < 2; n += 1) {
      await chat.addBookmark(id, "Runbook", "https://runbook.example/payments");
      await chat.pin(posted);
    }
    const [channel] = await named("inc-1-payments");
    expect(channel?.["bookmarks"]).toEqual([expect.objectContaining({ title: "Runbook" })]);
    expect(channel?.["pins"]).toEqual([expect.objectContaining({ ts: posted.ts })]);
  });

  test("have a topic of at most 250 characters that pings nobody", async () => {
    const { id } = await chat.openChannel("inc-1-payments", "incident:1");
    await chat.setTopic(id, `<!channel> ${"long ".repeat(100)}`);
    const topic = place.world.log.read(0, "slack.topic").at(-1)?.facts["topic"];
    expect(String(topic)).toMatch(/^&lt;!channel&gt; .*…$/);
    expect(String(topic).length).toBeLessThanOrEqual(250);
  });
});

const odd = (id: string, flags: Record<string, boolean>, more: object = {}) => ({
  ...{ id, name: id.toLowerCase(), realName: id, email: `${id.toLowerCase()}@example.com`, flags },
  ...more,
});
const ODD_ACCOUNTS = [
  odd("U0BOTTY", { bot: true }),
  odd("U0FLOW", { workflowBot: true }),
  odd("U0CONN", { connectorBot: true }),
  odd("U0GUEST", { guest: true }),
  odd("U0NEW", { invited: true }),
  odd("U0ODD", { stranger: true }),
  odd("U0GRID", {}, { teamId: "T0SISTER", enterprise: { id: "E0GRID", teams: ["T0SISTER", "T0ACME"] } }),
  odd("U0AWAY", {}, { teamId: "T0SISTER", enterprise: { id: "E0GRID", teams: ["T0SISTER"] } }),
  odd("U0FAR", {}, { teamId: "T0FAR", enterprise: { id: "E0FAR", teams: ["T0FAR", "T0ACME"] } }),
  odd("W0WANDA", {}, { teamId: "T0SISTER", enterprise: { id: "E0GRID", teams: ["T0SISTER", "T0ACME"] } }),
  odd("W0AWAY", {}, { enterprise: { id: "E0GRID", teams: ["T0SISTER"] } }),
  odd("W0FAR", {}, { enterprise: { id: "E0FAR", teams: ["T0FAR", "T0ACME"] } }),
  odd("U0HIDE", { invisible: true }),
];

describe("People", () => {
  test.each([
    ["U0ANA", []],
    ["U0GRID", []],
    ["W0WANDA", []],
    ["W0AWAY", ["other team"]],
    ["W0FAR", ["other team"]],
    ["U0BOTTY", ["bot"]],
    ["U0FLOW", ["workflow bot"]],
    ["U0CONN", ["connector bot"]],
    ["U0GUEST", ["guest"]],
    ["U0GUS", ["guest"]],
    ["U0NEW", ["invited, not yet joined"]],
    ["U0ODD", ["stranger"]],
    ["U0ZOE", ["other team"]],
    ["U0AWAY", ["other team"]],
    ["U0FAR", ["other team"]],
    ["U0DAN", ["deleted"]],
  ])("%s may turn keys unless one of these stands against it: %j", async (account, disqualifiedBy) => {
    const [why] = disqualifiedBy;
    const asked = chat.confirm(account);
    if (why === undefined) await asked;
    else
      await expect(asked).rejects.toMatchObject({ code: "approver-ineligible", message: expect.stringContaining(why) });
  });

  test("who cannot be known are an error, never an ordinary member", async () => {
    const causeOf = (account: string) => chat.confirm(account).catch((error: Error) => error.cause);
    expect(await causeOf("U0HIDE")).toMatchObject({ code: "slack-user_not_visible" });
    expect(await causeOf("U0NOBODY")).toMatchObject({ code: "slack-user_not_found" });
    fault("users.info", { kind: "error", status: 500, code: "fatal_error" });
    expect(await causeOf("U0ANA")).toBeInstanceOf(TransientError);
    fault("users.info", { kind: "error", status: 500, code: "fatal_error" });
    await expect(chat.confirm("U0ANA")).rejects.toMatchObject({ code: "approver-unknown" });
  });

  test("of a whole Enterprise Grid come without a team, and the workspaces that Slack names for them count", async () => {
    const answer = await new webApi.WebClient(BOT_TOKEN, { slackApiUrl: place.slack.apiUrl }).users.info({
      user: "W0WANDA",
    });
    expect(answer.user).not.toHaveProperty("team_id");
    expect(answer.user?.enterprise_user).toMatchObject({ id: "W0WANDA", teams: ["T0SISTER", "T0ACME"] });
    await expect(chat.confirm("W0WANDA")).resolves.not.toThrow();
  });

  test("are asked about afresh each time", async () => {
    await chat.confirm("U0ANA");
    await place.people.act("user-flags", { userId: "U0ANA", flags: { deleted: true } });
    await expect(chat.confirm("U0ANA")).rejects.toMatchObject({ code: "approver-ineligible" });
  });

  test("of a user group alone may turn keys where one is named; without groups the advice is to list ids", async () => {
    group = "S0APPROVERS";
    await chat.confirm("U0ANA");
    await expect(chat.confirm("U0GRID")).rejects.toMatchObject({ code: "approver-not-in-group" });
    const free = await openSlackWorld({ isPaidPlan: false });
    const error = await chatFor(free)
      .confirm("U0ANA")
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "approver-group-unknown" });
    expect(error).toMatchObject({ cause: { message: expect.stringContaining("list people by id") } });
    await free.stop();
  });
});
