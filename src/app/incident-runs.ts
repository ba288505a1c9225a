import { timeOfDay } from "../domain/card/card.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import type { Incident, UpdateFields } from "../domain/incident/incident.ts";
import { expectedOf } from "../domain/plan-run/learned-times.ts";
import { isOver, type RunState } from "../domain/plan-run/run.ts";
import { readable } from "../domain/readable.ts";
import { runbookOf } from "../flows/runbooks/index.ts";
import type { Measured } from "../flows/runbooks/runbook.ts";
import type { Clock } from "../ports/clock.ts";
import { plainText } from "../views/card-text.ts";
import { runLine } from "../views/run-progress.ts";
import type { Stores } from "./stores.ts";

/** What of an incident its runs are found and judged by. */
type Affected = Pick<Incident, "id" | "services" | "openedAtMs" | "firstSeenAtMs">;

interface KnownRuns {
  readonly runs: Pick<Stores["runs"], "holderOf" | "openIds" | "ofIncident" | "read">;
}

/** Runs that belong to an incident: by its id, newest last. */
export async function runsOf(incident: Affected, stores: KnownRuns): Promise<RunState[]> {
  const ids = new Set<string>();
  for (const service of incident.services) {
    const holder = await stores.runs.holderOf(service);
    if (holder !== undefined) ids.add(holder);
  }
  for (const id of await stores.runs.openIds()) ids.add(id);
  for (const id of await stores.runs.ofIncident(incident.id)) ids.add(id);
  const { read } = await readable([...ids].map((id) => stores.runs.read(id)));
  return read
    .filter((run) => run !== undefined)
    .filter((run) => run.plan.incident === incident.id || incident.services.includes(run.plan.service))
    .filter((run) => run.plan.madeAtMs >= incident.openedAtMs || run.plan.incident === incident.id)
    .sort((a, b) => a.plan.madeAtMs - b.plan.madeAtMs);
}

export async function runInProgress(incident: Incident, stores: Stores, clock: Clock): Promise<string | undefined> {
  const live = (await runsOf(incident, stores)).find((run) => !isOver(run) && run.startedAtMs !== undefined);
  return live && sayRun(live, clock.now());
}

const sayRun = (run: RunState, nowMs: number): string => plainText(runLine(run, timeOfDay), { nowMs });

/** When users were served again, and how much was lost, from the run's own recorded measurements. */
export async function measuredOf(incident: Affected, stores: KnownRuns): Promise<Measured> {
  const verified = (await runsOf(incident, stores)).findLast((run) => run.state === "verified");
  if (!verified) return {};
  return measuredBy(verified, incident, stores);
}

const measuredBy = (run: RunState, { firstSeenAtMs }: Pick<Affected, "firstSeenAtMs">, { runs }: KnownRuns) =>
  runbookOf(run.plan).measure(run, { firstSeenAtMs, read: (id) => runs.read(id) });

/** What the next status update says before anybody edits it: facts only. */
export async function updateFacts(incident: Incident, stores: Stores, clock: Clock): Promise<UpdateFields> {
  const nowMs = clock.now();
  const run = (await runsOf(incident, stores)).at(-1);
  const acked = incident.acks[0];
  return {
    status: `Open for ${sayDuration(nowMs - incident.openedAtMs)}, ${acked ? `acknowledged by ${acked.name}` : "nobody has acknowledged yet"}`,
    progress: run ? sayRun(run, nowMs) : "No plan has been asked for",
    challenges: challengesOf(incident, run),
    eta: run ? await etaOf(run, incident, { stores, nowMs }) : UNKNOWN_YET,
  };
}

function challengesOf(incident: Incident, run: RunState | undefined): string {
  if (run && run.why !== "" && !isOver(run)) return run.why;
  if (run?.state === "waiting-for-keys") return `Keys still missing: ${run.plan.keysRequired - run.keys.length}`;
  return incident.notInvited.length > 0 ? `${incident.notInvited.length} people could not be invited` : "None known";
}

const UNKNOWN_YET = "Not known yet";

async function etaOf(
  run: RunState,
  incident: Pick<Affected, "firstSeenAtMs">,
  { stores, nowMs }: { readonly stores: KnownRuns; readonly nowMs: number },
): Promise<string> {
  if (run.state === "waiting-for-keys") return UNKNOWN_YET;
  if (run.state === "verified")
    return (await measuredBy(run, incident, stores)).restoredAtMs === undefined
      ? "The run has ended; nobody measured whether users are served"
      : "Users are served again";
  if (run.startedAtMs === undefined || run.state !== "running") return "Not known: people have to decide first";
  const { startedAtMs } = run;
  const { fromMs, toMs } = expectedOf(run.plan);
  const [from, to] = [fromMs, toMs].map((ms) => sayTime(startedAtMs + ms, nowMs));
  return `${from === to ? `about ${to}` : `${from} to ${to}`}, if all goes as expected`;
}
