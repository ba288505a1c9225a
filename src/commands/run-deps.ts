import type { CardDue } from "../domain/card/card-due.ts";
import { UserError } from "../domain/errors.ts";
import type { Person } from "../domain/people/person.ts";
import { isOver, type RunState, type RunStateName } from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import type { Standing } from "../domain/proof.ts";
import { readable } from "../domain/readable.ts";
import { findPerson, findService, type Inventory } from "../domain/service/inventory.ts";
import type { Observation } from "../domain/service/observation.ts";
import type { Service } from "../domain/service/service.ts";
import { didYouMean } from "../domain/similar.ts";
import { RUNBOOKS } from "../flows/runbooks/index.ts";
import type { Who } from "../ports/asker.ts";
import type { Chat } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Documents } from "../ports/documents.ts";
import type { LearnedTimes } from "../ports/learned-times.ts";
import type { Ledger, Runs } from "../ports/runs.ts";
import type { Wake } from "../ports/wake.ts";
import type { ForeseeingDeps } from "./foreseen.ts";
import type { Ask } from "./intent.ts";

/** How that stands which TwoKey stands on, and a look that is made now. */
export interface Looked {
  readonly standings: () => readonly Standing[];
  again(ids: readonly string[]): Promise<void>;
}

/** What the intents about plans and runs need. */
export interface RunCommandDeps extends ForeseeingDeps {
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly wake: Wake;
  readonly times: Pick<LearnedTimes, "of">;
  readonly cards: Documents<CardDue>;
  readonly inventory: () => Inventory;
  /** Shows what is seen while somebody waits for a plan; absent: nobody is shown it. */
  readonly chat?: Pick<Chat, "post" | "update">;
  /** How that stands which TwoKey stands on; absent: it is not proven here. */
  readonly proven?: Looked;
  /** The open incident of a service, if there is one. */
  incidentOf(
    service: string,
  ): Promise<{ readonly id: string; readonly channel: string | undefined; readonly firstSeenAtMs: number } | undefined>;
  /** The newest look at the service that anybody stored. */
  lastLook(service: string): Promise<Observation | undefined>;
  /** Remembers where a plan's cards go when it has no incident. */
  rememberChannel(run: string, channel: string): Promise<void>;
  /** The channel that was remembered. */
  channelOf(run: string): Promise<string | undefined>;
  /** A short, unique, speakable id. */
  newId(): string;
}

export const NOT_LISTED =
  "You are not listed under people in twokey.yaml. Ask the owners of that file to add you with this account.";

/** The asker, who has to be somebody of `people`. */
export function listed({ who }: Ask): Who {
  if (who.kind === "person") return who;
  throw new UserError("person-unknown", NOT_LISTED);
}

export function personOf({ who }: Ask, inventory: Inventory): Person | undefined {
  return who.kind === "person" ? findPerson(inventory, who.person) : undefined;
}

/** The asker as a listed person, or a sentence that says why not. */
export function knownPerson(ask: Ask, inventory: Inventory): Person {
  const person = personOf(ask, inventory);
  if (!person) throw new UserError("person-unknown", NOT_LISTED);
  return person;
}

/** `shows`: what the asker may hear of where there is none of that name. */
export function serviceNamed(
  name: string,
  inventory: Inventory,
  shows: (service: string) => boolean = () => true,
): Service {
  const names = inventory.services.map((other) => other.name);
  const meant = names.find((other) => isSame(other, name)) ?? name;
  const service = findService(inventory, meant);
  if (!service) {
    const shown = names.filter(shows);
    throw new UserError(
      "service-unknown",
      `There is no service called ${name}.${didYouMean(name, shown)} There are: ${shown.join(", ")}.`,
    );
  }
  return service;
}

/** Ids of runs are in capitals, and those of incidents need not be; people type either. */
export const asId = (word: string) => [...new Set([word, word.toUpperCase(), word.toLowerCase()])];

/** A button on the card of a run carries its id, and that of a plan the digest behind it. */
export function runOf(value: string): string {
  return value.split(":")[0] ?? value;
}

/** What moves a service, as people type it. */
export const VERBS_THAT_MOVE = RUNBOOKS.filter(({ needs }) => needs === "two keys")
  .map(({ name }) => `/dr ${name}`)
  .join(" or ");

interface MeantDeps extends Pick<RunCommandDeps, "runs"> {
  /** Services that the asker may hear of; absent: all. */
  readonly shows?: (service: string) => boolean;
}

/** The run that is meant: named by id, by service, or the only open one; of several, the only one in a state that fits. */
export async function runMeant(
  word: string | undefined,
  { runs, shows = () => true }: MeantDeps,
  states: readonly RunStateName[] = [],
): Promise<RunState> {
  for (const id of word === undefined ? [] : asId(word)) {
    const byId = await runs.read(id);
    if (byId) return byId;
  }
  const { read } = await readable((await runs.openIds()).map((id) => runs.read(id)));
  const open = read.filter((run) => run !== undefined).filter((run) => shows(run.plan.service));
  const named = word === undefined ? open : open.filter((run) => isSame(run.plan.service, word));
  const inState = named.filter((run) => states.includes(run.state));
  // A verified run stays open while its old side is looked at, and is meant only where nothing else can be.
  const going = named.filter((run) => !isOver(run));
  const fitting = [inState, going, named].find((runs) => runs.length > 0) ?? [];
  const [only, ...others] = fitting;
  if (!only)
    throw new UserError(
      "run-unknown",
      word === undefined
        ? `There is no open plan or run. A plan is made by ${VERBS_THAT_MOVE}.`
        : `There is no open plan or run called ${word}, and none for a service of that name.${didYouMean(word, namesOf(open))} /dr status shows what is open.`,
    );
  if (others.length > 0)
    throw new UserError(
      "run-ambiguous",
      `Several runs are open: ${fitting.map((run) => `${run.plan.id} (${run.plan.service}, ${sayState(run.state)})`).join(", ")}. Name one.`,
    );
  return only;
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const namesOf = (runs: readonly RunState[]): string[] => runs.flatMap(({ plan }) => [plan.id, plan.service]);
