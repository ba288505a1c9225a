import type { CardDue } from "../../../src/domain/card/card-due.ts";
import { type AlertDocument, alertLabels } from "../../../src/domain/incident/alert.ts";
import type { Changed } from "../../../src/domain/incident/duty.ts";
import { Incident, incidentLabels, isOpen } from "../../../src/domain/incident/incident.ts";
import type { Inventory } from "../../../src/domain/service/inventory.ts";
import { advanceDuties, type DutyDeps } from "../../../src/engine/delivery/duties.ts";
import { requestCard } from "../../../src/flows/incident/comms/announce.ts";
import type { IncidentDeps, ThrottleBook } from "../../../src/flows/incident/deps.ts";
import { dueChange, incidentRows } from "../../../src/flows/incident/index.ts";
import type { Correlation } from "../../../src/flows/incident/intake/correlate.ts";
import { createIntake } from "../../../src/flows/incident/intake/intake.ts";
import type { Pager } from "../../../src/ports/pager.ts";
import { incidentVoice } from "../../../src/views/incident-voice.ts";
import {
  MINUTE,
  memoryDocuments,
  RecordedChat,
  RecordedPager,
  silent,
  TELLS_NOBODY,
  testClock,
} from "../../harness/fakes/index.ts";
import { inventory, signal } from "./file.ts";

/** Waits for something that happens in a later turn; fails after a minute, which only what hangs takes. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("it did not happen within a minute");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** An incident desk with everything in memory. */
export function bridge(world: Inventory = inventory(), others: readonly Pager[] = []) {
  const clock = testClock();
  const paging = new RecordedPager(clock);
  const chat = new RecordedChat(clock);
  const incidents = memoryDocuments<Incident>(isOpen, incidentLabels);
  const correlation = memoryDocuments<Correlation>();
  const alerts = memoryDocuments<AlertDocument>(({ state }) => state === "alarm", alertLabels);
  const cards = memoryDocuments<CardDue>();
  const books = memoryDocuments<ThrottleBook>();
  /** What happens between the intent of a page and its call. */
  const between = { run: () => Promise.resolve() };
  const throttle: typeof books = {
    ...books,
    change: async (id, decide) => {
      await between.run();
      return await books.change(id, decide);
    },
  };
  const nothing = () => Promise.resolve();
  const wake = { run: nothing, incidentPages: nothing, incidentChat: nothing, card: nothing };
  const deps: IncidentDeps = {
    ...{ incidents, correlation, cards, throttle, chat, clock, wake },
    pagers: { keeper: paging, others },
    showCard: (request) => requestCard({ cards, clock, wake }, request),
    voice: incidentVoice,
    inventory: () => world,
    facts: () => Promise.resolve({ status: "down", progress: "none yet", challenges: "none", eta: "not known" }),
    timeline: (id) => Promise.resolve(incidents.events.filter((event) => event.incident === id)),
  };
  const worker = (name: string): DutyDeps<Incident> => ({
    documents: incidents,
    rows: incidentRows(deps),
    clock,
    logger: silent,
    worker: name,
    wake,
    inVain: TELLS_NOBODY,
  });
  const intake = createIntake({ alerts, correlation, incidents, cards, clock, wake, inventory: () => world });
  const incident = async (id: string): Promise<Incident> => {
    const stored = await incidents.get(id);
    // What is stored must be what the schema says.
    return Incident.parse(stored?.value);
  };
  return {
    ...{
      ...deps,
      clock,
      paging,
      chat,
      incidents,
      correlation,
      alerts,
      cards,
      intake,
      incident,
      worker,
      silent,
      between,
    },
    pages: (id: string, by = "one") => advanceDuties(id, "pages", worker(by)),
    chats: (id: string, by = "one") => advanceDuties(id, "chat", worker(by)),
  };
}
export type Bridge = ReturnType<typeof bridge>;

export type Decide = (incident: Incident, nowMs: number) => Changed<Incident> | undefined;

/** An incident that an alarm of service `a` opened. */
export async function opened(desk: Bridge): Promise<string> {
  const { incident } = await desk.intake.take(signal("a-lag"));
  if (incident === undefined) throw new Error("no incident was opened");
  return incident;
}

export async function change(desk: Bridge, id: string, decide: Decide): Promise<void> {
  await desk.incidents.change(id, (current) => {
    const changed = current && decide(current, desk.clock.now());
    return changed && dueChange(changed, desk.clock.now());
  });
}

/** Both queues until `minutes` later, as the sweep would wake them. */
export async function pass(desk: Bridge, id: string, minutes: number): Promise<void> {
  const endMs = desk.clock.now() + minutes * MINUTE;
  for (;;) {
    const due = [await desk.pages(id), await desk.chats(id)].filter((time) => time !== undefined);
    const nextMs = Math.min(endMs, ...due);
    if (nextMs >= endMs) break;
    desk.clock.move(Math.max(1, nextMs - desk.clock.now()));
  }
  desk.clock.move(endMs - desk.clock.now());
}
