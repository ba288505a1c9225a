import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../../harness/eventually.ts";
import { BOT_TOKEN, button, modal, openSlackWorld, type SlackWorld, startSocketApp } from "./slack-world.ts";

describe("Slack over Socket Mode, with Bolt", () => {
  let place: SlackWorld;
  beforeEach(async () => {
    place = await openSlackWorld();
  });
  afterEach(() => place.stop());

  test("a command is acknowledged with text that only its author sees", async () => {
    await startSocketApp(place, (app) => {
      app.command("/dr", async ({ ack, body }) => ack(`${body.user_id} asked for ${body.text}`));
    });
    const outcome = await place.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    expect(outcome.ack.ok).toBe(true);
    expect(outcome.ephemerals.map((each) => each.text)).toEqual(["U0ANA asked for status"]);
    expect(await place.people.ephemerals("U0BEN")).toEqual([]);
    expect(await place.people.messages("C0OPS")).toEqual([]);
    expect(place.world.log.read(0, "slack.interaction").map(({ facts }) => facts)).toEqual([
      expect.objectContaining({ kind: "command", user: "U0ANA", text: "/dr status", ok: true }),
    ]);
    // What came of it stands after it.
    const told = ["slack.person-acted", "slack.ephemeral", "slack.interaction"];
    const kinds = place.world.log.read(0, "slack.").map(({ kind }) => kind);
    expect(kinds.filter((kind) => told.includes(kind))).toEqual(told);
  });

  test("mentions in a command arrive encoded and markup arrives harmless", async () => {
    let text = "";
    await startSocketApp(place, (app) => {
      app.command("/dr", async ({ ack, body }) => {
        text = body.text;
        await ack();
      });
    });
    await place.people.as("U0ANA").types("/dr role commander @ben <!channel> & co", { in: "C0OPS" });
    expect(text).toBe("role commander <@U0BEN|ben> &lt;!channel&gt; &amp; co");
  });

  test("a command without acknowledgement shows operation_timeout after three seconds", async () => {
    await startSocketApp(place, (app) => app.command("/dr", async () => undefined));
    const outcome = await place.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    expect(outcome.ack).toMatchObject({ ok: false, error: "operation_timeout" });
    expect(outcome.ackMs).toBeGreaterThanOrEqual(2_990);
    expect(outcome.ephemerals.map((each) => each.text)).toEqual(['/dr failed with the error "operation_timeout"']);
  });

  test("a button updates its message, and an old screen can still send the click", async () => {
    const clicks: string[] = [];
    const app = await startSocketApp(place, (bolt) => {
      bolt.action("turn-key", async ({ ack, body, client, payload }) => {
        await ack();
        if (body.type !== "block_actions" || payload.type !== "button") return;
        clicks.push(`${body.user.id} ${payload.value} ${body.message?.ts}`);
        if (clicks.length === 1 && body.channel && body.message)
          await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: "One key turned" });
      });
    });
    const { ts = "" } = await app.client.chat.postMessage({
      channel: "C0OPS",
      text: "Plan 1",
      blocks: [button("turn-key", "plan-1")],
      metadata: { event_type: "card", event_payload: { key: "plan-1" } },
    });
    const ana = place.people.as("U0ANA");
    await ana.clicks("turn-key", { in: "C0OPS", message: ts });
    const updated = await place.people.expectMessage("C0OPS", (message) => message.text === "One key turned");
    expect(updated.blocks).toEqual([]);
    await expect(ana.clicks("turn-key", { in: "C0OPS", message: ts })).rejects.toThrow("no action turn-key");
    const stale = await place.people.as("U0BEN").clicks("turn-key", { in: "C0OPS", message: ts, stale: true });
    expect(stale.ack.ok).toBe(true);
    await eventually("both clicks arrived", () => clicks.length === 2);
    expect(clicks).toEqual([`U0ANA plan-1 ${ts}`, `U0BEN plan-1 ${ts}`]);
    expect(place.world.log.read(0, "slack.message-updated").map(({ facts }) => facts)).toEqual([
      expect.objectContaining({ channel: "C0OPS", ts, key: "plan-1", text: "One key turned" }),
    ]);
  });

  test("a modal keeps its errors, then closes when it is accepted", async () => {
    await startSocketApp(place, (app) => {
      app.command("/dr", async ({ ack, body, client }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: modal("Declare") });
      });
      app.view("declare", async ({ ack, view }) => {
        const text = view.state.values["what"]?.["text"]?.value ?? "";
        if (text.length > 5) await ack();
        else await ack({ response_action: "errors", errors: { what: "Say more" } });
      });
    });
    const ana = place.people.as("U0ANA");
    await ana.types("/dr declare", { in: "C0OPS" });
    const view = await place.people.expectView("U0ANA");
    expect((await ana.submits(view, {})).inputErrors).toEqual({ what: "Please complete this required field." });
    expect((await ana.submits(view, { what: "fire" })).inputErrors).toEqual({ what: "Say more" });
    expect(await place.people.views("U0ANA")).toHaveLength(1);
    const accepted = await ana.submits(view, { what: "region is gone" });
    expect(accepted.inputErrors).toBeUndefined();
    expect(await place.people.views("U0ANA")).toEqual([]);
  });

  test("a view can be answered with another one, pushed on, and cleared", async () => {
    const answers: ("update" | "push" | "clear")[] = ["update", "push", "clear"];
    await startSocketApp(place, (app) => {
      app.command("/dr", async ({ ack, body, client }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: modal("First") });
      });
      app.view("declare", async ({ ack }) => {
        const next = answers.shift() ?? "clear";
        await ack(next === "clear" ? { response_action: next } : { response_action: next, view: modal(next) });
      });
    });
    const ana = place.people.as("U0ANA");
    await ana.types("/dr declare", { in: "C0OPS" });
    const titles = async () => (await place.people.views("U0ANA")).map((view) => view["title"]);
    const first = await place.people.expectView("U0ANA");
    await ana.submits(first, { what: "a" });
    expect(await titles()).toMatchObject([{ text: "update" }]);
    const pushed = await ana.submits(first, { what: "b" });
    expect(await titles()).toMatchObject([{ text: "update" }, { text: "push" }]);
    await ana.submits(pushed.view?.id ?? "", { what: "c" });
    expect(await titles()).toEqual([]);
  });

  test("an envelope sent twice runs the handler twice", async () => {
    const triggers: string[] = [];
    await startSocketApp(place, (app) => {
      app.command("/dr", async ({ ack, body }) => {
        triggers.push(body.trigger_id);
        await ack();
      });
    });
    await place.people.act("duplicate-next-envelope", {});
    await place.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    await eventually("the copy arrived", () => triggers.length === 2);
    expect(new Set(triggers).size).toBe(1);
    await place.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    expect(new Set(triggers).size).toBe(2);
    expect(triggers).toHaveLength(3);
  });

  test("with two sockets every envelope reaches exactly one of them", async () => {
    const reached: string[] = [];
    for (const name of ["first", "second"]) {
      await startSocketApp(place, (app) => {
        app.command("/dr", async ({ ack }) => {
          reached.push(name);
          await ack();
        });
      });
    }
    expect(await place.people.get("sockets", {})).toEqual({ open: 2 });
    for (let count = 1; count <= 12; count++) {
      await place.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
      expect(reached).toHaveLength(count);
    }
    expect(new Set(reached)).toEqual(new Set(["first", "second"]));
  });

  test.each(["sockets/kill", "sockets/disconnect"])(
    "after %s the app comes back and hears commands again",
    async (how) => {
      await startSocketApp(place, (app) => app.command("/dr", async ({ ack }) => ack("here")));
      const opened = () => place.world.log.read(0, "slack.socket-opened").length;
      await place.people.act(how, how === "sockets/disconnect" ? { reason: "refresh_requested" } : {});
      await eventually("a second socket", () => opened() === 2);
      const outcome = await place.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
      expect(outcome.ephemerals.map((each) => each.text)).toEqual(["here"]);
    },
  );

  test("while Slack is down nobody gets through and its status says so", async () => {
    const app = await startSocketApp(place, (bolt) => bolt.command("/dr", async ({ ack }) => ack()));
    const status = async () => {
      const answer: unknown = await (await fetch(`${place.slack.statusUrl}api/v2.0.0/current`)).json();
      return answer;
    };
    expect(await status()).toMatchObject({ status: "ok", active_incidents: [] });
    await place.people.act("outage", { on: true });
    await expect(place.people.as("U0ANA").types("/dr status", { in: "C0OPS" })).rejects.toThrow("Slack is down");
    await expect(app.client.auth.test({ token: BOT_TOKEN })).rejects.toMatchObject({ statusCode: 503 });
    expect(await status()).toMatchObject({ status: "active" });
    await place.people.act("outage", { on: false });
    await eventually("the app is back", () => place.world.log.read(0, "slack.socket-opened").length === 2);
    expect((await place.people.as("U0ANA").types("/dr status", { in: "C0OPS" })).ack.ok).toBe(true);
  });

  test("a confirmation that is declined sends nothing", async () => {
    let heard = 0;
    const app = await startSocketApp(place, (bolt) => {
      bolt.action("abort", async ({ ack }) => {
        heard += 1;
        await ack();
      });
    });
    const plain = (text: string) => ({ type: "plain_text" as const, text });
    const confirm = { title: plain("Abort?"), text: plain("It unwinds"), confirm: plain("Abort"), deny: plain("Stay") };
    await app.client.chat.postMessage({
      channel: "C0OPS",
      text: "Running",
      blocks: [{ type: "actions", elements: [{ type: "button", action_id: "abort", text: plain("Abort"), confirm }] }],
    });
    const declined = await place.people.as("U0ANA").clicks("abort", { in: "C0OPS", confirm: false });
    expect(declined.cancelled).toMatchObject({ title: { text: "Abort?" } });
    await place.people.as("U0ANA").clicks("abort", { in: "C0OPS" });
    expect(heard).toBe(1);
  });

  test("a view that asked for it is told when it is closed", async () => {
    let closed = "";
    const view = { ...modal("Declare"), notify_on_close: true };
    await startSocketApp(place, (app) => {
      app.command("/dr", async ({ ack, body, client }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view });
      });
      app.view({ callback_id: "declare", type: "view_closed" }, async ({ ack, body }) => {
        closed = body.user.id;
        await ack();
      });
    });
    await place.people.as("U0ANA").types("/dr declare", { in: "C0OPS" });
    const open = await place.people.expectView("U0ANA");
    await place.people.as("U0ANA").closes(open);
    expect(closed).toBe("U0ANA");
    expect(await place.people.views("U0ANA")).toEqual([]);
  });
});
