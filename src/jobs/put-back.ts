import type { CardDue } from "../domain/card/card-due.ts";
import type { Doing } from "../domain/doing.ts";
import { Bug } from "../domain/errors.ts";
import { type AlertDocument, alertLabels } from "../domain/incident/alert.ts";
import { type Incident, incidentLabels, isOpen } from "../domain/incident/incident.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { isTended, type Wait } from "../domain/plan-run/wait.ts";
import { readIfReadable } from "../domain/readable.ts";
import { dueChange } from "../flows/incident/index.ts";
import { CORRELATION_ID, type Correlation, withIncident } from "../flows/incident/intake/correlate.ts";
import type { Calls } from "../flows/reach/calls.ts";
import type { Clock } from "../ports/clock.ts";
import type { Documents } from "../ports/documents.ts";
import type { Listing, Unlisted, UnlistedThings } from "../ports/keeping.ts";
import type { Logger } from "../ports/logger.ts";
import type { Runs } from "../ports/runs.ts";
import type { InVain } from "./in-vain.ts";

export interface PutBackDeps {
  readonly unlisted: UnlistedThings;
  readonly stores: {
    readonly runs: Pick<Runs, "read">;
    readonly incidents: Documents<Incident>;
    readonly alerts: Documents<AlertDocument>;
    readonly cards: Documents<CardDue>;
    readonly calls: Documents<Calls>;
    readonly waits: Documents<Wait>;
    readonly correlation: Documents<Correlation>;
  };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly inVain: Pick<InVain, "failed" | "succeeded">;
  /** Says it in the alerts channel. */
  announce(says: string): Promise<void>;
}

interface Looked {
  readonly back: readonly string[];
  /** Runs that have another one in their way. */
  readonly beside: readonly string[];
  readonly errors: readonly unknown[];
}

/**
 * What stands in no list is looked at by nobody. Each sweep looks at a part of all that is stored, and lists again what the thing itself
 * says has to be listed. It is said once for each time that all of it was passed.
 */
export function createPutBack(deps: PutBackDeps): { look(): Promise<void> } {
  return {
    async look() {
      const { unlisted } = deps;
      const part = await unlisted.next();
      const { back, beside, errors } = await lookAtEach(part.things, deps);
      for (const id of part.again) if (!beside.includes(id)) deps.inVain.succeeded(listing(id, "service"));
      let unsaid: readonly unknown[] = [];
      let { isSaid } = part;
      if (back.length > 0) {
        deps.logger.error({ things: back }, "What stood in no list, or not in all of them, is listed again");
        if (!isSaid)
          unsaid = await deps.announce(sentence(back)).then(
            () => [],
            (error: unknown) => [error],
          );
        isSaid ||= unsaid.length === 0;
      }
      await unlisted.passed(part.next, { isSaid: isSaid && !part.isWhole, again: beside });
      for (const error of [...errors, ...unsaid]) throw error;
    },
  };
}

/** All of them at once, each by itself: what fails keeps nothing from its place, and a Redis that is silent is waited for once. */
async function lookAtEach(things: readonly Unlisted[], deps: PutBackDeps): Promise<Looked> {
  const looked = await Promise.allSettled(things.map((thing) => listed(thing, deps)));
  const are = (answer: Answer) =>
    things.filter((_, at) => {
      const each = looked[at];
      return each?.status === "fulfilled" && each.value === answer;
    });
  return {
    back: are("back").map(({ kind, id }) => `${kind} ${id}`),
    beside: are("beside").map(({ id }) => id),
    errors: looked.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : [])),
  };
}

const NAMED = 3;

function sentence(back: readonly string[]): string {
  const more = back.length > NAMED ? ` and ${back.length - NAMED} more` : "";
  return `Lists in Redis did not name what is open: ${back.slice(0, NAMED).join(", ")}${more}. Nobody looked at it meanwhile. TwoKey has listed it again, and looks for more. Somebody else can write to Redis, or a part of it was lost.`;
}

/** `back`: it was missing in a list, and is in it again. `beside`: another run is in its way. */
type Answer = "back" | "beside" | "stands";

async function listed(thing: Unlisted, deps: PutBackDeps): Promise<Answer> {
  if (thing.kind === "run") return runListed(thing.id, deps);
  return (await documentListed(thing, deps)) ? "back" : "stands";
}

/** Of an open one too: it may stand in its list and have lost what it holds. */
async function runListed(id: string, { unlisted, stores, clock, inVain }: PutBackDeps): Promise<Answer> {
  const run = await readIfReadable(stores.runs.read(id));
  const answer = run && (await unlisted.listRun(run, clock.now()));
  if (answer?.kind === "listed") return "back";
  if (run === undefined || answer?.kind !== "in-the-way") return "stands";
  await inVain.failed(listing(id, answer.holds), new Bug("run-beside", besideEachOther(run, answer)));
  return "beside";
}

