import { sayTime } from "../domain/duration.ts";
import { chainOf, messageOf, UserError } from "../domain/errors.ts";
import { INCIDENT_LABEL, type Incident } from "../domain/incident/incident.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import { readUntil, type Wait } from "../domain/plan-run/wait.ts";
import { readable, readIfReadable } from "../domain/readable.ts";
import { findService, type Inventory } from "../domain/service/inventory.ts";
import { didYouMean } from "../domain/similar.ts";
import { eventOf, moveOf, planWaiting } from "../engine/delivery/waits.ts";
import type { Who } from "../ports/asker.ts";
import type { Documents } from "../ports/documents.ts";
import type { Logger } from "../ports/logger.ts";
import { nameOf } from "../views/names.ts";
import { WAIT_WORDS } from "../views/store-answers.ts";
import { waitAnswer, waitForm } from "../views/wait.ts";
import { openIncidents } from "./incident-deps.ts";
import type { Answer, Ask } from "./intent.ts";
import { asId, listed, type RunCommandDeps, runOf, VERBS_THAT_MOVE } from "./run-deps.ts";
import { toldOf } from "./told.ts";
import { fromFields, fromWords, wrongWith } from "./wait-words.ts";

export interface WaitCommandDeps extends Pick<RunCommandDeps, "runs" | "ledger" | "clock" | "inventory" | "channelOf"> {
  readonly incidents: Pick<Documents<Incident>, "get" | "openIds">;
  readonly waits: Pick<Documents<Wait>, "change">;
  /** Tells people of it at once; the sweep does what is left. */
  tendWait(service: string): Promise<void>;
  readonly logger: Pick<Logger, "warn">;
}

/** `/dr wait [service] <03:40 | 20m> because <reason>`, or a form without arguments; the button of a plan card opens the form too. */
export async function wait(ask: Ask, deps: WaitCommandDeps): Promise<Answer> {
  const who = listed(ask);
  const said = ask.fields ? fromFields(ask) : fromWords(ask, deps.clock.now());
  const about = await meant(said.about, ask, deps);
  await refuseUnlessOpen(about, deps);
  if (said.until === undefined && said.reason === "")
    return { kind: "form", form: waitForm(about.service, about.run?.plan.id ?? about.service) };
  const nowMs = deps.clock.now();
  const wrong = wrongWith(said, nowMs);
  if (Object.keys(wrong).length > 0) {
    if (ask.fields) return { kind: "field-errors", errors: wrong };
    throw new UserError(
      "wait-unclear",
      `${Object.values(wrong).join(" ")} /dr help wait shows how. Nothing was changed.`,
    );
  }
  const untilMs = readUntil(said.until ?? "", nowMs) ?? nowMs;
  const decided = await toldOf(WAIT_WORDS, () =>
    decide({ about, who, untilMs, reason: said.reason, nowMs }, ask, deps),
  );
  const unwritten = await note(decided, who, deps);
  // It is decided: somebody who is asked to try again would decide once more, and the room would be told twice.
  await deps
    .tendWait(about.service)
    .catch((error: unknown) =>
      deps.logger.warn(
        { service: about.service, why: chainOf(error) },
        "The sweep tells the room of a decision to wait later",
      ),
    );
  return { kind: "whisper", card: waitAnswer({ wait: decided, run: about.run }, nowMs, unwritten) };
}

interface Meant {
  readonly service: string;
  /** Its plan that waits for keys. */
  readonly run: RunState | undefined;
  readonly incident: Incident | undefined;
}

/** What is named; else what is open in this channel; else the only thing that is open. Of several, one with a plan that waits. */
async function meant(word: string | undefined, { channel }: Ask, deps: WaitCommandDeps): Promise<Meant> {
  const inventory = deps.inventory();
  const named = word === undefined ? undefined : await servicesNamed(runOf(word), inventory, deps);
  const [here] = channel === undefined || named ? [] : await openIncidents(deps, INCIDENT_LABEL.channel(channel));
  const services = named ?? here?.services ?? (await servicesOpen(deps));
  const about = await Promise.all(
    services.filter((name) => findService(inventory, name)).map((service) => aboutOf(service, deps)),
  );
  const waiting = about.filter(({ run }) => run !== undefined);
  const [only, ...others] = waiting.length > 0 ? waiting : about;
  if (!only)
    throw new UserError("wait-for-nothing", `Nothing is open that could wait: no plan, and no incident. ${NOTHING}`);
  if (others.length > 0)
    throw new UserError(
      "wait-ambiguous",
      `Several services are open: ${[only, ...others].map(({ service }) => service).join(", ")}. Name one: /dr wait ${only.service} 20m because … ${NOTHING}`,
    );
  return only;
}

