import { type Card, sentenceCard } from "../domain/card/card.ts";
import { changesInReply, readReplySubject } from "../domain/incident/alert-thread.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { responseTargets } from "../flows/incident/comms/response.ts";
import { nextPage } from "../flows/incident/paging/next-page.ts";
import { whoIsNeeded } from "../flows/reach/run-needs.ts";
import type { Clock } from "../ports/clock.ts";
import { alertCard, alertChangesCard } from "../views/alert.ts";
import { incidentCard } from "../views/incident.ts";
import { byHandCard } from "../views/key-form.ts";
import { planCard, planDetailsCard } from "../views/plan.ts";
import { recoveryCard, replacedRecoveryCard } from "../views/recovery.ts";
import { calledCard, copyOfBefore, replacedCopy } from "../views/run-copy.ts";
import { runNewsCard } from "../views/run-news.ts";
import { progressCard } from "../views/run-progress.ts";
import { updateDraftCard } from "../views/update.ts";
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
      })
    );
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
    return run && planCard(run, inventory(), await planContext(run, { stores, clock }));
  },
  "plan-details": async (subject, { stores, inventory }) => {
    const run = await stores.runs.read(subject);
    return run && planDetailsCard(run, inventory());
  },
  "by-hand": async (subject, { stores }) => {
    const run = await stores.runs.read(subject);
    return run && byHandCard(run.plan);
  },
  progress: async (subject, { stores, clock, inventory }) => {
    const [run, notes] = await Promise.all([stores.runs.read(subject), stores.notes.get(subject)]);
    return (
      run &&
      progressCard(run, inventory(), { ...(await planContext(run, { stores, clock })), latest: notes?.value.says })
    );
  },
  /** The subject: a run, and the key of the news. */
  "run-news": async (subject, { stores, clock, inventory }) => {
    const [id = "", key = ""] = subject.split("#");
    const run = await stores.runs.read(id);
    if (!run) return undefined;
    const needed = whoIsNeeded(run, inventory(), clock.now());
    return runNewsCard(key, { run, inventory: inventory(), nowMs: clock.now(), needed });
  },
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
    return calledCard(run, inventory(), { ...(await planContext(run, { stores, clock })), why: needed.why });
  },
};

/** Since when users are without the service: what the plan's incident says. */
async function planContext({ plan }: RunState, { stores, clock }: Pick<CardSources, "stores" | "clock">) {
  const incident = plan.incident === undefined ? undefined : await stores.incidents.get(plan.incident);
  return { nowMs: clock.now(), downSinceMs: incident?.value.firstSeenAtMs };
}

export async function renderCard(kind: string, subject: string, sources: CardSources): Promise<Card | undefined> {
  return RENDER[kind]?.(subject, sources);
}
