import { expect, test } from "@jest/globals";
import { renderCard } from "../../../../src/app/cards.ts";
import { ack } from "../../../../src/commands/ack.ts";
import { OutcomeUnknown } from "../../../../src/domain/errors.ts";
import { answeredLadder } from "../../../../src/domain/incident/incident.ts";
import { withCopies } from "../../../../src/domain/incident/page-copy.ts";
import { sendCard } from "../../../../src/engine/delivery/outbox.ts";
import { resolveIncident, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { askFor } from "../../../../src/flows/incident/paging/ask-for.ts";
import { pageCard } from "../../../../src/views/page.ts";
import { TELLS_NOBODY, who } from "../../../harness/fakes/index.ts";
import { type Bridge, bridge, change, type Decide, opened, pass } from "../bridge.ts";
import { type FILE, inventory } from "../file.ts";

const ben: Decide = (incident, nowMs) => acknowledge(incident, { by: "ben", name: "Ben", door: "slack" }, nowMs);
const fields = { details: "fixed", impact: "none", followUps: "none", lessons: "none" };
const solved: Decide = (incident, nowMs) => resolveIncident(incident, { fields, by: "Ben" }, { actor: TWOKEY, nowMs });

const HEADLINE = "SEV1 · a: a-lag";

/** As the outbox would: every page that is owed an edit. */
async function edited(desk: Bridge): Promise<void> {
  const { cards, chat, clock, silent: logger } = desk;
  const render = (kind: string, subject: string) =>
    Reflect.apply(renderCard, undefined, [kind, subject, { stores: { incidents: desk.incidents }, clock }]);
  for (const id of await cards.due(clock.now(), 1_000))
    if (id.startsWith("page:"))
      await sendCard(id, { cards, chat, clock, logger, render, worker: "one", inVain: TELLS_NOBODY });
}

const toPerson = (person: string, { chat }: Bridge) =>
  chat.messages.filter(({ channel }) => channel === person).map(({ text }) => text);
const toAna = (desk: Bridge) => toPerson("ana", desk);
const ASKS = `You are paged: ${HEADLINE}. Please acknowledge.`;
const ANSWERED = `Ben has answered: ${HEADLINE}. Nothing is asked of you here any more.`;

/** As `/dr escalate` does. */
const asksEve: Decide = (incident, nowMs) => {
  const target = { kind: "person" as const, id: "eve", channels: ["slack" as const] };
  return askFor(incident, { targets: [target], why: "Ben asks for Eve" }, { actor: TWOKEY, nowMs });
};

/** Who is on call is written to as well. */
const onCallBySlack = (file: typeof FILE) => {
  const { severities } = file.escalation;
  const steps = severities.sev1.steps.map((step) =>
    step.after === "0s" ? { ...step, channels: ["phone", "slack"] } : step,
  );
  const escalation = { ...file.escalation, severities: { ...severities, sev1: { ...severities.sev1, steps } } };
  return { ...file, escalation };
};

/** The value of the button on somebody's newest page; undefined: it has none. */
async function buttonOf(desk: Bridge, id: string, person: string): Promise<string | undefined> {
  const incident = await desk.incident(id);
  const copy = incident.direct?.copies.find((each) => each.person === person);
  return (copy ? pageCard(incident, copy).parts : [])
    .flatMap((part) => (part.kind === "buttons" ? part.buttons : []))
    .find(({ intent }) => intent === "ack")?.value;
}

async function after(desk: Bridge, id: string, decide: Decide): Promise<readonly string[]> {
  await change(desk, id, decide);
  await pass(desk, id, 0.1);
  await edited(desk);
  return toAna(desk);
}

test("a page that somebody has answered asks for nothing, and asks again where the pager takes the answer back", async () => {
  const desk = bridge();
  const id = await opened(desk);
  await pass(desk, id, 0.5);
  await edited(desk);
  expect(toAna(desk)).toEqual([ASKS]);

  expect(await after(desk, id, ben)).toEqual([ANSWERED]);
  const lapsed: Decide = (incident) => ({
    value: { ...incident, acks: [], changes: incident.changes + 1 },
    events: [],
  });
  expect(await after(desk, id, lapsed)).toEqual([ASKS]);
  await after(desk, id, ben);
  expect(await after(desk, id, solved)).toEqual([
    `Resolved by Ben: ${HEADLINE}. Nothing is asked of you here any more.`,
  ]);
});

test("guard page of its ladder: a page that was answered asks for nothing again when somebody else is asked for", async () => {
  const desk = bridge();
  const id = await opened(desk);
  await pass(desk, id, 0.5);
  await after(desk, id, ben);
  expect(await after(desk, id, asksEve)).toEqual([ANSWERED]);
  expect(toPerson("eve", desk)).toEqual([ASKS]);
});

test("guard button of its ladder: a page's button answers nobody who was asked for since", async () => {
  const desk = bridge();
  const id = await opened(desk);
  await pass(desk, id, 0.5);
  await after(desk, id, asksEve);
  const presses = async (person: string, value: string | undefined) => {
    const answer = await ack(
      { ...{ verb: "ack", text: "", args: [] }, who: who(person), value: value ?? "no button" },
      desk,
    );
    const isAll = answer.kind === "whisper" && answer.card.text.includes(". Paging about it stops;");
    return { ladder: answeredLadder(await desk.incident(id)), isAll };
  };
  expect(await presses("ana", await buttonOf(desk, id, "ana"))).toEqual({ ladder: 1, isAll: false });
  await pass(desk, id, 0.1);
  await edited(desk);
  expect(toAna(desk)).toEqual([`Ana has answered: ${HEADLINE}. Nothing is asked of you here any more.`]);
  expect(toPerson("eve", desk)).toEqual([ASKS]);
  expect(await presses("ben", await buttonOf(desk, id, "eve"))).toEqual({ ladder: 2, isAll: true });
});

test("a page's button answers the severity that began in its place", async () => {
  const desk = bridge();
  const id = await opened(desk);
  await pass(desk, id, 0.5);
  const before = await buttonOf(desk, id, "ana");
  await change(desk, id, (incident) => {
    const [matrix] = incident.ladders;
    return matrix && { value: { ...incident, ladders: [matrix, { ...matrix, number: 2 }] }, events: [] };
  });
  await ack({ ...{ verb: "ack", text: "", args: [] }, who: who("ana"), value: before ?? "" }, desk);
  expect(answeredLadder(await desk.incident(id))).toBe(2);
});

test("of several pages to one person the newest is live, and each older one says that there is a newer one", async () => {
  const desk = bridge();
  const id = await opened(desk);
  await pass(desk, id, 11);
  await edited(desk);
  const [newest, ...older] = toAna(desk).toReversed();
  expect(newest).toContain("You are paged");
  expect(older).toHaveLength(2);
  expect(new Set(older)).toEqual(new Set([`A newer message about ${HEADLINE} stands below.`]));
  const edits = () => desk.chat.messages.reduce((sum, message) => sum + message.edits, 0);
  const before = edits();
  await pass(desk, id, 1);
  await edited(desk);
  expect(edits()).toBe(before);
});

test("guard newest by its time: a repeat that finds an older page again makes it no live one", async () => {
  const desk = bridge();
  const id = await opened(desk);
  await pass(desk, id, 11);
  await edited(desk);
  const before = toAna(desk);
  const { direct } = await desk.incident(id);
  const [oldest] = desk.chat.messages.filter(({ channel }) => channel === "ana");
  const found = { card: `page:${oldest?.key}`, person: "ana", why: "level 1", ladder: 1, ts: oldest?.ts ?? "" };
  await after(desk, id, (incident) => ({
    value: { ...incident, direct: withCopies(direct, [found]), changes: incident.changes + 1 },
    events: [],
  }));
  expect(toAna(desk)).toEqual(before);
  expect((await desk.incident(id)).direct?.copies).toEqual(direct?.copies);
});

test("guard sent is kept: a page that was sent is over with the answer, also where the rest of its message was withdrawn", async () => {
  const desk = bridge(inventory(onCallBySlack));
  desk.paging.onCallNow = ["PEVE", "PCTO"].map((pagerUserId) => ({ policy: "POPS", pagerUserId, name: pagerUserId }));
  const lost = new OutcomeUnknown("slack-lost", "Slack did not answer");
  const post = desk.chat.post.bind(desk.chat);
  desk.chat.post = async (to, card, key) => {
    if ("person" in to && to.person === "cto") throw lost;
    const message = await post(to, card, key);
    if ("person" in to && to.person === "eve") throw lost;
    return message;
  };
  const id = await opened(desk);
  await desk.pages(id);
  await desk.chats(id);
  expect(toPerson("eve", desk)).toEqual([ASKS]);

  const find = desk.chat.find.bind(desk.chat);
  desk.chat.find = async (to, key) => {
    if ("person" in to && to.person === "cto") await change(desk, id, ben);
    return await find(to, key);
  };
  await pass(desk, id, 0.5);
  await edited(desk);
  expect(toPerson("cto", desk)).toEqual([]);
  expect(toPerson("eve", desk)).toEqual([ANSWERED]);
});

test("guard lost page: a page that was sent and whose answer was lost is over too when somebody answers before it is tried again", async () => {
  const desk = bridge();
  const post = desk.chat.post.bind(desk.chat);
  desk.chat.post = async (to, card, key) => {
    const message = await post(to, card, key);
    if ("person" in to) throw new OutcomeUnknown("slack-lost", "Slack did not answer");
    return message;
  };
  const id = await opened(desk);
  await desk.pages(id);
  await desk.chats(id);
  expect(toAna(desk)).toEqual([ASKS]);
  await change(desk, id, ben);
  await pass(desk, id, 1);
  await edited(desk);
  expect(toAna(desk)).toEqual([ANSWERED]);
});

test("who is on call, and named at the same level too, is written to once a round", async () => {
  const desk = bridge(inventory(onCallBySlack));
  desk.paging.onCallNow = ["PANA", "PEVE"].map((pagerUserId) => ({ policy: "POPS", pagerUserId, name: pagerUserId }));
  const id = await opened(desk);
  const written = () =>
    desk.chat.messages.flatMap(({ channel }) => (["ana", "eve"].includes(channel) ? [channel] : [])).toSorted();

  await pass(desk, id, 1);
  expect(written()).toEqual(["ana", "eve"]);
  await pass(desk, id, 5);
  expect(written()).toEqual(["ana", "ana", "eve", "eve"]);
  const pages = (await desk.incident(id)).pages.filter(({ via }) => via === "slack");
  expect(new Set(pages.map(({ state }) => state))).toEqual(new Set(["accepted"]));
});