const NOTHING = "Nothing was changed.";

async function servicesNamed(word: string, inventory: Inventory, deps: WaitCommandDeps): Promise<readonly string[]> {
  const service = inventory.services.find(({ name }) => name === word.toLowerCase());
  if (service) return [service.name];
  for (const id of asId(word)) {
    const run = await readIfReadable(deps.runs.read(id));
    if (run && run.state !== "waiting-for-keys")
      throw new UserError("wait-too-late", `${id} is ${sayState(run.state)}, so nobody waits with it. ${NOTHING}`);
    if (run) return [run.plan.service];
    const incident = (await readIfReadable(deps.incidents.get(id)))?.value;
    if (incident) return incident.services;
  }
  const names = inventory.services.map(({ name }) => name);
  throw new UserError(
    "wait-unclear",
    `“${word}” is no service, plan or incident, and no time.${didYouMean(word, names)} /dr help wait shows how. ${NOTHING}`,
  );
}

async function servicesOpen({ runs, ...deps }: WaitCommandDeps): Promise<readonly string[]> {
  const [incidents, ids] = await Promise.all([openIncidents(deps), runs.openIds()]);
  const { read } = await readable(ids.map((id) => runs.read(id)));
  const planned = read.flatMap((run) => (run?.state === "waiting-for-keys" ? [run.plan.service] : []));
  return [...new Set([...planned, ...incidents.flatMap(({ services }) => services)])];
}

async function aboutOf(service: string, deps: WaitCommandDeps): Promise<Meant> {
  const [run, [incident]] = await Promise.all([
    planWaiting(service, deps),
    openIncidents(deps, INCIDENT_LABEL.service(service)),
  ]);
  return { service, run, incident };
}

/** A move that has started is held by other words, and where nothing is open nobody could be reminded. */
async function refuseUnlessOpen({ service, run, incident }: Meant, { runs }: WaitCommandDeps): Promise<void> {
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

interface Deciding {
  readonly about: Meant;
  readonly who: Who;
  readonly untilMs: number;
  readonly reason: string;
  readonly nowMs: number;
}

async function decide(
  { about: { service, run, incident }, who, untilMs, reason, nowMs }: Deciding,
  ask: Ask,
  deps: WaitCommandDeps,
): Promise<Wait> {
  const ofPlan = run && (await deps.channelOf(run.plan.id));
  const channel = incident?.channel?.id ?? ofPlan ?? ask.channel ?? deps.inventory().file.alerts.channel;
  const { person: by, proof } = who;
  const incidentId = incident?.id ?? run?.plan.incident;
  const made = {
    ...{ service, atMs: nowMs, untilMs, by, door: proof.door, reason, channel },
    ...(run ? { plan: run.plan.id } : {}),
    ...(incidentId === undefined ? {} : { incident: incidentId }),
    ...{ state: "standing" as const, isTold: false },
  };
  const says = `${nameOf(deps.inventory(), by)} decided to wait with ${service} until ${sayTime(untilMs, nowMs)}: ${reason}`;
  let decided: Wait = { ...made, number: 1 };
  await deps.waits.change(service, (current) => {
    // What is said of each goes by when it was decided: no two are of one moment.
    const atMs = Math.max(nowMs, (current?.atMs ?? 0) + 1);
    decided = { ...made, atMs, number: (current?.number ?? 0) + 1 };
    const event = eventOf(decided, { kind: "wait.decided", atMs: nowMs, by, door: proof.door, says });
    return { value: decided, events: [event] };
  });
  return decided;
}

/** Undefined: the ledger has it. */
async function note(
  { service, plan, incident, atMs, untilMs, reason }: Wait,
  { person: by, proof }: Who,
  { ledger }: WaitCommandDeps,
): Promise<string | undefined> {
  const says = `until ${sayTime(untilMs, atMs)}: ${reason}`;
  const { door, strength } = proof;
  const line = { atMs, run: plan ?? incident ?? service, service, epoch: 0, kind: "wait", by, door, strength, says };
  return ledger.append(line).then(() => undefined, messageOf);
}
