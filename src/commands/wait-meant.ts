import { UserError } from "../domain/errors.ts";
import { INCIDENT_LABEL, type Incident, isOpen } from "../domain/incident/incident.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import { readable, readIfReadable } from "../domain/readable.ts";
import { findService } from "../domain/service/inventory.ts";
import { didYouMean } from "../domain/similar.ts";
import { moveOf, planWaiting } from "../engine/delivery/waits.ts";
import type { Documents } from "../ports/documents.ts";
import { openIncidents } from "./incident-deps.ts";
import type { Ask } from "./intent.ts";
import { asId, type RunCommandDeps, VERBS_THAT_MOVE } from "./run-deps.ts";

/** What is waited with. */
export interface Meant {
  readonly service: string;
  /** Its plan that waits for keys. */
  readonly run: RunState | undefined;
  /** Of several that are open for the service: the one that was named, else that of the room, else that of the plan. */
  readonly incident: Incident | undefined;
}

interface Deps extends Pick<RunCommandDeps, "runs" | "inventory"> {
  readonly incidents: Pick<Documents<Incident>, "get" | "openIds">;
}

/** A form carries it: the plan; without one the incident, with the service behind it. */
export const contextOf = ({ service, run, incident }: Meant): string =>
  run?.plan.id ?? (incident ? `${incident.id}:${service}` : service);

/** What is named; else what is open in this channel; else the only thing that is open. Of several, one with a plan that waits. */
export async function meant(word: string | undefined, { channel }: Ask, deps: Deps): Promise<Meant> {
  const inventory = deps.inventory();
  const named = word === undefined ? undefined : await namedBy(word, deps);
  const [here] = channel === undefined ? [] : await openIncidents(deps, INCIDENT_LABEL.channel(channel));
  const services = named?.services ?? here?.services ?? (await servicesOpen(deps));
  const near = named?.incident ?? (named?.isOfPlan ? undefined : here);
  const about = await Promise.all(
    services.filter((name) => findService(inventory, name)).map((service) => aboutOf(service, near, deps)),
  );
  const waiting = about.filter(({ run }) => run !== undefined);
  const [only, ...others] = waiting.length > 0 ? waiting : about;
  if (!only) throw nothingOpen(near ?? (await openIncidents(deps))[0]);
  if (others.length > 0)
    throw new UserError(
      "wait-ambiguous",
      `Several services are open: ${[only, ...others].map(({ service }) => service).join(", ")}. Name one: /dr wait ${only.service} 20m because … ${NOTHING}`,
    );
  return only;
}

const NOTHING = "Nothing was changed.";

const nothingOpen = (incident: Incident | undefined): UserError =>
  incident
    ? new UserError(
        "wait-for-no-service",
        `Incident ${incident.id} names no service that TwoKey moves, and a wait is with a service. Name it in the incident's channel, before the time; /dr help wait shows how. ${NOTHING}`,
      )
    : new UserError("wait-for-nothing", `Nothing is open that could wait: no plan, and no incident. ${NOTHING}`);

interface Named {
  readonly services: readonly string[];
  readonly incident?: Incident;
  /** The plan says of which incident it is. */
  readonly isOfPlan?: boolean;
}

async function namedBy(word: string, deps: Deps): Promise<Named> {
  const { services } = deps.inventory();
  const service = services.find(({ name }) => name === word.toLowerCase());
  if (service) return { services: [service.name] };
  const [first = word, behind] = word.split(":");
  for (const id of asId(first)) {
    const run = await readIfReadable(deps.runs.read(id));
    if (run && run.state !== "waiting-for-keys")
      throw new UserError("wait-too-late", `${id} is ${sayState(run.state)}, so nobody waits with it. ${NOTHING}`);
    if (run) return { services: [run.plan.service], isOfPlan: run.plan.incident !== undefined };
    const incident = await incidentNamed(id, deps);
    if (incident)
      return { services: incident.services.includes(behind ?? "") ? [behind ?? ""] : incident.services, incident };
  }
  const names = services.map(({ name }) => name);
  throw new UserError(
    "wait-unclear",
    `“${first}” is no service, plan or incident, and no time.${didYouMean(first, names)} /dr help wait shows how. ${NOTHING}`,
  );
}

/** That one, or the one that took its place. */
async function incidentNamed(id: string, { incidents }: Deps): Promise<Incident | undefined> {
  const named = (await readIfReadable(incidents.get(id)))?.value;
  const into = named?.mergedInto === undefined ? undefined : await readIfReadable(incidents.get(named.mergedInto));
  const incident = into?.value ?? named;
  if (incident && !isOpen(incident))
    throw new UserError("wait-too-late", `Incident ${incident.id} is closed, so nobody waits with it. ${NOTHING}`);
  return incident;
}

async function servicesOpen({ runs, ...deps }: Deps): Promise<readonly string[]> {
  const [incidents, ids] = await Promise.all([openIncidents(deps), runs.openIds()]);
  const { read } = await readable(ids.map((id) => runs.read(id)));
  const planned = read.flatMap((run) => (run?.state === "waiting-for-keys" ? [run.plan.service] : []));
  return [...new Set([...planned, ...incidents.flatMap(({ services }) => services)])];
}

async function aboutOf(service: string, near: Incident | undefined, deps: Deps): Promise<Meant> {
  const [run, open] = await Promise.all([
    planWaiting(service, deps),
    openIncidents(deps, INCIDENT_LABEL.service(service)),
  ]);
  // In the room of an incident that lists no service yet, one that is named there is meant for it.
  const isNear = near !== undefined && (near.services.length === 0 || near.services.includes(service));
  const ofPlan = open.find(({ id }) => id === run?.plan.incident);
  return { service, run, incident: isNear ? near : (ofPlan ?? open[0]) };
}

/** A move that has started is held by other words, and where nothing is open nobody could be reminded. */
export async function refuseUnlessOpen({ service, run, incident }: Meant, { runs }: Pick<Deps, "runs">): Promise<void> {
  const going = await moveOf(service, { runs });
  if (going && !run)
    throw new UserError(
      "wait-too-late",
      `Run ${going.plan.id} (${going.plan.title}) is ${sayState(going.state)}. To hold it: /dr pause ${going.plan.id}. ${NOTHING}`,
    );
  if (run || incident) return;
  throw new UserError(
    "wait-for-nothing",
    `No plan of ${service} waits for keys, and no incident of it is open: there is no room to remind. A plan is made by ${VERBS_THAT_MOVE}. ${NOTHING}`,
  );
}
