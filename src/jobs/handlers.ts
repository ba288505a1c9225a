import type { Card } from "../domain/card/card.ts";
import type { CardRequest } from "../domain/card/card-due.ts";
import type { Doing } from "../domain/doing.ts";
import { dedupKey } from "../domain/incident/incident.ts";
import { movedBy } from "../domain/plan-run/moved.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { voidedBy } from "../domain/plan-run/second-look.ts";
import { findService, type Inventory } from "../domain/service/inventory.ts";
import { advanceDuties } from "../engine/delivery/duties.ts";
import { type OutboxDeps, sendCard } from "../engine/delivery/outbox.ts";
import { tendWait, type WaitDeps } from "../engine/delivery/waits.ts";
import { type AdvanceDeps, advanceRun } from "../engine/runs/advance-run.ts";
import { blindWatches } from "../engine/runs/blind-watch.ts";
import { guardTimes } from "../engine/runs/guard-times.ts";
import { vainDrives } from "../engine/runs/halt.ts";
import { runsOfService } from "../engine/runs/runs-of-service.ts";
import type { IncidentDeps } from "../flows/incident/deps.ts";
import { dueChange, incidentRows } from "../flows/incident/index.ts";
import { createIntake, type IntakeDeps } from "../flows/incident/intake/intake.ts";
import { mergeEvidence } from "../flows/incident/paging/evidence.ts";
import { STEPS } from "../flows/index.ts";
import { type CallDeps, callForRun } from "../flows/reach/run-calls.ts";
import { runbookOf } from "../flows/runbooks/index.ts";
import type { Documents } from "../ports/documents.ts";
import type { Freezes } from "../ports/freezes.ts";
import type { UnlistedThings } from "../ports/keeping.ts";
import type { Ledger, Runs } from "../ports/runs.ts";
import type { CloudReads } from "../ports/step.ts";
import { createInVain } from "./in-vain.ts";
import { createPutBack } from "./put-back.ts";
import type { Queues } from "./queues.ts";
import { type SweepDeps, type SweptStores, sweep } from "./sweep.ts";
import type { Handlers } from "./workers.ts";

export interface HandlerDeps extends Omit<SweepDeps, "tendWait" | "putBack"> {
  readonly unlisted: UnlistedThings;
  readonly stores: HandledStores;
  readonly outside: HandledOutside;
  readonly queues: Pick<Queues, "wake" | "wakeLater">;
  readonly ledger: Ledger;
  readonly times: AdvanceDeps["times"];
  readonly worker: string;
  readonly incidentDeps: Omit<IncidentDeps, "showCard">;
  readonly inventory: () => Inventory;
  readonly renew: AdvanceDeps["renew"];
  readonly drivers: AdvanceDeps["drivers"];
  render(kind: string, subject: string): Promise<Card | undefined>;
}

/** What the jobs read and change. */
export interface HandledStores
  extends SweptStores,
    Pick<AdvanceDeps, "runs" | "cards" | "notes">,
    Pick<IntakeDeps, "alerts" | "correlation" | "incidents"> {
  readonly runs: SweptStores["runs"] & AdvanceDeps["runs"] & Pick<Runs, "ofIncident">;
  readonly incidents: SweptStores["incidents"] & IntakeDeps["incidents"];
  readonly cards: IntakeDeps["cards"];
  readonly calls: SweptStores["calls"] & CallDeps["calls"];
  readonly waits: SweptStores["waits"] & WaitDeps["waits"];
  readonly freezes: Pick<Freezes, "inForce">;
  readonly runChannels: Pick<Documents<{ readonly channel: string }>, "get">;
}

/** The ways out that the jobs take. */
export interface HandledOutside {
  readonly cloud: CloudReads;
  readonly cloudOf: AdvanceDeps["cloudOf"];
  readonly chat: OutboxDeps["chat"];
  readonly pagers: CallDeps["pagers"];
  readonly cutOffForMs: NonNullable<AdvanceDeps["cutOffForMs"]>;
}

