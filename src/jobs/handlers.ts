import type { Outside } from "../app/outside.ts";
import { keptAsTheyAre, type Stores } from "../app/stores.ts";
import type { Card } from "../domain/card/card.ts";
import type { CardRequest } from "../domain/card/card-due.ts";
import { dutiesFrom, nextDueAt } from "../domain/incident/duty.ts";
import { dedupKey, type Incident } from "../domain/incident/incident.ts";
import { isOver, type RunState } from "../domain/plan-run/run.ts";
import { readIfReadable } from "../domain/readable.ts";
import { findService, type Inventory } from "../domain/service/inventory.ts";
import type { RunCalls } from "../engine/delivery/call-people.ts";
import { advanceLane } from "../engine/delivery/duties.ts";
import { sendCard } from "../engine/delivery/outbox.ts";
import { type AdvanceDeps, advanceRun, callForRun } from "../engine/runs/advance-run.ts";
import type { IncidentDeps } from "../flows/incident/deps.ts";
import { dueChange, incidentRows } from "../flows/incident/index.ts";
import { createIntake } from "../flows/incident/intake/intake.ts";
import { mergeEvidence } from "../flows/incident/paging/evidence.ts";
import { STEPS } from "../flows/index.ts";
import { runbookOf } from "../flows/runbooks/index.ts";
import type { Documents } from "../ports/documents.ts";
import type { Logger } from "../ports/logger.ts";
import type { Ledger } from "../ports/runs.ts";
import type { StoreClock } from "../store/clock.ts";
import { tendPutAside } from "./put-aside.ts";
import type { Queues } from "./queues.ts";
import type { Handlers } from "./workers.ts";

export interface LaneDeps {
  readonly stores: Stores;
  readonly outside: Outside;
  readonly queues: Queues;
  readonly clock: StoreClock;
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly worker: string;
  readonly incidentDeps: Omit<IncidentDeps, "showCard">;
  readonly inventory: () => Inventory;
  render(kind: string, subject: string): Promise<Card | undefined>;
  readonly retention: { apply(): Promise<void> };
  /** Says something about TwoKey itself in the alerts channel. */
  announce(says: string): Promise<void>;
  /** After every sweep: tells the monitor outside that it happened, while nothing is overdue. */
  onSweep(overdue: number): Promise<void>;
}

/** More overdue things than this wait for the next sweep. */
const SWEEP_LIMIT = 500;

/** What each job does: look at one stored thing and do what is due. */
export function createHandlers(deps: LaneDeps): Handlers {
  const { stores, outside, queues, clock, logger, worker } = deps;
  const outbox = { cards: stores.cards, chat: outside.chat, clock, logger, worker, render: deps.render };
  const tend = advanceDeps(deps);
  const intake = createIntake({ ...stores, clock, wake: queues.wake, inventory: deps.inventory });
  const later = async (lane: "pages" | "chat" | "cards", id: string, dueMs: number | undefined) => {
    if (dueMs !== undefined) await queues.wakeLater(lane, id, (dueMs - clock.now()) / clock.speed);
  };
  const send = async (id: string, request?: CardRequest) => later("cards", id, await sendCard(id, outbox, request));
  const rows = incidentRows({ ...deps.incidentDeps, showCard: (request) => send(request.id, request) });
  const duties = { records: stores.incidents, rows, clock, logger, worker, wake: queues.wake };
  return {
    lanes: {
      runs: (id, signal) => advanceRun(id, tend, signal),
      calls: (id) => callForRun(id, tend),
      evidence: (id) => readEvidence(id, deps),
      pages: async (id) => later("pages", id, await advanceLane(id, "pages", duties)),
      chat: async (id) => later("chat", id, await advanceLane(id, "chat", duties)),
      cards: (id) => send(id),
    },
    signal: async (signal) => {
      await intake.take(signal);
    },
    sweep: () => sweep(deps, rows),
  };
}

