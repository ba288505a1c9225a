import { UserError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { Changed } from "../domain/incident/duty.ts";
import { INCIDENT_LABEL, type Incident, isOpen, type UpdateFields } from "../domain/incident/incident.ts";
import { readable } from "../domain/readable.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { dueChange } from "../flows/incident/index.ts";
import type { Correlation } from "../flows/incident/intake/correlate.ts";
import type { AgainstClosing } from "../flows/incident/life/against-closing.ts";
import type { Actor } from "../flows/incident/life/changes.ts";
import type { MeasuredOf } from "../flows/incident/life/incident-runs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Documents } from "../ports/documents.ts";
import type { Pagers } from "../ports/pager.ts";
import type { Wake } from "../ports/wake.ts";
import { shownTo } from "./access.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";

/** What the intents about incidents need. */
export interface IncidentCommandDeps {
  readonly incidents: Documents<Incident>;
  readonly correlation: Documents<Correlation>;
  readonly pagers: Pagers;
  readonly clock: Clock;
  readonly wake: Pick<Wake, "incidentPages" | "incidentChat">;
  readonly inventory: () => Inventory;
  facts(incident: Incident): Promise<UpdateFields>;
  timeline(incidentId: string): Promise<readonly Event[]>;
  /** The run that is under way for one of its services, in words; undefined: none is. */
  runInProgress(incident: Incident): Promise<string | undefined>;
  measured(incident: Incident): Promise<MeasuredOf>;
  /** Alarms of it that are in ALARM as far as is known, and where that is not known. */
  againstClosing(incident: Incident): Promise<AgainstClosing>;
  /** A short, unique, speakable id. */
  newId(): string;
}

export function actorOf(ask: Ask, inventory: Inventory): Actor {
  const { who } = ask;
  const { door } = who.proof;
  if (who.kind === "guest") return { name: `${who.name} (not listed in twokey.yaml)`, door };
  return { id: who.person, name: findPerson(inventory, who.person)?.name ?? who.person, door };
}

/** Open incidents that an answer names. */
const MOST_NAMED = 20;

export interface Meant {
  readonly incident: Incident;
  /** The arguments without the incident's id. */
  readonly args: readonly string[];
}

/** The incident that is meant: the one of the button, named by id, of this channel, or the only open one. */
export async function incidentMeant(
  ask: Ask,
  deps: Pick<IncidentCommandDeps, "incidents" | "inventory">,
): Promise<Meant> {
  const [word, ...rest] = ask.args;
  const named = ask.value ?? word;
  const stored = named === undefined ? undefined : await storedAs(named, deps);
  if (stored) return { incident: stored.value, args: ask.value === undefined ? rest : ask.args };
  const { channel } = ask;
  const [here] = channel === undefined ? [] : await openIncidents(deps, INCIDENT_LABEL.channel(channel));
  if (here) return { incident: here, args: ask.args };
  const shows = shownTo(ask, deps.inventory());
  const open = (await openIncidents(deps)).filter(({ services }) => services.every(shows));
  const [only, ...others] = open;
  if (only === undefined) throw new UserError("incident-none", "No incident is open. /dr declare opens one.");
  if (others.length > 0) {
    const named = open.slice(0, MOST_NAMED);
    const ids = named.map(({ id, severity, title }) => `${id} (${severity.toUpperCase()}, ${title})`);
    const more = open.length > named.length ? `; and ${open.length - named.length} more` : "";
    throw new UserError(
      "incident-ambiguous",
      `Several incidents are open: ${ids.join("; ")}${more}. Name one, or ask in its channel.`,
    );
  }
  return { incident: only, args: ask.args };
}

/** Ids that people read aloud are in capitals, and the name of the channel has them in lower case. */
async function storedAs(id: string, { incidents }: Pick<IncidentCommandDeps, "incidents">) {
  return (await incidents.get(id)) ?? (await incidents.get(id.toUpperCase()));
}

/** All of them, or those with that label. */
export async function openIncidents(
  { incidents }: { readonly incidents: Pick<Documents<Incident>, "get" | "openIds"> },
  label?: string,
): Promise<Incident[]> {
  const ids = await incidents.openIds(label);
  const { read } = await readable(ids.map((id) => incidents.get(id)));
  return read.flatMap((each) => (each !== undefined && isOpen(each.value) ? [each.value] : []));
}

/** Makes one change and wakes both queues. False: `decide` found nothing to change. */
export async function changeIncident(
  id: string,
  deps: Pick<IncidentCommandDeps, "incidents" | "clock" | "wake">,
  decide: (incident: Incident, nowMs: number) => Changed<Incident> | undefined,
): Promise<boolean> {
  let hasChanged = false;
  await deps.incidents.change(id, (current) => {
    const nowMs = deps.clock.now();
    const changed = current && decide(current, nowMs);
    hasChanged = changed !== undefined;
    return changed && dueChange(changed, nowMs);
  });
  if (hasChanged) await Promise.all([deps.wake.incidentPages(id), deps.wake.incidentChat(id)]);
  return hasChanged;
}

export function closedAnswer({ state }: Incident): Answer {
  return whisper(`This incident is already ${state}: nothing was changed.`);
}
