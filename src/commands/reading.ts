import type { Card } from "../domain/card/card.ts";
import { UserError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { Incident } from "../domain/incident/incident.ts";
import { isWatched } from "../domain/plan-run/fence.ts";
import { isOver, type RunState } from "../domain/plan-run/run.ts";
import { runsBefore } from "../domain/plan-run/runs-before.ts";
import { standingAt } from "../domain/plan-run/wait.ts";
import { readable } from "../domain/readable.ts";
import type { Documents } from "../ports/documents.ts";
import { planInFull } from "../views/plan.ts";
import { progressCard } from "../views/run-progress.ts";
import { plansCard, runsCard } from "../views/runs.ts";
import { timelineCard } from "../views/timeline.ts";
import { openIncidents } from "./incident-deps.ts";
import { asId } from "./run-deps.ts";
import { type StatusDeps, statusOfServices } from "./status.ts";

/** What a door that cannot prove who is asking needs: stored things to look at, and no way to change any. */
export interface ReadingDeps extends StatusDeps {
  readonly incidents: Pick<Documents<Incident>, "get" | "openIds">;
  timeline(incidentId: string): Promise<readonly Event[]>;
  /** Plans and runs that something happened to lately, newest first; over or not. */
  recentRuns(limit: number): Promise<readonly string[]>;
  /** The newest word on each step of a run. */
  notesOf(run: string): Promise<Readonly<Record<string, string>> | undefined>;
}

export interface ReadingVerb {
  readonly usage: string;
  readonly says: string;
  /** How many words may follow the verb. */
  readonly words: 0 | 1;
  readonly read: (word: string | undefined, deps: ReadingDeps) => Promise<Card>;
}

/** One question, answered with a card. Throws UserError for the asker to read. */
export type Reading = (verb: ReadingVerb, words: readonly string[]) => Promise<Card>;

const RUNS_LISTED = 20;

/** Every question that needs no proof of who asks. */
export const READING: Readonly<Record<string, ReadingVerb>> = {
  status: {
    usage: "status [service]",
    says: "The board, or one service in depth, as it was seen last",
    words: 1,
    read: (service, deps) => statusOfServices(service, deps),
  },
  timeline: {
    usage: "timeline [incident]",
    says: "What happened in an incident, oldest first; without a name in the only open one",
    words: 1,
    read: async (named, deps) => {
      const incident = await incidentNamed(named, deps);
      return timelineCard(incident, await deps.timeline(incident.id));
    },
  },
  plans: {
    usage: "plans",
    says: "The plans that wait for keys",
    words: 0,
    read: async (_none, deps) => {
      const { read, unreadable } = await readAll(await deps.runs.openIds(), deps);
      return withNotes(plansCard(read.filter(isWaiting), deps.inventory()), unreadable);
    },
  },
  runs: {
    usage: "runs",
    says: `The runs that are open, and those that something happened to lately, ${RUNS_LISTED} at most`,
    words: 0,
    read: async (_none, deps) => {
      const open = await deps.runs.openIds();
      const recent = (await deps.recentRuns(RUNS_LISTED)).filter((id) => !open.includes(id));
      const [going, ended] = [await readAll(open, deps), await readAll(recent, deps)];
      const started = going.read.filter((run) => !isWaiting(run));
      const isGoing = (run: RunState) => !isOver(run) || isWatched(run);
      const shown = {
        open: started.filter(isGoing),
        recent: [...started.filter((run) => !isGoing(run)), ...ended.read],
      };
      return withNotes(runsCard(shown), [...going.unreadable, ...ended.unreadable]);
    },
  },
  show: {
    usage: "show <plan or run>",
    says: "A plan as it is signed, or a run as far as it is",
    words: 1,
    read: async (id, deps) => {
      const run = await runNamed(id, deps);
      const nowMs = deps.clock.now();
      const incident = run.plan.incident === undefined ? undefined : await deps.incidents.get(run.plan.incident);
      const known = { nowMs, downSinceMs: incident?.value.firstSeenAtMs };
      if (run.startedAtMs === undefined) {
        const wait = standingAt((await deps.waits.get(run.plan.service))?.value, nowMs);
        return planInFull(run, deps.inventory(), { ...known, wait });
      }
      const before = await runsBefore(run, (each) => deps.runs.read(each));
      return progressCard(run, deps.inventory(), { ...known, before, latest: await deps.notesOf(run.plan.id) });
    },
  },
};

async function incidentNamed(named: string | undefined, deps: ReadingDeps): Promise<Incident> {
  for (const id of named === undefined ? [] : asId(named)) {
    const stored = await deps.incidents.get(id);
    if (stored) return stored.value;
  }
  const open = await openIncidents(deps);
  const [only, ...others] = open;
  if (named === undefined && only !== undefined && others.length === 0) return only;
  const ids = open.map(({ id, severity, title }) => `${id} (${severity.toUpperCase()}, ${title})`);
  const known = ids.length === 0 ? "No incident is open." : `Open: ${ids.join("; ")}.`;
  throw new UserError(
    "incident-unknown",
    named === undefined ? `Name an incident. ${known}` : `There is no incident ${named}. ${known}`,
  );
}

async function runNamed(named: string | undefined, deps: ReadingDeps): Promise<RunState> {
  for (const id of named === undefined ? [] : asId(named)) {
    const run = await deps.runs.read(id);
    if (run) return run;
  }
  const ids = [...new Set([...(await deps.runs.openIds()), ...(await deps.recentRuns(RUNS_LISTED))])];
  const known = ids.length === 0 ? "None was made yet." : `There are: ${ids.join(", ")}.`;
  throw new UserError(
    "run-unknown",
    named === undefined ? `Name a plan or run. ${known}` : `There is no plan or run ${named}. ${known}`,
  );
}

const isWaiting = ({ state }: RunState): boolean => state === "waiting-for-keys";

async function readAll(ids: readonly string[], { runs }: ReadingDeps) {
  const { read, unreadable } = await readable(ids.map((id) => runs.read(id)));
  return { read: read.filter((run) => run !== undefined), unreadable };
}

/** What cannot be read is named, and hides nothing else. */
function withNotes(card: Card, unreadable: readonly Error[]): Card {
  return {
    ...card,
    parts: [...card.parts, ...unreadable.map(({ message }) => ({ kind: "note" as const, text: message }))],
  };
}
