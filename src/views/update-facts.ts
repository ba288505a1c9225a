import { timeOfDay } from "../domain/card/card.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import type { Incident, UpdateFields } from "../domain/incident/incident.ts";
import { expectedOf } from "../domain/plan-run/learned-times.ts";
import { isOver, type RunState } from "../domain/plan-run/run.ts";
import { plainText } from "./card-text.ts";
import { runLine } from "./run-progress.ts";

/** The newest plan or run of an incident, and when users were served again where it has measured that. */
export interface NewestRun {
  readonly run: RunState;
  readonly measured: { readonly restoredAtMs?: number | undefined };
}

/** What the next status update says before anybody edits it: facts only. */
export function updateFacts(incident: Incident, newest: NewestRun | undefined, nowMs: number): UpdateFields {
  const acked = incident.acks[0];
  return {
    status: `Began ${sayDuration(nowMs - incident.firstSeenAtMs)} ago, ${acked ? `acknowledged by ${acked.name}` : "nobody has acknowledged yet"}`,
    progress: newest ? sayRun(newest.run, nowMs) : "No plan has been asked for",
    challenges: challengesOf(incident, newest?.run),
    eta: newest ? etaOf(newest, nowMs) : UNKNOWN_YET,
  };
}

/** A run as part of a sentence. */
export const sayRun = (run: RunState, nowMs: number): string => plainText(runLine(run, timeOfDay), { nowMs });

function challengesOf(incident: Incident, run: RunState | undefined): string {
  if (run && run.why !== "" && !isOver(run)) return run.why;
  if (run?.state === "waiting-for-keys") return `Keys still missing: ${run.plan.keysRequired - run.keys.length}`;
  return incident.notInvited.length > 0 ? `${incident.notInvited.length} people could not be invited` : "None known";
}

const UNKNOWN_YET = "Not known yet";

function etaOf({ run, measured }: NewestRun, nowMs: number): string {
  if (run.state === "waiting-for-keys") return UNKNOWN_YET;
  if (run.state === "verified")
    return measured.restoredAtMs === undefined
      ? "The run has ended; nobody measured whether users are served"
      : "Users are served again";
  if (run.startedAtMs === undefined || run.state !== "running") return "Not known: people have to decide first";
  const { startedAtMs } = run;
  const { fromMs, toMs } = expectedOf(run.plan);
  const [from, to] = [fromMs, toMs].map((ms) => sayTime(startedAtMs + ms, nowMs));
  return `${from === to ? `about ${to}` : `${from} to ${to}`}, if all goes as expected`;
}
