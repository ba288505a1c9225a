import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Answer } from "../../../src/commands/intent.ts";
import type { Form } from "../../../src/domain/card/card.ts";
import { TransientError, UserError } from "../../../src/domain/errors.ts";
import { messageOf } from "../../../src/integrations/slack/blocks.ts";
import { modalOf } from "../../../src/integrations/slack/modal.ts";
import { eventually } from "../../harness/eventually.ts";
import { quoted } from "../../harness/quoted.ts";
import { openSlackWorld } from "../../simulators/slack/slack-world.ts";
import { card, type Desk, later, openDesk, whisper, withButton } from "./slack-door.ts";

const FORM: Form = {
  ...{ title: "Declare", intent: "declare", context: "ctx-1", submit: "Declare", intro: [] },
  fields: [
    { id: "what", label: "What happened", kind: "line" },
    {
      id: "sev",
      label: "Severity",
      kind: "choice",
      choices: [
        ["sev1", "Everything"],
        ["sev2", "Much"],
      ],
    },
    { id: "more", label: "More", kind: "paragraph", optional: true },
  ],
};
const OPS = { in: "C0OPS" };

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.stop());

/** Who asked, as the intents are told: no account of Slack's is in it. */
const ANA = {
  who: {
    kind: "person",
    person: "ana",
    proof: { door: "slack", strength: "account", confirm: expect.any(Function) },
  },
  channel: "C0OPS",
};

const ana = () => desk.people.as("U0ANA");

describe("A command", () => {
  test("becomes an ask with who asked, and its answer is seen by the asker alone", async () => {
    desk.answers(() => whisper("All is <well>"));
    const outcome = await ana().types('/dr role commander @ben "on the bridge" <!channel>', OPS);
    expect(desk.asks).toEqual([
      {
        verb: "role",
        args: ["commander", "@ben", "on the bridge", "<!channel>"],
        text: 'commander @ben "on the bridge" <!channel>',
        ...ANA,
      },
    ]);
    expect(outcome.ack.ok).toBe(true);
    expect(outcome.problem).toBeUndefined();
    expect(outcome.ephemerals).toEqual([expect.objectContaining({ text: "All is &lt;well&gt;" })]);
    expect(await desk.people.messages("C0OPS")).toEqual([]);
  });

  test("may be answered for everybody in the channel", async () => {
    desk.answers(() => ({ kind: "say", card: card("Ana escalated") }));
    await ana().types("/dr escalate", OPS);
    expect(await desk.people.messages("C0OPS")).toEqual([expect.objectContaining({ text: "Ana escalated" })]);
  });

  test("that takes long is acknowledged in time, and its answer follows", async () => {
    const slow = later<Answer>();
    desk.answers(() => slow.promise);
    const outcome = await ana().types("/dr failover payments", OPS);
    // Slack itself judges the time. Nothing has been answered yet, and nothing is said as yet.
    expect(outcome.ack.ok).toBe(true);
    expect(outcome.ephemerals).toEqual([]);
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "Working on it …");
    slow.fulfil(whisper("The plan is ready"));
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "The plan is ready");
  });

  test("that is delivered twice is acted on once", async () => {
    desk.answers(() => whisper("Escalated"));
    await desk.people.act("duplicate-next-envelope", {});
    await ana().types("/dr escalate", OPS);
    const duplicates = () => desk.world.log.read(0, "slack.duplicate-delivered").length;
    await eventually("the duplicate was sent", () => duplicates() === 1);
    await ana().types("/dr status", OPS);
    expect(desk.asks.map(({ verb }) => verb)).toEqual(["escalate", "status"]);
  });

  test("of somebody in another team is turned away", async () => {
    const strangers = await openDesk({ team: "T0SOMEWHERE" });
    const outcome = await strangers.people.as("U0ANA").types("/dr status", OPS);
    expect(outcome.ephemerals.map(({ text }) => text)).toEqual(["TwoKey answers only its own team."]);
    expect(strangers.asks).toEqual([]);
    await strangers.stop();
  });
});

