import { TransientError, Unreadable, UserError } from "../domain/errors.ts";
import { INCIDENT_LABEL, type Incident, isOpen } from "../domain/incident/incident.ts";
import {
  bare,
  isLikeSeverity,
  readSeverity,
  Severity,
  withSeverityJoined,
  worse,
} from "../domain/incident/severity.ts";
import { mostSimilar } from "../domain/similar.ts";
import { dueChange } from "../flows/incident/index.ts";
import { CORRELATION_ID, type OpenIncident, withoutIncident } from "../flows/incident/intake/correlate.ts";
import { type Opening, openIncident } from "../flows/incident/intake/open.ts";
import type { Actor } from "../flows/incident/life/changes.ts";
import { declaredToo } from "../flows/incident/life/declared-too.ts";
import { declareForm, NO_SERVICE } from "../views/forms.ts";
import { DECLARE_WORDS } from "../views/store-answers.ts";
import { actorOf, type IncidentCommandDeps, openIncidents } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { toldOf } from "./told.ts";

/** What somebody would really type: the help shows it too. */
export const EXAMPLE = "declare sev1 inventory checkout answers with errors";

/** `/dr declare [severity] [service] <what>`, or a form where nothing says what is wrong. Anyone may: a false alarm costs less than a late one. */
export async function declare(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { severity, service, what } = ask.fields ? fromForm(ask.fields) : readDeclaration(ask, deps);
  if (what === "") {
    if (ask.fields) return { kind: "field-errors", errors: { what: "Say what is wrong." } };
    const names = deps.inventory().services.map(({ name }) => name);
    return { kind: "form", form: declareForm(names, { severity, service, example: EXAMPLE }) };
  }
  const actor = actorOf(ask, deps.inventory());
  const services = service === undefined ? [] : [service];
  const said = {
    ...{ title: what, description: what, scope: "service" as const },
    ...{ services, severity, declaredBy: actor },
  };
  const { incident, as } = await toldOf(DECLARE_WORDS, () => openOnce(said, deps));
  await Promise.all([deps.wake.incidentPages(incident.id), deps.wake.incidentChat(incident.id)]);
  return whisper(as === "somebody else's" ? sayThere(said, incident) : sayDeclared(said, incident, as));
}

function sayDeclared({ title, declaredBy }: Said, { id, severity }: Incident, as: Opened["as"]): string {
  const beside = as === "an alarm's" ? " An alarm of it came in the same moment." : "";
  const invited = declaredBy.id === undefined ? notInvited(id) : "; you are invited";
  return `${severity.toUpperCase()} declared: ${title} (${id}).${beside} Its channel is being opened${invited}.`;
}

function sayThere({ services, severity, declaredBy }: Said, known: Incident): string {
  const invited = declaredBy.id === undefined ? "" : ", and you are invited";
  const isGraver = known.severity !== severity && worse(known.severity, severity) === severity;
  const raise = `/dr severity ${known.id} ${severity}`;
  const how = declaredBy.id === undefined ? `Ask a responder to raise it: ${raise}.` : `To raise it: ${raise}.`;
  const stays = isGraver ? ` It is ${known.severity.toUpperCase()}, and stays so. ${how}` : "";
  return `${services.join(", ")} has an open incident: ${nameOf(known)}. Your words are noted there${invited}. Please continue there.${stays}`;
}

/** Who is not listed is neither invited nor written to later: they read now where to look. Its channel is public, and ends with its id. */
const notInvited = (id: string): string =>
  `; you are not invited, since twokey.yaml does not list you, and TwoKey cannot write to you later: look for the channel that has ${id.toLowerCase()} in its name. If you find none, ask in the alerts channel`;

/** The form says what is what: no word of its sentence is taken for a service or a severity. */
function fromForm({ severity = "", service = NO_SERVICE, what = "" }: Readonly<Record<string, string | undefined>>) {
  const said = what.trim();
  const named = service === NO_SERVICE ? undefined : service;
  const isSaid = named === undefined || said === "" || said.toLowerCase().startsWith(named.toLowerCase());
  return {
    severity: readSeverity(severity) ?? ("sev2" as const),
    service: named,
    what: isSaid ? said : `${named} ${said}`,
  };
}

/** What is declared, before it has an id. */
type Said = Omit<Opening, "id"> & { readonly declaredBy: Actor };

interface Opened {
  readonly incident: Incident;
  /** Who was first: this declaration, an alarm that met its row of the index, or somebody else before it. */
  readonly as: "its own" | "an alarm's" | "somebody else's";
}

/**
 * One incident of a service, however many people and alarms come at once: the index decides. Whoever finds a row there opens its
 * incident, where the process that wrote the row has not got so far or has died.
 */
async function openOnce(said: Said, deps: IncidentCommandDeps): Promise<Opened> {
  const [service] = said.services;
  const [known] = service === undefined ? [] : await openIncidents(deps, INCIDENT_LABEL.service(service));
  for (let found = known?.id; ; found = undefined) {
    const own = deps.newId();
    const id = found ?? (await rowFor({ ...said, id: own }, deps));
    const opened = await open({ own, id }, said, deps).catch(undefinedIfUnreadable);
    if (opened && isOpen(opened.incident)) return opened;
    await takeFromIndex(id, deps);
  }
}

