import type { CardDue } from "../domain/card/card-due.ts";
import { type AlertDocument, alertLabels } from "../domain/incident/alert.ts";
import { type Incident, incidentLabels, isOpen } from "../domain/incident/incident.ts";
import { isTended, type Wait } from "../domain/plan-run/wait.ts";
import { readIfReadable } from "../domain/readable.ts";
import { dueChange } from "../flows/incident/index.ts";
import { CORRELATION_ID, type Correlation, withIncident } from "../flows/incident/intake/correlate.ts";
import type { Calls } from "../flows/reach/calls.ts";
import type { Clock } from "../ports/clock.ts";
import type { Documents } from "../ports/documents.ts";
import type { Unlisted, UnlistedThings } from "../ports/keeping.ts";
import type { Logger } from "../ports/logger.ts";
import type { Runs } from "../ports/runs.ts";

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
  /** Says it in the alerts channel. */
  announce(says: string): Promise<void>;
}

/**
 * What stands in no list is looked at by nobody. Each sweep looks at a part of all that is stored, and lists again what the thing itself
 * says has to be listed. It is said once for each time that all of it was passed.
 */
export function createPutBack(deps: PutBackDeps): { look(): Promise<void> } {
  let isSaid = false;
  return {
    async look() {
      const { things, isWhole } = await deps.unlisted.next();
      const back: string[] = [];
      for (const thing of things) if (await listed(thing, deps)) back.push(`${thing.kind} ${thing.id}`);
      if (back.length > 0) {
        deps.logger.error({ things: back }, "What stood in no list, or not in all of them, is listed again");
        if (!isSaid) await deps.announce(sentence(back));
        isSaid = true;
      }
      if (isWhole) isSaid = false;
    },
  };
}

const NAMED = 3;

function sentence(back: readonly string[]): string {
  const more = back.length > NAMED ? ` and ${back.length - NAMED} more` : "";
  return `Lists in Redis did not name what is open: ${back.slice(0, NAMED).join(", ")}${more}. Nobody looked at it meanwhile. TwoKey has listed it again, and looks for more. Somebody else can write to Redis, or a part of it was lost.`;
}

/** True: it was missing in a list, and is in it again. */
async function listed({ kind, id, lacks }: Unlisted, deps: PutBackDeps): Promise<boolean> {
  const { unlisted, stores, clock } = deps;
  const nowMs = clock.now();
  switch (kind) {
    case "run": {
      if (lacks === undefined) return false;
      const run = await readIfReadable(stores.runs.read(id));
      return run !== undefined && unlisted.listRun(run, nowMs);
    }
    case "incident": {
      const isBack = await listedAgain(stores.incidents, { id, lacks }, INCIDENTS(nowMs));
      return (await hasRowAgain(id, stores)) || isBack;
    }
    case "alert":
      return listedAgain(stores.alerts, { id, lacks }, ALERTS);
    case "card":
      return listedAgain(stores.cards, { id, lacks }, CARDS(nowMs));
    case "run-calls":
      return listedAgain(stores.calls, { id, lacks }, CALLS);
    case "wait":
      return listedAgain(stores.waits, { id, lacks }, WAITS);
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
  documents: Documents<T>,
  { id, lacks }: Pick<Unlisted, "id" | "lacks">,
  lists: Lists<T>,
): Promise<boolean> {
  const stored = await readIfReadable(documents.get(id));
  if (!stored) return false;
  const { value, revision } = stored;
  const isMissing = {
    place: () => lists.isOpen?.(value) ?? true,
    due: () => lists.dueAtMs?.(value) !== undefined,
    labels: async () => !(await hasLabels(id, documents, lists.labels?.(value) ?? [])),
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

async function hasLabels(id: string, { openIds }: Pick<Documents<unknown>, "openIds">, labels: readonly string[]) {
  const under = await Promise.all(labels.map((label) => openIds(label)));
  return under.every((ids) => ids.includes(id));
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
