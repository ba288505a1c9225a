import { type CardDue, type CardRequest, wantCard } from "../../domain/card/card-due.ts";
import { sayTime } from "../../domain/duration.ts";
import type { Event } from "../../domain/event.ts";
import { homeChannel, type Incident, isOpen } from "../../domain/incident/incident.ts";
import { isMove } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { standingAt, type Wait } from "../../domain/plan-run/wait.ts";
import { readable, readIfReadable } from "../../domain/readable.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Runs } from "../../ports/runs.ts";
import type { Wake } from "../../ports/wake.ts";
import { runsOfService } from "../runs/runs-of-service.ts";

/** What tells people of a decision to wait: it is derived from what is stored, so a lost wake-up or a crash costs one sweep. */
export interface WaitDeps {
  readonly waits: Documents<Wait>;
  readonly incidents: Pick<Documents<Incident>, "get">;
  readonly runs: Pick<Runs, "holderOf" | "openIds" | "ofIncident" | "read">;
  readonly cards: Documents<CardDue>;
  /** Which direct messages show the plan of a run. */
  readonly calls: Pick<Documents<{ readonly direct?: readonly string[] | undefined }>, "get">;
  readonly clock: Pick<Clock, "now">;
  readonly wake: Pick<Wake, "card" | "run">;
}

/** Moves the wait of a service on if it is time, and owes the room what there is to say. Safe to call at any time, from any process. */
export async function tendWait(service: string, deps: WaitDeps): Promise<void> {
  const stored = (await deps.waits.get(service))?.value;
  if (!stored) return;
  const incident = await incidentOf(stored, deps);
  const wait = (await movedOn(stored, incident, deps)) ?? stored;
  if (wait.isTold) return;
  const channel = (incident && homeChannel(incident)) ?? wait.channel;
  const kind = wait.state === "standing" ? "wait" : "wait-over";
  const { atMs } = wait;
  // First what is owed, then that it was: after a crash between the two it is owed again, under the same id.
  if (wait.state !== "ended")
    await want({ id: `${kind}:${service}:${atMs}`, kind, subject: `${service}#${atMs}`, to: { channel } }, deps);
  await renewCards(wait, incident, deps);
  await deps.waits.change(service, (current) =>
    current?.atMs === atMs && current.state === wait.state
      ? { value: { ...current, isTold: true }, events: [] }
      : undefined,
  );
}

/** The incident that it is about, or the one that took its place. */
async function incidentOf({ incident: id }: Wait, { incidents }: WaitDeps): Promise<Incident | undefined> {
  const incident = id === undefined ? undefined : (await readIfReadable(incidents.get(id)))?.value;
  if (incident?.mergedInto === undefined) return incident;
  return (await readIfReadable(incidents.get(incident.mergedInto)))?.value ?? incident;
}

/** Undefined: it stands as it stood. */
async function movedOn(wait: Wait, incident: Incident | undefined, deps: WaitDeps): Promise<Wait | undefined> {
  if (wait.state !== "standing") return undefined;
  const why = await whatEnds(wait, incident, deps);
  const nowMs = deps.clock.now();
  if (why === undefined && standingAt(wait, nowMs)) return undefined;
  const until = sayTime(wait.untilMs, nowMs);
  const next =
    why === undefined
      ? ({ state: "over", says: `The wait until ${until} is over` } as const)
      : ({ state: "ended", says: `The wait until ${until} ends: ${why}` } as const);
  return deps.waits.change(wait.service, (current) =>
    current?.atMs === wait.atMs && current.state === "standing"
      ? {
          value: { ...current, state: next.state, isTold: false },
          events: [eventOf(wait, { kind: `wait.${next.state}`, atMs: nowMs, says: next.says, door: "engine" })],
        }
      : undefined,
  );
}

async function whatEnds(wait: Wait, incident: Incident | undefined, deps: WaitDeps) {
  const run = await startedSince(wait, incident, deps);
  if (run) return `run ${run.plan.id} has started`;
  // A plan of it that waits for keys has people who were told of the wait, and its cards show it.
  if (!incident || isOpen(incident) || (await planWaiting(wait.service, deps))) return undefined;
  return "its incident is closed";
}

/**
 * The move that was started after the decision, also one that has ended since, before anybody looked. A run that stands still, and whose
 * rest somebody waits with, had started before. Plans of an incident that was merged stay under its own id.
 */
async function startedSince(
  { service, atMs, plan, incident: decidedIn }: Wait,
  incident: Incident | undefined,
  { runs }: WaitDeps,
): Promise<RunState | undefined> {
  const incidents = [...new Set([decidedIn, incident?.id])];
  const found = await Promise.all(incidents.map((id) => runsOfService(service, id, { runs })));
  const own = plan === undefined ? undefined : await readIfReadable(runs.read(plan));
  return [own, ...found.flat()].find((run) => run && isMove(run.plan) && (run.startedAtMs ?? 0) >= atMs);
}

export function eventOf(
  { service, incident, plan }: Wait,
  said: Pick<Event, "kind" | "atMs" | "says" | "door" | "by">,
): Event {
  return {
    ...{ ...said, service, facts: {} },
    ...(incident === undefined ? {} : { incident }),
    ...(plan === undefined ? {} : { run: plan }),
  };
}

/** Every card that shows it: that of the incident, of the plan, and the copies of that in direct messages. */
async function renewCards({ service }: Wait, incident: Incident | undefined, deps: WaitDeps): Promise<void> {
  const homes = incident ? [incident.channel?.id, incident.alertsChannel] : [];
  const plan = (await planWaiting(service, deps))?.plan.id;
  const direct = plan === undefined ? [] : ((await deps.calls.get(plan))?.value.direct ?? []);
  const shown = [...homes.flatMap((home) => (home ? [`incident:${incident?.id}:${home}`] : [])), ...direct];
  for (const card of shown) await renew(card, deps);
  if (plan !== undefined) await deps.wake.run(plan);
}

/** The plan of a service that waits for keys now: another one may have taken the place of the one that was decided about. */
export async function planWaiting(
  service: string,
  { runs }: { readonly runs: Pick<Runs, "openIds" | "read"> },
): Promise<RunState | undefined> {
  const { read } = await readable((await runs.openIds(service)).map((id) => runs.read(id)));
  return read.find((run) => run?.plan.service === service && run.state === "waiting-for-keys");
}

/** The move that holds a service. */
export async function moveOf(
  service: string,
  { runs }: { readonly runs: Pick<Runs, "holderOf" | "read"> },
): Promise<RunState | undefined> {
  const holder = await runs.holderOf(service);
  const run = holder === undefined ? undefined : await readIfReadable(runs.read(holder));
  return run && isMove(run.plan) ? run : undefined;
}

const renew = (id: string, deps: WaitDeps): Promise<void> =>
  change(id, deps, (current, nowMs) => current && wantCard(current, current, nowMs));

/** Said once: one that was asked for already stays as it is. */
const want = (request: CardRequest, deps: WaitDeps): Promise<void> =>
  change(request.id, deps, (current, nowMs) => (current ? undefined : wantCard(undefined, request, nowMs)));

async function change(
  id: string,
  { cards, clock, wake }: WaitDeps,
  decide: (current: CardDue | undefined, nowMs: number) => CardDue | undefined,
): Promise<void> {
  const nowMs = clock.now();
  const wanted = await cards.change(id, (current) => {
    const value = decide(current, nowMs);
    return value && { value, events: [], dueAtMs: nowMs };
  });
  if (wanted && wanted.wanted > wanted.sent) await wake.card(id);
}
