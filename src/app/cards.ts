import { VERBS_THAT_MOVE } from "../commands/run-deps.ts";
import { type Card, sentenceCard, type Text } from "../domain/card/card.ts";
import { changesInReply, readReplySubject } from "../domain/incident/alert-thread.ts";
import type { Incident } from "../domain/incident/incident.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { runsBefore } from "../domain/plan-run/runs-before.ts";
import { standingAt, type Wait } from "../domain/plan-run/wait.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { moveOf, planWaiting } from "../engine/delivery/waits.ts";
import { responseTargets } from "../flows/incident/comms/response.ts";
import { nextLevel } from "../flows/incident/paging/ask-for.ts";
import { nextPage } from "../flows/incident/paging/next-page.ts";
import { calledNow } from "../flows/reach/called-now.ts";
import { whoIsNeeded } from "../flows/reach/run-needs.ts";
import { actingRoles } from "../flows/resources/permits.ts";
import type { Clock } from "../ports/clock.ts";
import { alertCard, alertChangesCard } from "../views/alert.ts";
import { byHandCard } from "../views/by-hand.ts";
import { incidentCard } from "../views/incident.ts";
import { pageCard, replacedPage } from "../views/page.ts";
import { planCard, planDetailsCard } from "../views/plan.ts";
import { recoveryCard, replacedRecoveryCard } from "../views/recovery.ts";
import { calledCard, copyOfBefore, replacedCopy } from "../views/run-copy.ts";
import { runNewsCard } from "../views/run-news.ts";
import { progressCard } from "../views/run-progress.ts";
import { updateDraftCard } from "../views/update.ts";
import { type WaitSeen, waitCard, waitLine, waitOverCard } from "../views/wait.ts";
import type { Stores } from "./stores.ts";

export interface CardSources {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly inventory: () => Inventory;
}

type Render = (subject: string, sources: CardSources) => Promise<Card | undefined>;

/** Every kind of card that the outbox may owe, rendered from what is stored at the moment it is sent. */
export const RENDER: Readonly<Record<string, Render>> = {
  alert: async (subject, { stores }) => {
    const alert = (await stores.alerts.get(subject))?.value;
    if (!alert) return undefined;
    const incident = alert.incident === undefined ? undefined : (await stores.incidents.get(alert.incident))?.value;
    return alertCard(alert, { incidentChannel: incident?.channel?.id });
  },
  "alert-changes": async (subject, { stores }) => {
    const { fingerprint, reply } = readReplySubject(subject);
    const alert = (await stores.alerts.get(fingerprint))?.value;
    const changes = alert && changesInReply(alert, reply);
    return changes && alertChangesCard(changes);
  },
  incident: async (subject, { stores, clock, inventory }) => {
    const incident = (await stores.incidents.get(subject))?.value;
    return (
      incident &&
      incidentCard(incident, {
        nameOf: (id) => findPerson(inventory(), id)?.name ?? id,
        targets: responseTargets(incident),
        next: nextPage(incident, clock.now()),
        escalates: nextLevel(incident, clock.now())?.rung,
        waits: await waitLines(incident, { stores, clock, inventory }),
      })
    );
  },
  /** A page as a direct message. The subject: an incident, and the card itself. */
  page: async (subject, { stores }) => {
    const at = subject.indexOf("#");
    const incident = (await stores.incidents.get(subject.slice(0, at)))?.value;
    const copy = incident?.direct?.copies.find(({ card }) => card === subject.slice(at + 1));
    return incident && (copy ? pageCard(incident, copy) : replacedPage(incident));
  },
  "update-draft": async (subject, { stores }) => {
    const at = subject.lastIndexOf("#");
    const incident = (await stores.incidents.get(subject.slice(0, at)))?.value;
    return incident && updateDraftCard(incident, Number(subject.slice(at + 1)));
  },
  /** A sentence of TwoKey about itself; the subject is the sentence. */
  notice: (subject) => Promise.resolve(sentenceCard(subject)),
  plan: async (subject, { stores, clock, inventory }) => {
    const run = await stores.runs.read(subject);
    return run && planCard(run, inventory(), await planContext(run, { stores, clock, inventory }));
  },
  "plan-details": async (subject, { stores, inventory }) => {
    const run = await stores.runs.read(subject);
    return run && planDetailsCard(run, inventory());
  },
  /** The subject: a run, and the number of the part. */
  "by-hand": async (subject, { stores, inventory }) => {
    const [id = "", part] = subject.split("#");
    const run = await stores.runs.read(id);
    return run && byHandCard(run.plan, Number(part), actingRoles(inventory(), run.plan.service));
  },
  progress: async (subject, { stores, clock, inventory }) => {
    const [run, notes] = await Promise.all([stores.runs.read(subject), stores.notes.get(subject)]);
    return (
      run &&
      progressCard(run, inventory(), {
        ...(await planContext(run, { stores, clock, inventory })),
        latest: notes?.value.says,
      })
    );
  },
  /** The subject: a run, and the key of the news. */
  "run-news": async (subject, { stores, clock, inventory }) => {
    const [id = "", key = ""] = subject.split("#");
    const run = await stores.runs.read(id);
    if (!run) return undefined;
    const needed = whoIsNeeded(run, inventory(), clock.now());
    const before = await runsBefore(run, (each) => stores.runs.read(each));
    return runNewsCard(key, { run, inventory: inventory(), nowMs: clock.now(), needed, before });
  },
  /** The subject of both: a service, and when it was decided. */
  wait: ofWait("standing", waitCard),
  "wait-over": ofWait("over", waitOverCard),
  recovery: async (subject, { stores, clock, inventory }) => {
    const { value } = await stores.recoveries.read();
    return value?.id === subject ? recoveryCard(value, inventory(), clock.now()) : replacedRecoveryCard(subject);
  },
  /** The subject: a run, whose copy it is, and the card itself. */
  call: async (subject, { stores, clock, inventory }) => {
    const [id = "", person = "", card = ""] = subject.split("#");
    const run = await stores.runs.read(id);
    const needed = run && whoIsNeeded(run, inventory(), clock.now());
    if (!run) return undefined;
    if ((await stores.calls.get(id))?.value.direct?.includes(card) === false) return replacedCopy(id);
    if (!needed?.people.some((each) => each.id === person)) return copyOfBefore(run);
    return calledCard(run, inventory(), { ...(await planContext(run, { stores, clock, inventory })), why: needed.why });
  },
};