describe("Who asks", () => {
  beforeEach(async () => {
    await desk.stop();
    const channels = [{ id: "C0OPS", name: "ops", members: ["U0ANA", "U0LEA", "U0GUS", "U0ZOE", "U0BOT"] }];
    desk = await openDesk({}, await openSlackWorld({ channels }));
  });

  test("is handed on as a person or as a guest, and no account of Slack's comes in with them", async () => {
    for (const account of ["U0ANA", "U0LEA"]) await desk.people.as(account).types("/dr status", OPS);

    expect(desk.asks.map(({ who }) => who)).toMatchObject([
      { kind: "person", person: "ana" },
      { kind: "guest", name: "lea", proof: { door: "slack", strength: "account" } },
    ]);
    expect(JSON.stringify(desk.asks)).not.toMatch(/U0/);
    // Where somebody has to find out who that was, the door's own log says it.
    expect(desk.lines.map(({ facts }) => facts)).toContainEqual({ member: "U0LEA", verb: "status" });
  });

  test.each([
    ["guest of the workspace", "U0GUS", "guest"],
    ["member of another one, in a channel of both", "U0ZOE", "other team"],
  ])("guard outsiders: a %s whom nobody listed is shown nothing, and told why", async (_who, account, why) => {
    desk.answers(() => whisper("the board"));
    const told = `TwoKey answers members of this workspace. Slack says of your account: ${why}.`;
    const shown = await desk.people.as(account).types("/dr status", OPS);
    expect(shown.ephemerals.map(({ text }) => text)).toEqual([expect.stringContaining(told)]);

    await desk.chat.post({ channel: OPS.in }, withButton("Timeline", "timeline", "I-1"), "outsiders");
    await desk.people.as(account).clicks("intent:timeline:0", OPS);
    await eventually(
      "the click was answered with the same",
      async () => (await desk.people.ephemerals(account)).filter(({ text }) => text.startsWith(told)).length === 2,
    );
    expect(desk.asks).toEqual([]);
  });

  test("comes in without a proof where Slack does not say whose the account is", async () => {
    desk.world.faults.plan({
      ...{ vendor: "slack", operation: "users.info", times: 9 },
      effect: { kind: "error", status: 500, code: "fatal_error" },
    });
    await desk.people.as("U0GUS").types("/dr declare sev1 all is down", OPS);

    expect(desk.asks.map(({ who }) => who)).toMatchObject([{ kind: "guest", proof: { strength: "claimed" } }]);
  });

  test("is confirmed by the very account that they used", async () => {
    await desk.people.as("U0ANA").types("/dr status", OPS);
    await desk.people.as("U0LEA").types("/dr status", OPS);
    const [ours, theirs] = desk.asks.map(({ who }) => who.proof);
    await desk.people.act("user-flags", { userId: "U0LEA", flags: { guest: true } });

    await ours?.confirm?.();
    await expect(theirs?.confirm?.()).rejects.toMatchObject({ code: "approver-ineligible" });
  });
});

describe("What goes wrong", () => {
  test("for the asker to mend is told in the error's own words", async () => {
    desk.answers(() => {
      throw new UserError("no-such-service", "There is no service called paiments");
    });
    const { ephemerals } = await ana().types("/dr status paiments", OPS);
    expect(ephemerals.map(({ text }) => text)).toEqual(["There is no service called paiments"]);
  });

  test("by itself is worth another try", async () => {
    desk.answers(() => {
      throw new TransientError("busy", "The store is busy");
    });
    const { ephemerals } = await ana().types("/dr status", OPS);
    expect(ephemerals[0]?.text).toBe("Not now: The store is busy. Please try again in a moment.");
  });

  test("unexpectedly gets a reference that the log has too, and tells nothing else", async () => {
    desk.answers(() => {
      throw new TypeError("secret detail");
    });
    const { ephemerals } = await ana().types("/dr status", OPS);
    expect(ephemerals[0]?.text).toMatch(quoted("Something broke while doing …"));
    expect(ephemerals[0]?.text).toMatch(quoted("It was logged under reference …."));
    const [, reference] = /reference ([0-9a-f]{8})/.exec(ephemerals[0]?.text ?? "") ?? [];
    expect(reference).toBeDefined();
    expect(JSON.stringify(ephemerals)).not.toContain("secret detail");
    expect(desk.lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        facts: expect.objectContaining({ reference, error: "secret detail" }),
      }),
    );
  });

  test("with our memory means that nothing is done", async () => {
    const forgetful = await openDesk({ firstTime: () => Promise.reject(new Error("no Redis")) });
    const { ephemerals } = await forgetful.people.as("U0ANA").types("/dr escalate", OPS);
    expect(ephemerals[0]?.text).toBe("TwoKey cannot reach its memory. Nothing was done; please try again.");
    expect(forgetful.asks).toEqual([]);
    await forgetful.stop();
  });
});

