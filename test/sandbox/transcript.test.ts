import { expect, test } from "@jest/globals";
import { Transcript } from "../../src/sandbox/story/transcript.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";

const AT = Date.parse("2026-11-21T03:12:00Z");
const PEOPLE = new Map([
  ["U1", "Ana"],
  ["C1", "#inc"],
]);

/** What the transcript of this log says, one line for each entry: speaker and words. */
async function told(...entries: readonly (readonly [kind: string, facts: LogEntry["facts"]])[]): Promise<string[]> {
  const log = entries.map(([kind, facts], index) => ({
    ...{ seq: index + 1, worldMs: AT + index * 1_000, machineMs: index, kind, facts },
  }));
  let text = "";
  const world = { log: (_kind?: string, since = 0) => Promise.resolve(log.filter(({ seq }) => seq > since)) };
  const transcript = new Transcript(
    world,
    { names: PEOPLE },
    {
      write: (part: string) => {
        text += part;
      },
    },
  );
  await transcript.stop();
  return text
    .trim()
    .split("\n")
    .map((line) => line.slice(11).replaceAll(/\s+/g, " ").trim());
}

test("a story that breaks off is told to where it broke off, and keeps nothing waiting", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const entry = {
    seq: 1,
    worldMs: AT,
    machineMs: 0,
    kind: "slack.ephemeral",
    facts: { user: "U1", text: "all is well" },
  };
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const log = (_kind?: string, since = 0) => Promise.resolve(since === 0 ? [entry] : []);
  const transcript = new Transcript({ log }, { names: PEOPLE }, { write });

  const story = transcript.during(async () => {
    transcript.follow();
    throw new Error("it breaks off");
  });

  await expect(story).rejects.toThrow("it breaks off");
  expect([text.includes("all is well"), timers()]).toEqual([true, before]);
});

test("a command is told when it was typed, not when it was acknowledged", async () => {
  const typed = { kind: "command", user: "U1", channel: "C1", text: "/dr status" };
  const lines = await told(
    ["slack.person-acted", typed],
    ["slack.ephemeral", { user: "U1", text: "all is well" }],
    ["slack.interaction", { ...typed, ok: true, ackMs: 40 }],
  );
  expect(lines).toEqual(["#inc Ana /dr status", "to Ana TwoKey all is well"]);
});

test("a click says what stands on the button, a form what was done with it", async () => {
  const by = { user: "U1", channel: "C1" };
  const lines = await told(
    ["slack.person-acted", { kind: "click", ...by, label: "Acknowledge", actionId: "intent:ack:x" }],
    ["slack.person-acted", { kind: "view-submit", ...by, callbackId: "intent:approve" }],
    ["slack.person-acted", { kind: "view-submit", ...by, callbackId: "intent:declare" }],
  );
  expect(lines).toEqual([
    "#inc Ana presses “Acknowledge”",
    "form Ana agrees in words, and turns the key",
    "form Ana submits the form",
  ]);
});

test("a channel is called by its name from its first line on, and a phone that rings twice is told twice", async () => {
  const ring = { user: "U1", channel: "phone", reason: "escalation" };
  const lines = await told(
    ["slack.channel-created", { channel: "C9", name: "inc-9" }],
    ["slack.message-posted", { channel: "C9", key: "k", text: "hello" }],
    ["pagerduty.notified", ring],
    ["pagerduty.notified", ring],
  );
  expect(lines).toEqual([
    "Slack TwoKey opens #inc-9",
    "#inc-9 TwoKey hello",
    "PagerDuty Ana the phone rings (on call)",
    "PagerDuty Ana the phone rings (on call)",
  ]);
});

test("pages of the incident and of a plan that waits for keys are told apart", async () => {
  const lines = await told(
    ["pagerduty.resolved", { incidentKey: "dr:prod:run:F-1" }],
    ["pagerduty.resolved", { incidentKey: "dr:prod:i1:1" }],
  );
  expect(lines).toEqual(["PagerDuty the plan needs nobody any more", "PagerDuty incident resolved"]);
});

test("the progress of a run is told by its first sentence, never cut off in the middle of one", async () => {
  const card = { channel: "C1", key: "progress:F-1" };
  const done = (count: number) => `Move inventory to eu-central-1: running, ${count} of 10 steps done.`;
  const lines = await told(
    [
      "slack.message-posted",
      {
        ...card,
        text: `${done(2)} eu-west-1 is not proven to be fenced and may still take writes; the key holders accepted that.`,
      },
    ],
    ["slack.message-updated", { ...card, text: done(3) }],
  );
  expect(lines).toEqual([
    "#inc TwoKey Move to eu-central-1: running, 2 of 10 steps done.",
    "#inc TwoKey Move to eu-central-1: running, 3 of 10 steps done.",
  ]);
});

test("a change of DNS is told by the records that users ask for, and not by the marks beside them", async () => {
  const names = ["_twokey.api.x.com. TXT", "api.x.com. A", "db.x.com. CNAME"];
  const lines = await told(["route53.change-accepted", { names }], ["route53.change-insync", { names }]);

  expect(lines).toEqual([
    "AWS Route 53 change of api.x.com A and db.x.com CNAME accepted",
    "AWS Route 53 all name servers have api.x.com A and db.x.com CNAME",
  ]);
});

test("words that take more than the room of one entry end with a sign that there are more", async () => {
  const text = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

  const lines = await told(["slack.ephemeral", { user: "U1", text }]);

  expect(lines[0]).toMatch(/^to Ana TwoKey word0 /);
  expect([lines.length, lines.at(-1)?.endsWith(" …")]).toEqual([4, true]);
});
