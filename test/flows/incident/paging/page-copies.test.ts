import { expect, test } from "@jest/globals";
import { renderCard } from "../../../../src/app/cards.ts";
import { sendCard } from "../../../../src/engine/delivery/outbox.ts";
import { resolveIncident, TWOKEY } from "../../../../src/flows/incident/life/changes.ts";
import { acknowledge } from "../../../../src/flows/incident/paging/acknowledge.ts";
import { TELLS_NOBODY } from "../../../harness/fakes/index.ts";
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

const toAna = ({ chat }: Bridge) => chat.messages.filter(({ channel }) => channel === "ana").map(({ text }) => text);

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
  const asks = `You are paged: ${HEADLINE}. Please acknowledge.`;
  expect(toAna(desk)).toEqual([asks]);

  const answered = `Ben has answered: ${HEADLINE}. Nothing is asked of you here any more.`;
  expect(await after(desk, id, ben)).toEqual([answered]);
  const lapsed: Decide = (incident) => ({
    value: { ...incident, acks: [], changes: incident.changes + 1 },
    events: [],
  });
  expect(await after(desk, id, lapsed)).toEqual([asks]);
  await after(desk, id, ben);
  expect(await after(desk, id, solved)).toEqual([
    `Resolved by Ben: ${HEADLINE}. Nothing is asked of you here any more.`,
  ]);
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

test("who is on call, and named at the same level too, is written to once a round", async () => {
  const withSlack = (file: typeof FILE) => {
    const { severities } = file.escalation;
    const steps = severities.sev1.steps.map((step) =>
      step.after === "0s" ? { ...step, channels: ["phone", "slack"] } : step,
    );
    const escalation = { ...file.escalation, severities: { ...severities, sev1: { ...severities.sev1, steps } } };
    return { ...file, escalation };
  };
  const desk = bridge(inventory(withSlack));
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