describe("A button", () => {
  test("becomes an ask with its value and message, answered to the presser alone", async () => {
    const posted = await desk.chat.post({ channel: "C0OPS" }, withButton("Approve", "approve", "plan-1:abcd"), "k");
    desk.answers(() => whisper("Your key is turned"));
    await ana().clicks("intent:approve:0", OPS);
    expect(desk.asks).toEqual([
      {
        ...{ verb: "approve", args: [], text: "", value: "plan-1:abcd", messageRef: posted },
        ...ANA,
      },
    ]);
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "Your key is turned");
    expect(await desk.people.ephemerals("U0BEN")).toEqual([]);
  });

  test("of a card with replies is answered in the channel, where its presser looks", async () => {
    const card = await desk.chat.post({ channel: "C0OPS" }, withButton("Approve", "approve", "plan-1"), "k");
    await desk.chat.post({ channel: "C0OPS", thread: card.ts }, withButton("Details", "details", "plan-1"), "r");
    desk.answers(({ fields }) => (fields ? whisper("Your key is turned") : { kind: "form", form: FORM }));
    await ana().clicks("intent:approve:0", OPS);
    await ana().submits(await desk.people.expectView("U0ANA"), { what: "x", sev: "sev1" });
    const told = await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "Your key is turned");
    expect(told.thread_ts).toBeUndefined();
  });

  test("of a reply is answered in its thread, which the presser has open", async () => {
    const above = await desk.chat.post({ channel: "C0OPS" }, withButton("Approve", "approve", "plan-1"), "k");
    await desk.chat.post({ channel: "C0OPS", thread: above.ts }, withButton("Details", "details", "plan-1"), "r");
    desk.answers(() => whisper("The steps"));
    await ana().clicks("intent:details:0", OPS);
    const told = await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "The steps");
    expect(told.thread_ts).toBe(above.ts);
  });

  test("pressed once but delivered twice turns one key", async () => {
    await desk.chat.post({ channel: "C0OPS" }, withButton("Approve", "approve", "plan-1"), "k");
    await desk.people.act("duplicate-next-envelope", {});
    await ana().clicks("intent:approve:0", OPS);
    await ana().types("/dr status", OPS);
    expect(desk.asks.map(({ verb }) => verb)).toEqual(["approve", "status"]);
  });

  test("whose intent takes long is acknowledged in time", async () => {
    await desk.chat.post({ channel: "C0OPS" }, withButton("Approve", "approve", "plan-1"), "k");
    const slow = later<Answer>();
    desk.answers(() => slow.promise);
    const outcome = await ana().clicks("intent:approve:0", OPS);
    // Slack itself judges the time, and nothing has been answered yet.
    expect(outcome.ack.ok).toBe(true);
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "Working on it …");
    slow.fulfil({ kind: "say", card: card("Ana turned a key") });
    await desk.people.expectMessage("C0OPS", ({ text }) => text === "Ana turned a key");
  });
});

const TOO_OLD = quoted(
  "This button or form is too old, or TwoKey does not know it. Nothing was changed. /dr status shows what can be done now.",
);