/** A run that nobody drives may have moved half of a service; a plan without its row only waits. */
const listing = (id: string, holds: InTheWay["holds"]): Doing => ({
  ...{ what: `listing run ${id} again`, run: id, wakes: holds === "service" },
});

type InTheWay = Extract<Listing, { kind: "in-the-way" }>;

function besideEachOther({ plan: { id, service } }: RunState, { run: other, holds }: InTheWay): string {
  return holds === "service"
    ? `${id} of ${service} has not ended and lost its hold of it, and now ${other} holds ${service}. Two runs of one service would work against each other: ${id} gets its place again when ${other} has let go. Look at both with /dr status ${id} and /dr status ${other}`
    : `${id} and ${other} both wait for the keys of ${service}, and only one plan of a service may. ${id} gets its place again when ${other} waits no more`;
}

/** True: it was missing in a list, and is in it again. */
async function documentListed(thing: Unlisted, deps: PutBackDeps): Promise<boolean> {
  const { stores, unlisted, clock } = deps;
  const nowMs = clock.now();
  switch (thing.kind) {
    case "incident": {
      const isBack = await listedAgain(thing, { documents: stores.incidents, unlisted }, INCIDENTS(nowMs));
      return (await hasRowAgain(thing.id, stores)) || isBack;
    }
    case "alert":
      return listedAgain(thing, { documents: stores.alerts, unlisted }, ALERTS);
    case "card":
      return listedAgain(thing, { documents: stores.cards, unlisted }, CARDS(nowMs));
    case "run-calls":
      return listedAgain(thing, { documents: stores.calls, unlisted }, CALLS);
    case "wait":
      return listedAgain(thing, { documents: stores.waits, unlisted }, WAITS);
    default:
      return false;
  }
}

interface Lists<T> {
  /** It has to stand in a list; absent: each does, among what is open or among what is over. */
  readonly isOpen?: (value: T) => boolean;
  readonly labels?: (value: T) => readonly string[];
  readonly dueAtMs?: (value: T) => number | undefined;
}

const INCIDENTS = (nowMs: number): Lists<Incident> => ({
  labels: (incident) => (isOpen(incident) ? incidentLabels(incident) : []),
  dueAtMs: (value) => dueChange({ value, events: [] }, nowMs).dueAtMs,
});
const ALERTS: Lists<AlertDocument> = { labels: (alert) => (alert.state === "alarm" ? alertLabels(alert) : []) };
const CARDS = (nowMs: number): Lists<CardDue> => ({
  dueAtMs: ({ sent, wanted }) => (sent < wanted ? nowMs : undefined),
});
const CALLS: Lists<Calls> = { isOpen: ({ open }) => open.length > 0 };
const WAITS: Lists<Wait> = { isOpen: isTended };

/** A document that is written once more as it is stands in all its lists. */
async function listedAgain<T>(
  thing: Unlisted,
  { documents, unlisted }: Pick<PutBackDeps, "unlisted"> & { readonly documents: Documents<T> },
  lists: Lists<T>,
): Promise<boolean> {
  const { id, lacks } = thing;
  // Neither is it due nor found by anything.
  if (lacks === undefined && !lists.labels) return false;
  const stored = await readIfReadable(documents.get(id));
  if (!stored) return false;
  const { value, revision } = stored;
  const isMissing = {
    place: () => lists.isOpen?.(value) ?? true,
    due: () => lists.dueAtMs?.(value) !== undefined,
    labels: async () => !(await unlisted.isFoundBy(thing, lists.labels?.(value) ?? [])),
  };
  if (!(await isMissing[lacks ?? "labels"]())) return false;
  let isBack = false;
  await documents.change(id, (current) => {
    isBack = current !== undefined;
    const dueAtMs = current && lists.dueAtMs?.(current);
    return current && { value: current, events: [], ...(dueAtMs !== undefined && { dueAtMs }) };
  });
  // Where it changed between, its lists did too, and nothing was missing.
  return isBack && (await documents.get(id))?.revision === revision + 1;
}

/** An alarm that finds no row of the open incident of its service would open another one. */
async function hasRowAgain(id: string, { incidents, correlation }: PutBackDeps["stores"]): Promise<boolean> {
  const incident = (await readIfReadable(incidents.get(id)))?.value;
  if (!incident || !isOpen(incident)) return false;
  let isMissing = false;
  await correlation.change(CORRELATION_ID, (current) => {
    const value = withIncident(current, incident);
    isMissing = value !== undefined;
    return value && { value, events: [] };
  });
  return isMissing;
}
