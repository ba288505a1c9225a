import type { Doing } from "../domain/doing.ts";
import { Bug } from "../domain/errors.ts";
import { dutiesFrom, nextDueAt } from "../domain/incident/duty.ts";
import type { Incident } from "../domain/incident/incident.ts";
import { isOver } from "../domain/plan-run/run.ts";
import { readable, readIfReadable } from "../domain/readable.ts";
import type { incidentRows } from "../flows/incident/index.ts";
import type { Clock } from "../ports/clock.ts";
import type { Documents } from "../ports/documents.ts";
import type { Asides, Keeping } from "../ports/keeping.ts";
import type { Logger } from "../ports/logger.ts";
import type { Runs } from "../ports/runs.ts";
import type { InVain } from "./in-vain.ts";
import { tendPutAside } from "./put-aside.ts";
import type { Queues } from "./queues.ts";

/** What the sweep reads. */
export interface SweptStores {
  readonly runs: Pick<Runs, "openIds" | "read"> & Pick<Keeping, "takeBack">;
  readonly incidents: Pick<Documents<Incident>, "due" | "get"> & Pick<Keeping, "takeBack">;
  readonly cards: Pick<Documents<unknown>, "due">;
  readonly calls: Pick<Documents<unknown>, "openIds">;
  readonly waits: Pick<Documents<unknown>, "openIds">;
  readonly asides: Asides;
  readonly timelines: Pick<Keeping, "takeBack">;
}

export interface SweepDeps {
  readonly stores: SweptStores;
  readonly queues: Pick<Queues, "wake">;
  /** One that follows the store's. */
  readonly clock: Clock & { refresh(): Promise<void> };
  readonly logger: Logger;
  /** Looks at the decision to wait with a service. */
  tendWait(service: string): Promise<void>;
  readonly retention: { apply(): Promise<void> };
  /** Lists again what stands in no list, a part of all at each sweep. */
  readonly putBack: { look(): Promise<void> };
  /** Says something about TwoKey itself in the alerts channel, and in these rooms as well. */
  announce(says: string, rooms?: readonly string[]): Promise<void>;
  /** After every sweep: tells the monitor outside that it happened, while nothing is overdue. */
  onSweep(overdue: number): Promise<void>;
}

/** More overdue things than this wait for the next sweep. */
const SWEEP_LIMIT = 500;

/**
 * Compares what is due with what happened, and wakes whoever has to look. A lost wake-up costs one sweep. What fails here, of one
 * thing or of one part of the work, keeps nobody from the rest.
 */
export async function sweep(
  deps: SweepDeps,
  rows: ReturnType<typeof incidentRows>,
  { attempt }: Pick<InVain, "attempt">,
): Promise<void> {
  const { stores, queues, clock } = deps;
  await clock.refresh();
  const nowMs = clock.now();
  const [runs, incidents, cards] = await Promise.all([
    stores.runs.openIds(),
    stores.incidents.due(nowMs, SWEEP_LIMIT),
    stores.cards.due(nowMs, SWEEP_LIMIT),
  ]);
  await Promise.all(runs.map((id) => attempt(lookingAt({ run: id }), () => wakeRun(id, deps))));
  await attempt(byDay("the calls of runs that are over"), async () => {
    await Promise.all((await endedAndRinging(runs, stores)).map((id) => queues.wake.runCalls(id)));
  });
  await Promise.all(incidents.map((id) => attempt(lookingAt({ incident: id }), () => wakeIncident(id, rows, deps))));
  await Promise.all(cards.map((id) => queues.wake.card(id)));
  await attempt(byDay("the decisions to wait"), async () => {
    for (const service of await stores.waits.openIds())
      await attempt(byDay(`the decision to wait with ${service}`), () => deps.tendWait(service));
  });
  await attempt(byDay("reporting what was put aside"), () =>
    tendPutAside({
      asides: stores.asides,
      // Of these an unreadable one stays as it is, under the name by which it is put aside.
      kinds: { incident: stores.incidents, run: stores.runs, timeline: stores.timelines },
      logger: deps.logger,
      announce: deps.announce,
      nowMs,
    }),
  );
  await attempt(byDay("looking for what stands in no list"), () => deps.putBack.look());
  await deps.onSweep(incidents.length + cards.length);
  await attempt(byDay("removing what is older than its retention"), () => deps.retention.apply());
}

/** Nobody is woken for it. */
const byDay = (what: string): Doing => ({ what, wakes: false });

function lookingAt(one: Pick<Doing, "run" | "incident">): Doing {
  const [[kind, id] = []] = Object.entries(one);
  return { what: `looking at ${kind} ${id}`, ...one, wakes: true };
}

/** Runs that are over and still have an incident open at the pager: it did not take the end when it was told. */
export async function endedAndRinging(
  open: readonly string[],
  { calls }: Pick<SweptStores, "calls">,
): Promise<string[]> {
  return (await calls.openIds()).filter((id) => !open.includes(id));
}

async function wakeRun(id: string, { stores, queues }: SweepDeps): Promise<void> {
  const [found] = (await readable([stores.runs.read(id).then((run) => ({ run }))])).read;
  if (!found) return;
  const { run } = found;
  // People are called if it stays so: a service may be held for it.
  if (!run) throw new Bug("run-gone", `Run ${id} is listed as open, and nothing of it stands in Redis`);
  if (isOver(run) && run.state !== "verified") return;
  // People are called beside a run that is driven, not only after it.
  await Promise.all([queues.wake.run(id), queues.wake.runCalls(id)]);
}

async function wakeIncident(
  id: string,
  rows: ReturnType<typeof incidentRows>,
  { stores, queues, clock }: SweepDeps,
): Promise<void> {
  const incident: Incident | undefined = (await readIfReadable(stores.incidents.get(id)))?.value;
  if (!incident) return;
  const nowMs = clock.now();
  const due = (queue: "pages" | "chat") => {
    const duties = dutiesFrom(rows, incident, nowMs).filter((duty) => duty.queue === queue);
    return (nextDueAt(duties, incident.duties) ?? Number.POSITIVE_INFINITY) <= nowMs;
  };
  if (due("pages")) await queues.wake.incidentPages(id);
  if (due("chat")) await queues.wake.incidentChat(id);
}