describe("What is too old, or not known here", () => {
  test("a button is answered to the presser alone, and asks for nothing", async () => {
    await desk.chat.post({ channel: "C0OPS" }, withButton("Old", "9gone", "x"), "k");

    const outcome = await ana().clicks("intent:9gone:0", OPS);

    expect(outcome.ack.ok).toBe(true);
    await desk.people.expectEphemeral("U0ANA", ({ text }) => TOO_OLD.test(text));
    expect(desk.asks).toEqual([]);
  });

  test("a form is answered where it was asked for", async () => {
    desk.answers(() => ({ kind: "form", form: { ...FORM, intent: "9gone" } }));
    await ana().types("/dr open", OPS);
    const outcome = await ana().submits(await desk.people.expectView("U0ANA"), { what: "x", sev: "sev1" });

    expect([outcome.ack.ok, outcome.view]).toEqual([true, null]);
    await desk.people.expectEphemeral("U0ANA", ({ text }) => TOO_OLD.test(text));
    expect(desk.asks.map(({ verb }) => verb)).toEqual(["open"]);
  });

  test("a form that does not say where it was asked for is answered by a direct message", async () => {
    await desk.stop();
    const place = await openSlackWorld();
    desk = await openDesk(
      {
        render: {
          message: (shown) => messageOf(shown, () => undefined),
          modal: (form) => modalOf(form, () => undefined, "of another program"),
        },
      },
      place,
    );
    desk.answers(() => ({ kind: "form", form: FORM }));
    await ana().types("/dr open", OPS);
    await ana().submits(await desk.people.expectView("U0ANA"), { what: "x", sev: "sev1" });

    const direct = await desk.people.expectChannel(({ id }) => id.startsWith("D"));
    await desk.people.expectMessage(direct.id, ({ text }) => TOO_OLD.test(text));
  });
});

describe("A form", () => {
  const openForm = async () => {
    desk.answers(({ verb }) => (verb === "open" ? { kind: "form", form: FORM } : whisper("Declared")));
    await ana().types("/dr open", OPS);
    return desk.people.expectView("U0ANA");
  };

  test("opens from a command and comes back with its fields and its context", async () => {
    const view = await openForm();
    const outcome = await ana().submits(view, { what: "<b> is down", sev: "sev2" });
    expect(outcome.view).toBeNull();
    expect(desk.asks.at(-1)).toEqual({
      ...{ verb: "declare", args: [], text: "", value: "ctx-1", fields: { what: "<b> is down", sev: "sev2" } },
      ...ANA,
    });
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "Declared");
  });

  test("says yes of each sentence whose box was ticked, and nothing of the others", async () => {
    const agreements = ["unseen", "smaller-class"].map((id) => ({
      ...{ id, label: `I accept ${id}`, kind: "agreement" as const, optional: true },
    }));
    desk.answers(() => ({ kind: "form", form: { ...FORM, fields: agreements } }));
    await ana().types("/dr open", OPS);
    await ana().submits(await desk.people.expectView("U0ANA"), { unseen: ["yes"] });

    expect(desk.asks.at(-1)?.fields).toEqual({ unseen: "yes" });
  });

  test("stays open with the errors beside its fields", async () => {
    const view = await openForm();
    desk.answers(() => ({ kind: "field-errors", errors: { what: "Say more", elsewhere: "and this" } }));
    const outcome = await ana().submits(view, { what: "x", sev: "sev1" });
    expect(outcome.inputErrors).toEqual({ what: "Say more and this" });
    expect(outcome.view).not.toBeNull();
  });

  test("opens from a button, and its submission knows the message", async () => {
    const posted = await desk.chat.post({ channel: "C0OPS" }, withButton("Take over", "open", "run-1"), "k");
    desk.answers(({ verb }) => (verb === "open" ? { kind: "form", form: FORM } : whisper("Noted")));
    await ana().clicks("intent:open:0", OPS);
    await ana().submits(await desk.people.expectView("U0ANA"), { what: "by hand", sev: "sev1" });
    expect(desk.asks.at(-1)).toMatchObject({ verb: "declare", messageRef: posted });
  });

  test("whose submission takes long closes in time, and late field errors are told", async () => {
    const view = await openForm();
    const slow = later<Answer>();
    desk.answers(() => slow.promise);
    const outcome = await ana().submits(view, { what: "x", sev: "sev1" });
    expect(outcome.ack.ok).toBe(true);
    slow.fulfil({ kind: "field-errors", errors: { what: "Too late" } });
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text.includes("Nothing was done. what: Too late"));
  });

  test("that Slack does not open any more is told to the asker", async () => {
    desk.world.faults.plan({
      ...{ vendor: "slack", operation: "views.open", times: 1 },
      effect: { kind: "error", status: 200, code: "expired_trigger_id" },
    });
    desk.answers(() => ({ kind: "form", form: FORM }));
    await ana().types("/dr open", OPS);
    await desk.people.expectEphemeral("U0ANA", ({ text }) =>
      quoted("Slack did not open the form … in time. Please ask again.").test(text),
    );
  });

  test("sent twice by Slack is acted on once", async () => {
    const view = await openForm();
    await desk.people.act("duplicate-next-envelope", {});
    await ana().submits(view, { what: "x", sev: "sev1" });
    await ana().types("/dr status", OPS);
    expect(desk.asks.map(({ verb }) => verb)).toEqual(["open", "declare", "status"]);
  });
});