/** The pager's own truth, merged so that it only moves forward. A webhook that was lost costs until the next poll. */
async function readEvidence(id: string, { stores, outside, queues, clock, inventory }: LaneDeps): Promise<void> {
  const incident = (await stores.incidents.get(id))?.value;
  const found = incident && (await outside.pagers.keeper.evidence(dedupKey(incident)));
  if (found?.kind !== "accepted" || found.value === undefined) return;
  const { value } = found;
  await stores.incidents.change(id, (current) => {
    const nowMs = clock.now();
    return current && dueChange(mergeEvidence(current, value, inventory().people, nowMs), nowMs);
  });
  await Promise.all([queues.wake.incidentPages(id), queues.wake.incidentChat(id)]);
}

function advanceDeps(deps: LaneDeps): AdvanceDeps {
  const { stores, outside, queues, clock, ledger, logger, worker, inventory } = deps;
  return {
    runs: stores.runs,
    calls: stores.calls,
    cards: stores.cards,
    notes: stores.notes,
    ledger,
    clock,
    logger,
    worker,
    inventory,
    pagers: outside.pagers,
    cloudOf: outside.cloudOf,
    wake: queues.wake,
    steps: STEPS,
    drift: async (run, signal) => {
      const service = findService(inventory(), run.plan.service);
      if (!service) return [`${run.plan.service} is not in twokey.yaml any more`];
      return runbookOf(run.plan).drift(run, { service, cloud: outside.cloud, signal });
    },
    oldSide: (run, signal) => runbookOf(run.plan).oldSide(run, outside.cloud, signal),
    channelOf: (run) => channelOf(run, deps),
  };
}

async function channelOf(run: RunState, { stores, inventory }: LaneDeps): Promise<string | undefined> {
  const incident = run.plan.incident === undefined ? undefined : (await stores.incidents.get(run.plan.incident))?.value;
  const remembered = (await stores.runChannels.get(run.plan.id))?.value.channel;
  return incident?.channel?.id ?? remembered ?? inventory().file.alerts.channel;
}

/** Compares what is due with what happened, and wakes whoever has to look. A lost wake-up costs one sweep. */
async function sweep(deps: LaneDeps, rows: ReturnType<typeof incidentRows>): Promise<void> {
  const { stores, queues, clock } = deps;
  await clock.refresh();
  const nowMs = clock.now();
  const [runs, incidents, cards] = await Promise.all([
    stores.runs.openIds(),
    stores.incidents.due(nowMs, SWEEP_LIMIT),
    stores.cards.due(nowMs, SWEEP_LIMIT),
  ]);
  await Promise.all(runs.map((id) => wakeRun(id, deps)));
  await Promise.all((await endedAndRinging(runs, stores)).map((id) => queues.wake.runCalls(id)));
  await Promise.all(incidents.map((id) => wakeIncident(id, rows, deps)));
  await Promise.all(cards.map((id) => queues.wake.card(id)));
  await tendPutAside({
    asides: stores.asides,
    kinds: keptAsTheyAre(stores),
    logger: deps.logger,
    announce: deps.announce,
  });
  await deps.onSweep(incidents.length + cards.length);
  await deps.retention.apply();
}

/** Runs that are over and still have an incident open at the pager: it did not take the end when it was told. */
export async function endedAndRinging(
  open: readonly string[],
  { calls }: { readonly calls: Documents<RunCalls> },
): Promise<string[]> {
  return (await calls.openIds()).filter((id) => !open.includes(id));
}

async function wakeRun(id: string, { stores, queues }: LaneDeps): Promise<void> {
  const run = await readIfReadable(stores.runs.read(id));
  if (!run) return;
  if (isOver(run) && run.state !== "verified") return;
  // People are called beside a run that is driven, not only after it.
  await Promise.all([queues.wake.run(id), queues.wake.runCalls(id)]);
}

async function wakeIncident(
  id: string,
  rows: ReturnType<typeof incidentRows>,
  { stores, queues, clock }: LaneDeps,
): Promise<void> {
  const incident: Incident | undefined = (await readIfReadable(stores.incidents.get(id)))?.value;
  if (!incident) return;
  const nowMs = clock.now();
  const due = (lane: "pages" | "chat") => {
    const duties = dutiesFrom(rows, incident, nowMs).filter((duty) => duty.lane === lane);
    return (nextDueAt(duties, incident.duties) ?? Number.POSITIVE_INFINITY) <= nowMs;
  };
  if (due("pages")) await queues.wake.incidentPages(id);
  if (due("chat")) await queues.wake.incidentChat(id);
}
