import type { Measured } from "../commands/incident-deps.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import type { Incident, UpdateFields } from "../domain/incident/incident.ts";
import { lossMs } from "../domain/plan-run/data-position.ts";
import { budgetMs } from "../domain/plan-run/plan.ts";
import { isOver, type RunState, stateOf } from "../domain/plan-run/run.ts";
import type { Clock } from "../ports/clock.ts";
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
  const runs = await Promise.all([...ids].map((id) => stores.runs.read(id)));
  return runs
    .filter((run) => run !== undefined)
    .filter((run) => run.plan.incident === incident.id || incident.services.includes(run.plan.service))
    .filter((run) => run.plan.madeAtMs >= incident.openedAtMs || run.plan.incident === incident.id)
    .sort((a, b) => a.plan.madeAtMs - b.plan.madeAtMs);
}

export async function runInProgress(incident: Incident, stores: Stores, clock: Clock): Promise<string | undefined> {
  const live = (await runsOf(incident, stores)).find((run) => !isOver(run) && run.startedAtMs !== undefined);
  return live && runLine(live, clock.now());
}

/** When users were served again, and how much was lost, from the run's own recorded measurements. */
export async function measuredOf(incident: Affected, stores: KnownRuns): Promise<Measured> {
  const verified = (await runsOf(incident, stores)).findLast((run) => run.state === "verified");
  if (!verified) return {};
  const restoredAtMs = outputOf(verified, "check-public", "verifiedAtMs");
  const promoted = await promotedIn(verified, stores);
  const lastCommitMs = outputOf(promoted, "record-position", "lastCommitMs");
  return {
    restoredAtMs,
    dataLossMs: lastCommitMs === undefined ? undefined : lostBy(promoted, lastCommitMs, incident),
  };
}

/** The run that promoted: a plan for the rest leaves the promotion out, and leaves its measurement to the run before it. */
async function promotedIn(run: RunState, stores: KnownRuns): Promise<RunState> {
  const before = run.plan.restOf && !run.steps["promote"] ? await stores.runs.read(run.plan.restOf.run) : undefined;
  return before ? promotedIn(before, stores) : run;
}

function outputOf(run: RunState, step: string, field: string): number | undefined {
  const value = stateOf(run, step).output[field];
  return typeof value === "number" ? value : undefined;
}

/** At most so much: up to the outage or, where commits went on after that was first seen, to the promotion. */
function lostBy(run: RunState, lastCommitMs: number, { firstSeenAtMs }: Affected): number {
  // The standby had every commit of writers that were stopped.
  if (run.plan.dataLoss.kind === "none") return 0;
  return lossMs(lastCommitMs, firstSeenAtMs, stateOf(run, "promote").startedAtMs ?? firstSeenAtMs);
}

/** What the next status update says before anybody edits it: facts only. */
export async function updateFacts(incident: Incident, stores: Stores, clock: Clock): Promise<UpdateFields> {
  const nowMs = clock.now();
  const run = (await runsOf(incident, stores)).at(-1);
  const acked = incident.acks[0];
  return {
    status: `Open for ${sayDuration(nowMs - incident.openedAtMs)}, ${acked ? `taken by ${acked.name}` : "nobody has acknowledged yet"}`,
    progress: run ? runLine(run, nowMs) : "No failover has been asked for",
    challenges: challengesOf(incident, run),
    eta: etaOf(run, nowMs),
  };
}

function challengesOf(incident: Incident, run: RunState | undefined): string {
  if (run && run.why !== "" && !isOver(run)) return run.why;
  if (run?.state === "waiting-for-keys") return `${run.plan.keysRequired - run.keys.length} key(s) are missing`;
  return incident.notInvited.length > 0 ? `${incident.notInvited.length} people could not be invited` : "None known";
}

function etaOf(run: RunState | undefined, nowMs: number): string {
  if (!run || run.state === "waiting-for-keys") return "Not known yet";
  if (run.state === "verified")
    return outputOf(run, "check-public", "verifiedAtMs") === undefined
      ? "The failover has ended; nobody measured whether users are served"
      : "Users are served again";
  if (run.startedAtMs === undefined || run.state !== "running") return "Not known: people have to decide first";
  return `about ${sayTime(run.startedAtMs + budgetMs(run.plan), nowMs)}, if all goes as expected`;
}