/** Since when users are without the service, as the plan's incident says, whether somebody decided to wait, the runs before it, and whom it calls. */
async function planContext(run: RunState, { stores, clock, inventory }: CardSources) {
  const { incident: id, service } = run.plan;
  const [calls, incident, wait, before] = await Promise.all([
    stores.calls.get(run.plan.id),
    id === undefined ? undefined : stores.incidents.get(id),
    stores.waits.get(service),
    runsBefore(run, (each) => stores.runs.read(each)),
  ]);
  const nowMs = clock.now();
  const called = calledNow(run, calls?.value, { inventory: inventory(), nowMs });
  return { nowMs, downSinceMs: incident?.value.firstSeenAtMs, wait: standingAt(wait?.value, nowMs), before, called };
}

/** Nothing where another decision has taken its place, or it stands otherwise by now. */
function ofWait(state: Wait["state"], show: (seen: WaitSeen, nowMs: number) => Card): Render {
  return async (subject, { stores, clock, inventory }) => {
    const [service = "", atMs] = subject.split("#");
    const wait = (await stores.waits.get(service))?.value;
    if (wait?.state !== state || String(wait.atMs) !== atMs) return undefined;
    const [run, moving] = await Promise.all([planWaiting(service, stores), moveOf(service, stores)]);
    return show({ ...{ wait, run, moving, asks: VERBS_THAT_MOVE }, inventory: inventory() }, clock.now());
  };
}

/** Of the services of an open incident: each that somebody decided to wait with. */
async function waitLines({ services, state }: Incident, { stores, clock, inventory }: CardSources): Promise<Text[]> {
  if (state !== "open") return [];
  const waits = await Promise.all(services.map((service) => stores.waits.get(service)));
  const standing = waits.flatMap((stored) => standingAt(stored?.value, clock.now()) ?? []);
  return standing.map((wait) => waitLine({ wait, inventory: inventory() }));
}

export async function renderCard(kind: string, subject: string, sources: CardSources): Promise<Card | undefined> {
  return RENDER[kind]?.(subject, sources);
}