/** People hear of an incident that cannot be read; of its service another one is opened. */
function undefinedIfUnreadable(error: unknown): undefined {
  if (!(error instanceof Unreadable)) throw error;
}

interface Ids {
  /** Of this declaration. */
  readonly own: string;
  /** Of the incident: another one where somebody was faster. */
  readonly id: string;
}

async function open({ own, id }: Ids, said: Said, deps: IncidentCommandDeps): Promise<Opened | undefined> {
  let isOpened = false;
  try {
    const incident = await deps.incidents.change(id, (current) => {
      const nowMs = deps.clock.now();
      isOpened = current === undefined;
      const changed = current
        ? declaredToo(current, { ...said, id: own }, { actor: said.declaredBy, nowMs })
        : openIncident({ ...said, id }, deps.inventory(), nowMs);
      return changed && dueChange(changed, nowMs);
    });
    return (
      incident && {
        incident,
        as: isOpened ? "its own" : id === own && incident.alerts.length > 0 ? "an alarm's" : "somebody else's",
      }
    );
  } catch (error) {
    if (error instanceof TransientError && id === own) await takeBack(own, deps).catch(() => undefined);
    throw error;
  }
}

/**
 * Where the store certainly did not take it, its row goes again: an alert that met the row later would open it by itself. Not where
 * somebody else has found the row and opened it: the next alarm would open a second one.
 */
async function takeBack(id: string, deps: IncidentCommandDeps): Promise<void> {
  if ((await deps.incidents.get(id)) === undefined) await takeFromIndex(id, deps);
}

interface Named {
  readonly severity: Severity | undefined;
  /** Services that may still be named. */
  readonly names: readonly string[];
}

function refuseSlip({ text }: Ask, word: string, { severity, names }: Named): void {
  const second = readSeverity(word);
  if (severity !== undefined && second !== undefined && second !== severity && /\d/.test(word))
    throw new UserError("severity-unknown", `Is it ${severity} or ${second}? Nothing was declared.`);
  if (severity === undefined && second === undefined && isLikeSeverity(word))
    throw new UserError(
      "severity-unknown",
      `There is no severity ${bare(word)}. There are: ${Severity.options.join(", ")}. Nothing was declared.`,
    );
  const near = mostSimilar(bare(word), names);
  // “orders fail” is a sentence, whatever service is called order.
  if (near === undefined || bare(word).toLowerCase() === `${near.toLowerCase()}s`) return;
  throw new UserError(
    "service-unknown",
    `There is no service called ${bare(word)}. Did you mean: /dr declare ${text.replace(bare(word), near)}? Nothing was declared.`,
  );
}

/** Before the incident itself: an alert that meets the row of an incident that is not there yet creates it. */
async function rowFor({ id, scope, services, severity }: Opening, deps: IncidentCommandDeps): Promise<string> {
  let row: Pick<OpenIncident, "id"> = { id };
  await deps.correlation.change(CORRELATION_ID, (current) => {
    const open = current?.open ?? [];
    const known = open.find((one) => one.services.some((name) => services.includes(name)));
    row = known ?? { id };
    if (known) return undefined;
    const fresh = { id, scope, services: [...services], severity, openedAtMs: deps.clock.now(), absorbed: [] };
    return { value: { alarms: current?.alarms ?? [], open: [...open, fresh] }, events: [] };
  });
  return row.id;
}

async function takeFromIndex(id: string, deps: IncidentCommandDeps): Promise<void> {
  await deps.correlation.change(CORRELATION_ID, (current) => {
    const value = withoutIncident(current, id);
    return value && { value, events: [] };
  });
}

function nameOf({ channel, id }: Incident): string {
  return channel === undefined ? id : `#${channel.name}`;
}

/**
 * Severity and service may be named first, in any order; where no severity is named it is sev2, which pages people. The
 * service stays in the sentence: “inventory is down” says what is wrong, “is down” does not. A slip in either is no part of the
 * sentence: it would page the wrong people.
 */
function readDeclaration(ask: Ask, deps: IncidentCommandDeps) {
  const rest = withSeverityJoined(ask.args);
  const services = deps.inventory().services.map(({ name }) => name);
  let severity: Severity | undefined;
  let service: string | undefined;
  for (let word = rest[0]; word !== undefined; word = rest[0]) {
    const named = service === undefined ? services.find((name) => isSame(name, word)) : undefined;
    if (named !== undefined) service = named;
    else if (severity === undefined && isSeverity(word, rest[1], services)) severity = readSeverity(word);
    // “sev1 – inventory is down”.
    else if (bare(word) !== "") {
      refuseSlip(ask, word, { severity, names: service === undefined ? services : [] });
      break;
    }
    rest.shift();
  }
  const said = rest.join(" ").trim();
  const what = said === "" || service === undefined ? said : `${service} ${said}`;
  return { severity: severity ?? ("sev2" as const), service, what };
}

/** “low disk” and “3 hosts” say what is wrong: a word or a bare number is a severity before a service, before a mark, or alone. */
function isSeverity(word: string, next: string | undefined, services: readonly string[]): boolean {
  if (readSeverity(word) === undefined) return false;
  const isNumbered = /^[a-z].*(?:\d|one|two|three|four)$/i.test(bare(word));
  return isNumbered || bare(word) !== word || next === undefined || services.some((name) => isSame(name, next));
}

const isSame = (name: string, word: string): boolean => name.toLowerCase() === bare(word).toLowerCase();