describe("The connection", () => {
  const sockets = async () => desk.world.log.read(0, "slack.socket-opened").length;

  test.each([
    ["cut by the network", "sockets/kill", {}],
    ["refreshed by Slack", "sockets/disconnect", { reason: "refresh_requested" }],
  ])("is there again when it was %s", async (_what, path, body) => {
    desk.answers(() => whisper("Here"));
    const before = await sockets();
    await desk.people.act(path, body);
    await eventually("a new socket", async () => (await sockets()) > before && desk.door.isConnected());
    expect(desk.lines.at(-1)?.sentence).toBe("Connected to Slack");
    expect((await ana().types("/dr status", OPS)).ephemerals).toHaveLength(1);
  });

  test("survives a Slack that is down, refuses and comes back", async () => {
    desk.answers(() => whisper("Here"));
    await desk.people.act("outage", { on: true });
    await eventually("the outage was noticed", () => !desk.door.isConnected());
    await eventually("a line of it", () =>
      desk.lines.some(({ sentence }) => sentence === "Could not connect to Slack"),
    );
    desk.world.faults.plan({
      ...{ vendor: "slack", operation: "apps.connections.open", times: 1 },
      effect: { kind: "error", status: 200, code: "invalid_auth" },
    });
    await desk.people.act("outage", { on: false });
    await eventually("connected again", () => desk.door.isConnected());
    expect((await ana().types("/dr status", OPS)).ephemerals).toHaveLength(1);
  });

  test("that cannot be made keeps the door from nothing else", async () => {
    const place = await openSlackWorld();
    await place.people.act("outage", { on: true });
    const dark = await openDesk({}, place);
    expect(dark.door.isConnected()).toBe(false);
    await dark.stop();
  });

  test("that is still being made when the door stops is closed as soon as it is there", async () => {
    await desk.door.stop();
    const before = await sockets();
    desk.world.faults.plan({
      ...{ vendor: "slack", operation: "apps.connections.open", times: 1 },
      effect: { kind: "delay", machineMs: 300 },
    });
    const starting = desk.door.start();
    await desk.door.stop();
    await eventually("the late socket", async () => (await sockets()) > before);
    const isClosed = async () => JSON.stringify(await desk.people.get("sockets", {})) === '{"open":0}';
    await eventually("the late socket is closed", isClosed);
    await starting;
    expect(desk.door.isConnected()).toBe(false);
  });

  test("is given up at once on stop, and what is under way still ends", async () => {
    const slow = later<Answer>();
    desk.answers(() => slow.promise);
    await ana().types("/dr failover payments", OPS);
    let hasStopped = false;
    const stopping = desk.door.stop().then(() => {
      hasStopped = true;
    });
    const isClosed = async () => JSON.stringify(await desk.people.get("sockets", {})) === '{"open":0}';
    await eventually("the socket is closed", isClosed);
    expect(hasStopped).toBe(false);
    slow.fulfil(whisper("Done all the same"));
    await stopping;
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "Done all the same");
  });
});