/** What each job does: look at one stored thing and do what is due. */
export function createHandlers(deps: HandlerDeps): Handlers {
  const { stores, outside, queues, clock, logger, worker } = deps;
  const inVain = createInVain({ ...deps, roomOf: (doing) => roomOf(doing, deps) });
  const outbox = { cards: stores.cards, chat: outside.chat, clock, logger, worker, render: deps.render, inVain };
  const advancing = advanceDeps(deps);
  const calling = {
    ...{ ...stores, pagers: outside.pagers, chat: outside.chat, clock, logger, wake: queues.wake },
    ...{ inventory: deps.inventory, channelOf: (run: RunState) => channelOf(run, deps) },
  };
  const intake = createIntake({ ...stores, clock, wake: queues.wake, inventory: deps.inventory });
  const waiting = { ...stores, clock, wake: queues.wake };
  const later = async (queue: "pages" | "chat" | "cards", id: string, dueMs: number | undefined) => {
    if (dueMs !== undefined) await queues.wakeLater(queue, id, (dueMs - clock.now()) / clock.speed);
  };
  const send = async (id: string, request?: CardRequest) => later("cards", id, await sendCard(id, outbox, request));
  const rows = incidentRows({ ...deps.incidentDeps, showCard: (request) => send(request.id, request) });
  const putBack = createPutBack({ ...deps, inVain });
  const duties = { documents: stores.incidents, rows, clock, logger, worker, wake: queues.wake, inVain };
  return {
    wakeUps: {
      runs: oneAtATime((id, signal) => advanceRun(id, advancing, signal)),
      calls: (id) => callForRun(id, calling),
      evidence: (id) => readEvidence(id, deps),
      pages: async (id) => later("pages", id, await advanceDuties(id, "pages", duties)),
      chat: async (id) => later("chat", id, await advanceDuties(id, "chat", duties)),
      cards: (id) => send(id),
    },
    signal: async (signal) => {
      await intake.take(signal);
    },
    sweep: () => sweep({ ...deps, putBack, tendWait: (service) => tendWait(service, waiting) }, rows, inVain),
    inVain,
  };
}

type Advance = (id: string, signal: AbortSignal) => Promise<void>;

/** A run that this process has taken over is not taken from itself by the job that its dead driver had. */
function oneAtATime(advance: Advance): Advance {
  const last = new Map<string, Promise<void>>();
  return async (id, signal) => {
    const before = last.get(id) ?? Promise.resolve();
    const mine = before
      .catch(() => undefined)
      .then(() => {
        signal.throwIfAborted();
        return advance(id, signal);
      });
    last.set(id, mine);
    try {
      await mine;
    } finally {
      if (last.get(id) === mine) last.delete(id);
    }
  };
}

/** The pager's own truth, merged in the order in which it was asked. A webhook that was lost costs until the next poll. */
async function readEvidence(id: string, { stores, outside, queues, clock, inventory }: HandlerDeps): Promise<void> {
  const incident = (await stores.incidents.get(id))?.value;
  const askedAtMs = clock.now();
  const found = incident && (await outside.pagers.keeper.evidence(dedupKey(incident)));
  if (!incident || found?.kind !== "accepted" || found.value === undefined) return;
  const { value } = found;
  await stores.incidents.change(id, (current) => {
    const nowMs = clock.now();
    if (!current || current.generation !== incident.generation) return undefined;
    return dueChange(mergeEvidence(current, value, { people: inventory().people, askedAtMs, nowMs }), nowMs);
  });
  await Promise.all([queues.wake.incidentPages(id), queues.wake.incidentChat(id)]);
}

function advanceDeps(deps: HandlerDeps): AdvanceDeps {
  const { stores, outside, queues, clock, ledger, logger, worker, inventory } = deps;
  return {
    runs: stores.runs,
    cards: stores.cards,
    notes: stores.notes,
    times: deps.times,
    frozen: async () => (await stores.freezes.inForce())[0],
    ledger,
    clock,
    logger,
    worker,
    ...{ cloudOf: outside.cloudOf, cutOffForMs: outside.cutOffForMs },
    wake: queues.wake,
    steps: STEPS,
    ...{ renew: deps.renew, drivers: deps.drivers },
    guard: guardTimes(),
    shown: new Map(),
    vain: vainDrives(),
    blind: blindWatches(),
    drift: async (run, signal) => {
      const service = findService(inventory(), run.plan.service);
      if (!service) return voidedBy([`${run.plan.service} is not in twokey.yaml any more`]);
      return runbookOf(run.plan).drift(run, {
        ...{ service, cloud: outside.cloud, signal },
        moved: async () => movedBy(await runsOfService(service.name, run.plan.incident, stores), clock.now()),
      });
    },
    oldSide: (run, looking) => runbookOf(run.plan).oldSide(run, outside.cloud, looking),
    channelOf: (run) => channelOf(run, deps),
  };
}

async function channelOf({ plan }: RunState, deps: HandlerDeps): Promise<string | undefined> {
  return (await roomOfRun(plan, deps)) ?? deps.inventory().file.alerts.channel;
}

async function roomOf({ incident, run }: Doing, deps: HandlerDeps): Promise<string | undefined> {
  if (incident !== undefined) return roomOfIncident(incident, deps);
  const stored = run === undefined ? undefined : await deps.stores.runs.read(run);
  return stored && roomOfRun(stored.plan, deps);
}

async function roomOfRun({ id, incident }: RunState["plan"], deps: HandlerDeps): Promise<string | undefined> {
  const room = incident === undefined ? undefined : await roomOfIncident(incident, deps);
  return room ?? (await deps.stores.runChannels.get(id))?.value.channel;
}

async function roomOfIncident(id: string, { stores }: HandlerDeps): Promise<string | undefined> {
  return (await stores.incidents.get(id))?.value.channel?.id;
}
