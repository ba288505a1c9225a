import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { webApi } from "@slack/bolt";
import { startSlack } from "../../../src/simulators/slack/slack.ts";
import { createWorld } from "../../../src/simulators/world/world.ts";
import {
  APP,
  BOT_TOKEN,
  button,
  clientOf,
  modal,
  openSlackWorld,
  refusalOf,
  type SlackWorld,
  SPEC,
} from "./slack-world.ts";

const AT_MS = Date.parse("2026-11-21T12:00:00Z");

describe("Slack's Web API, with the official client", () => {
  let place: SlackWorld;
  let client: ReturnType<typeof clientOf>;
  let nowMs: number;
  beforeEach(async () => {
    nowMs = AT_MS;
    place = await openSlackWorld({}, { now: () => nowMs });
    client = clientOf(place);
  });
  afterEach(() => place.stop());

  const keyed = (key: string) => ({ event_type: "card", event_payload: { key } });
  const logged = (kind: string) => place.world.log.read(0, kind).map(({ facts }) => facts);

  test("a post whose answer is lost has happened once and is found by its key", async () => {
    place.world.faults.plan({
      vendor: "slack",
      operation: "chat.postMessage",
      effect: { kind: "drop-after" },
      times: 1,
    });
    const post = client.chat.postMessage({ channel: "C0OPS", text: "Plan", metadata: keyed("plan-1") });
    expect(await refusalOf(post)).toBe("WebAPIRequestError");
    const history = await client.conversations.history({ channel: "C0OPS", include_all_metadata: true });
    const keys = (history.messages ?? []).map((message) => message.metadata?.event_payload);
    expect(keys).toEqual([{ key: "plan-1" }]);
    expect(logged("slack.message-posted")).toEqual([expect.objectContaining({ channel: "C0OPS", key: "plan-1" })]);
    const bare = await client.conversations.history({ channel: "C0OPS" });
    expect(bare.messages?.[0]?.metadata).toBeUndefined();
  });

  test("a post that is cut before it arrives has not happened", async () => {
    place.world.faults.plan({
      vendor: "slack",
      operation: "chat.postMessage",
      effect: { kind: "drop-before" },
      times: 1,
    });
    expect(await refusalOf(client.chat.postMessage({ channel: "C0OPS", text: "Plan" }))).toBe("WebAPIRequestError");
    expect(await place.people.messages("C0OPS")).toEqual([]);
  });

  test.each([
    ["hang", 0],
    ["hang-after", 1],
  ] as const)("a call that meets %s ends with the client's own time-out and %d posts", async (kind, posts) => {
    place.world.faults.plan({ vendor: "slack", operation: "chat.postMessage", effect: { kind }, times: 1 });
    // Long enough for a busy machine to take the request in, which a client that has given up takes back.
    const impatient = clientOf(place, BOT_TOKEN, { timeout: 1_500 });
    expect(await refusalOf(impatient.chat.postMessage({ channel: "C0OPS", text: "Plan" }))).toBe("WebAPIRequestError");
    expect(await place.people.messages("C0OPS")).toHaveLength(posts);
  });

  test("injected errors look like Slack's own", async () => {
    const plan = (status: number, code: string) =>
      place.world.faults.plan({
        vendor: "slack",
        operation: "auth.test",
        effect: { kind: "error", status, code },
        times: 1,
      });
    plan(200, "invalid_auth");
    expect(await refusalOf(client.auth.test())).toBe("invalid_auth");
    plan(503, "service_unavailable");
    expect(await refusalOf(client.auth.test())).toBe("WebAPIHTTPError");
    expect((await client.auth.test()).bot_id).toBe("B0BOT");
  });

  test("the fourth quick post in a channel is refused with Retry-After, and a second later it goes", async () => {
    const post = () => client.chat.postMessage({ channel: "C0OPS", text: "Plan" });
    for (let count = 0; count < 3; count++) await post();
    const refused: unknown = await post().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(webApi.WebAPIRateLimitedError);
    expect(refused).toMatchObject({ retryAfter: 1 });
    expect(logged("slack.rate-limited")).toEqual([expect.objectContaining({ method: "chat.postMessage" })]);
    nowMs += 1_000;
    expect((await post()).ok).toBe(true);
    expect(await place.people.messages("C0OPS")).toHaveLength(4);
  });

  test("a tier 2 method takes twenty calls, then one every three seconds", async () => {
    for (let count = 0; count < 20; count++) await client.usergroups.list();
    expect(await refusalOf(client.usergroups.list())).toBe("WebAPIRateLimitedError");
    nowMs += 2_900;
    expect(await refusalOf(client.usergroups.list())).toBe("WebAPIRateLimitedError");
    nowMs += 100;
    expect(await refusalOf(client.usergroups.list())).toBe("accepted");
  });

  test("tokens and scopes are told apart", async () => {
    expect(await refusalOf(clientOf(place, "xoxb-real").auth.test())).toBe("invalid_auth");
    expect(await refusalOf(clientOf(place, "xapp-sim-1").auth.test())).toBe("not_allowed_token_type");
    expect(await refusalOf(client.apps.connections.open())).toBe("not_allowed_token_type");
    expect(await refusalOf(client.apiCall("chat.shout"))).toBe("unknown_method");
    expect(await refusalOf(client.conversations.canvases.create({ channel_id: "C0OPS" }))).toBe("missing_scope");
    expect(await refusalOf(client.conversations.create({ name: "inc-private", is_private: true }))).toBe(
      "missing_scope",
    );
    const bare = await fetch(`${place.slack.apiUrl}auth.test`, { method: "POST" });
    expect(await bare.json()).toEqual({ ok: false, error: "not_authed" });
  });

  test("JSON bodies count as much as forms", async () => {
    const answer = await fetch(`${place.slack.apiUrl}chat.postMessage`, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", authorization: `Bearer ${BOT_TOKEN}` },
      body: JSON.stringify({ channel: "C0OPS", text: "hello", blocks: [button("go", "1")] }),
    });
    expect(await answer.json()).toMatchObject({ ok: true, message: { text: "hello", blocks: [{ block_id: "keys" }] } });
  });

  test("an update with text alone takes the blocks away and keeps the metadata", async () => {
    const { ts = "" } = await client.chat.postMessage({
      channel: "C0OPS",
      text: "Plan",
      blocks: [button("go", "1")],
      metadata: keyed("plan-1"),
    });
    await client.chat.update({ channel: "C0OPS", ts, text: "Done" });
    expect(await place.people.messages("C0OPS")).toMatchObject([
      { text: "Done", blocks: [], metadata: { event_payload: { key: "plan-1" } } },
    ]);
    const said = await place.people.as("U0ANA").says("hi", { in: "C0OPS" });
    expect(await refusalOf(client.chat.update({ channel: "C0OPS", ts: said.ts, text: "x" }))).toBe(
      "cant_update_message",
    );
    expect(await refusalOf(client.chat.update({ channel: "C0OPS", ts: "1.000001", text: "x" }))).toBe(
      "message_not_found",
    );
  });

  test("a thread reads oldest first and stays out of the channel's history", async () => {
    const { ts = "" } = await client.chat.postMessage({ channel: "C0OPS", text: "Alert" });
    const second = await client.chat.postMessage({ channel: "C0OPS", text: "again", thread_ts: ts });
    nowMs += 5_000;
    const third = await client.chat.postMessage({ channel: "C0OPS", text: "cleared", thread_ts: second.ts ?? "" });
    const replies = await client.conversations.replies({ channel: "C0OPS", ts });
    expect(replies.messages?.map((message) => message.text)).toEqual(["Alert", "again", "cleared"]);
    expect(Number(ts) < Number(second.ts) && Number(second.ts) < Number(third.ts)).toBe(true);
    const history = await client.conversations.history({ channel: "C0OPS" });
    expect(history.messages).toMatchObject([{ text: "Alert", reply_count: 2, latest_reply: third.ts }]);
  });

  test("history pages through a range of time, newest first", async () => {
    const posted: string[] = [];
    for (let count = 0; count < 5; count++) {
      nowMs += 1_000;
      posted.push((await client.chat.postMessage({ channel: "C0OPS", text: `${count}` })).ts ?? "");
    }
    const range = { channel: "C0OPS", oldest: posted[0] ?? "", latest: posted[4] ?? "", limit: 2 };
    const first = await client.conversations.history(range);
    expect(first.messages?.map((message) => message.text)).toEqual(["3", "2"]);
    const cursor = first.response_metadata?.next_cursor ?? "";
    const rest = await client.conversations.history({ ...range, cursor });
    expect(rest.messages?.map((message) => message.text)).toEqual(["1"]);
    expect(rest.has_more).toBe(false);
  });

  test.each([
    ["Inc-1", "invalid_name_specials"],
    ["inc 1", "invalid_name_specials"],
    ["---", "invalid_name_punctuation"],
    ["a".repeat(81), "invalid_name_maxlength"],
    ["", "invalid_name_required"],
    ["ops", "name_taken"],
    ["a".repeat(80), "accepted"],
  ])("a channel named %j is answered with %s", async (name, expected) => {
    expect(await refusalOf(client.conversations.create({ name }))).toBe(expected);
  });

  test("the name of an archived channel stays taken", async () => {
    const { channel } = await client.conversations.create({ name: "inc-1" });
    const id = channel?.id ?? "";
    expect(id).toMatch(/^C[A-Z0-9]{10}$/);
    await client.conversations.archive({ channel: id });
    expect(await refusalOf(client.conversations.archive({ channel: id }))).toBe("already_archived");
    expect(await refusalOf(client.conversations.create({ name: "inc-1" }))).toBe("name_taken");
    expect(await refusalOf(client.chat.postMessage({ channel: id, text: "x" }))).toBe("is_archived");
  });

  test("one bad invitation stops all of them unless it is forced", async () => {
    const id = (await client.conversations.create({ name: "inc-2" })).channel?.id ?? "";
    const invite = (users: string, force = false) => client.conversations.invite({ channel: id, users, force });
    expect(await refusalOf(invite("U0ANA,U0DAN"))).toBe("cant_invite");
    expect((await client.conversations.members({ channel: id })).members).toEqual(["U0BOT"]);
    const forced = await invite("U0ANA,U0DAN,U0NOBODY", true);
    expect(forced["errors"]).toMatchObject([{ user: "U0DAN" }, { user: "U0NOBODY", error: "user_not_found" }]);
    expect((await client.conversations.members({ channel: id })).members).toEqual(["U0BOT", "U0ANA"]);
    expect(await refusalOf(invite("U0ANA"))).toBe("already_in_channel");
    expect(await refusalOf(invite("U0BOT"))).toBe("cant_invite_self");
    expect(await refusalOf(invite("U0ZOE"))).toBe("cant_invite");
    expect(logged("slack.invited")).toEqual([{ channel: id, users: ["U0ANA"], app: "A0TWOKEY" }]);
  });

  test("topics have at most 250 characters", async () => {
    expect(await refusalOf(client.conversations.setTopic({ channel: "C0OPS", topic: "x".repeat(251) }))).toBe(
      "too_long",
    );
    await client.conversations.setTopic({ channel: "C0OPS", topic: "x".repeat(250) });
    expect((await client.conversations.info({ channel: "C0OPS" })).channel?.topic?.value).toBe("x".repeat(250));
    expect(logged("slack.topic")).toMatchObject([{ channel: "C0OPS" }]);
  });

  test("users.info tells guests, strangers and those who left apart", async () => {
    const info = async (user: string) => (await client.users.info({ user })).user;
    expect(await info("U0ANA")).toMatchObject({ is_restricted: false, deleted: false, team_id: "T0ACME" });
    expect(await info("U0GUS")).toMatchObject({ is_restricted: true, is_ultra_restricted: true });
    expect(await info("U0ZOE")).toMatchObject({ team_id: "T0OTHER" });
    expect((await info("U0ZOE"))?.["is_stranger"]).toBeUndefined();
    expect(await info("U0DAN")).toMatchObject({ deleted: true });
    expect(await info("U0BOT")).toMatchObject({ is_bot: true });
    expect(await refusalOf(client.users.info({ user: "U0NOBODY" }))).toBe("user_not_found");
    await place.people.act("user-flags", { userId: "U0BEN", flags: { guest: true } });
    expect(await info("U0BEN")).toMatchObject({ is_restricted: true, is_ultra_restricted: false });
  });

  test("people are found by address, and a group leaves out those who left", async () => {
    expect((await client.users.lookupByEmail({ email: "BEN@example.com" })).user?.id).toBe("U0BEN");
    expect(await refusalOf(client.users.lookupByEmail({ email: "eve@example.com" }))).toBe("users_not_found");
    expect((await client.usergroups.users.list({ usergroup: "S0APPROVERS" })).users).toEqual(["U0ANA", "U0BEN"]);
    expect(await refusalOf(client.usergroups.users.list({ usergroup: "S0NONE" }))).toBe("no_such_subteam");
  });

  test("pins, bookmarks and reactions repeat as Slack repeats them", async () => {
    const { ts = "" } = await client.chat.postMessage({ channel: "C0OPS", text: "Card" });
    const pin = { channel: "C0OPS", timestamp: ts };
    await client.pins.add(pin);
    expect(await refusalOf(client.pins.add(pin))).toBe("already_pinned");
    const bookmark = { channel_id: "C0OPS", title: "Runbook", type: "link" as const };
    for (let count = 0; count < 2; count++) await client.bookmarks.add({ ...bookmark, link: "https://example.com" });
    expect((await client.bookmarks.list({ channel_id: "C0OPS" })).bookmarks).toHaveLength(2);
    expect(await refusalOf(client.bookmarks.add({ ...bookmark, link: "javascript:alert(1)" }))).toBe("invalid_link");
    await client.reactions.add({ ...pin, name: "eyes" });
    expect(await refusalOf(client.reactions.add({ ...pin, name: "eyes" }))).toBe("already_reacted");
  });

  test("an ephemeral reaches members of the channel only", async () => {
    await client.chat.postEphemeral({ channel: "C0OPS", user: "U0ANA", text: "Only you" });
    expect(await place.people.ephemerals("U0ANA")).toMatchObject([{ text: "Only you" }]);
    const other = client.chat.postEphemeral({ channel: "C0OPS", user: "U0GUS", text: "Only you" });
    expect(await refusalOf(other)).toBe("user_not_in_channel");
    expect((await client.conversations.history({ channel: "C0OPS" })).messages).toEqual([]);
  });

  test("an ephemeral in a thread is seen by those who have that thread open", async () => {
    const { ts = "" } = await client.chat.postMessage({ channel: "C0OPS", text: "x" });
    const where = { channel: "C0OPS", thread_ts: ts, user: "U0ANA" };
    await client.chat.postEphemeral({ ...where, text: "Only you" });
    expect(await place.people.ephemerals("U0ANA")).toEqual([]);
    await place.people.as("U0ANA").says("looking", { in: "C0OPS", thread: ts });
    expect(await place.people.ephemerals("U0ANA")).toMatchObject([{ text: "Only you", thread_ts: ts }]);
  });

  test("metadata of more than 8 kB is refused, and so is metadata without a payload", async () => {
    const post = (metadata: webApi.MessageMetadata) =>
      client.chat.postMessage({ channel: "C0OPS", text: "x", metadata });
    expect(await refusalOf(post(keyed("k".repeat(8_000))))).toBe("metadata_too_large");
    expect(await refusalOf(post({ event_type: "", event_payload: {} }))).toBe("invalid_metadata_schema");
  });

  test("the Home tab answers hash_conflict to a lagging writer", async () => {
    const home = { type: "home" as const, blocks: [] };
    const first = await client.views.publish({ user_id: "U0ANA", view: home });
    const hash = first.view?.hash ?? "";
    await client.views.publish({ user_id: "U0ANA", view: home, hash });
    expect(await refusalOf(client.views.publish({ user_id: "U0ANA", view: home, hash }))).toBe("hash_conflict");
    expect(await refusalOf(client.views.open({ trigger_id: "1.a.b", view: modal("x") }))).toBe("invalid_trigger_id");
  });

  test("the list of calls shows what was asked but never a token", async () => {
    await client.chat.postMessage({ channel: "C0OPS", text: "Plan", token: BOT_TOKEN });
    const calls = await place.people.get("calls", { method: "chat.postMessage" });
    expect(calls).toMatchObject([{ ok: true, app: "A0TWOKEY", args: { channel: "C0OPS", text: "Plan" } }]);
    expect(JSON.stringify(calls)).not.toContain(BOT_TOKEN);
  });

  test("reset brings back the workspace of the specification", async () => {
    await client.conversations.create({ name: "inc-9" });
    await client.chat.postMessage({ channel: "C0OPS", text: "x" });
    await place.people.act("reset", {});
    expect((await place.people.channels()).map((channel) => channel.name)).toEqual(["ops"]);
    expect(await place.people.messages("C0OPS")).toEqual([]);
  });
});

describe("Starting the simulated Slack", () => {
  test.each([
    { ...APP, botToken: "xoxb-1234567890-abcdef" },
    { ...APP, appToken: "xapp-1-A012-345-abc" },
    { ...APP, signingSecret: "0123456789abcdef0123456789abcdef" },
  ])("is refused with credentials that look real", async (app) => {
    const world = createWorld({ startMs: AT_MS, speed: 1, seed: 1, regions: [] });
    await expect(startSlack(world, { ...SPEC, apps: [app] })).rejects.toThrow();
    world.clock.stop();
  });
});
