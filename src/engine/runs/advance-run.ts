import { z } from "zod";
import { type CardDue, type CardRequest, wantCard } from "../../domain/card/card-due.ts";
import { chainOf } from "../../domain/errors.ts";
import { byHandParts } from "../../domain/plan-run/by-hand-parts.ts";
import { isLetGo } from "../../domain/plan-run/cut-off.ts";
import { endsSoon } from "../../domain/plan-run/extension.ts";
import { isGuarded } from "../../domain/plan-run/fence.ts";
import { likenessOf } from "../../domain/plan-run/learned-times.ts";
import { FIND_OUT, whyNotOurs } from "../../domain/plan-run/not-ours.ts";
import { isOver, type RunState, stillContinues } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import { newsOf } from "../../domain/plan-run/run-news.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Drivers } from "../../ports/drivers.ts";
import type { LearnedTimes } from "../../ports/learned-times.ts";
import type { GuardedCloud } from "../../ports/step.ts";
import type { Wake } from "../../ports/wake.ts";
import { type BlindWatches, watchInSight } from "./blind-watch.ts";
import { driveRun } from "./executor.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { watchOldSide } from "./fence-watch.ts";
import { haltAfter, type VainDrives } from "./halt.ts";
import { eventOf } from "./journal.ts";

export interface AdvanceDeps extends Omit<ExecutorDeps, "changed" | "progressed" | "took" | "cloud"> {
  /** The world as this run reaches it: what it asks for can be told apart from everybody else's calls. */
  readonly cloudOf: (run: RunState["plan"]) => GuardedCloud;
  readonly cards: Documents<CardDue>;
  readonly wake: Pick<Wake, "card" | "runCalls">;
  readonly notes: Documents<RunNotes>;
  readonly times: Pick<LearnedTimes, "add">;
  /** Where a run's cards go. */
  readonly channelOf: (run: RunState) => Promise<string | undefined>;
  /** Makes a plan again that was made while something was silent which answers now. */
  readonly renew: (run: RunState) => void;
  readonly drivers: Pick<Drivers, "begins" | "ends">;
  readonly vain: VainDrives;
  readonly blind: BlindWatches;
  /** What this process has shown of runs that are over and whose old side is looked at. */
  readonly shown: Map<string, string>;
}

/** The latest words of each step that is under way. */
export const RunNotes = z.strictObject({ says: z.record(z.string(), z.string()) });
export type RunNotes = z.infer<typeof RunNotes>;

async function writeNote(
  run: RunState,
  { step, says }: { readonly step: string; readonly says: string },
  deps: AdvanceDeps,
): Promise<void> {
  let isNews = false;
  await deps.notes.change(run.plan.id, (current) => {
    isNews = current?.says[step] !== says;
    return isNews ? { value: { says: { ...current?.says, [step]: says } }, events: [] } : undefined;
  });
  if (isNews) await showRun(run, deps);
}

/** Looks at one run and does what is due: the one entry point for wake-ups and for the sweep. */
export async function advanceRun(id: string, deps: AdvanceDeps, signal: AbortSignal): Promise<void> {
  const run = await deps.runs.read(id);
  if (!run) return;
  switch (run.state) {
    case "waiting-for-keys":
      if (deps.clock.now() >= run.plan.startByMs) await expire(run, deps);
      else if (!(await closeIfNotOurs(run, deps)) && !(await closeIfMovedOn(run, deps))) deps.renew(run);
      break;
    case "running":
    case "unwinding":
      // Who is cut off as well leaves it to one that is not.
      if (!isLetGo(run) || (await deps.cutOffForMs?.("now")) === undefined) await driveOn(run, deps, signal);
      break;
    case "verified":
    case "paused":
    case "stopped":
      await watchInSight(run, deps, {
        signal,
        look: () => watchOldSide(run, { ...deps, cloud: deps.cloudOf(run.plan) }, signal),
      });
      break;
    case "stuck":
    case "unwound":
    case "closed":
    case "superseded":
      break;
  }
  const after = await deps.runs.read(id);
  if (!after) return;
  // A look at an old side that is fenced is no news, and comes every two seconds for days. What a process that died has
  // written and not shown is news to this one.
  const isQuiet = isOver(after) && isGuarded(after);
  const stands = `${after.length}${endsSoon(after, deps.clock.now()) ? " ends soon" : ""}`;
  if (isQuiet && deps.shown.get(id) === stands) return;
  await showRun(after, deps);
  await deps.wake.runCalls(id);
  if (isQuiet) deps.shown.set(id, stands);
  else deps.shown.delete(id);
}

async function driveOn({ plan, epoch }: RunState, deps: AdvanceDeps, signal: AbortSignal): Promise<void> {
  const { id } = plan;
  try {
    await deps.drivers.begins(id);
    await driveRun(id, { ...deps, cloud: deps.cloudOf(plan), ...tellingOf(id, deps) }, signal);
    deps.vain.succeeded(id);
  } catch (error) {
    if (signal.aborted) throw error;
    await haltAfter({ error, epoch }, id, deps);
  } finally {
    // Another process sees in the list of connections that nobody drives it, whatever stands there.
    await deps.drivers
      .ends(id)
      .catch((error: unknown) => deps.logger.debug({ run: id, why: chainOf(error) }, "It still stands as driven here"));
  }
}

/** What a driven run tells meanwhile: none of it may hold up a step. */
function tellingOf(id: string, deps: AdvanceDeps): Pick<ExecutorDeps, "changed" | "progressed" | "took"> {
  const warn = (says: string) => (error: unknown) => deps.logger.warn({ run: id, why: chainOf(error) }, says);
  const unsaid = warn("A run's card could not be asked for");
  return {
    changed: (next) => void showRun(next, deps).catch(unsaid),
    progressed: (next, step, says) => void writeNote(next, { step, says }, deps).catch(unsaid),
    took: ({ plan }, step, time) =>
      void deps.times.add(likenessOf(step, plan), time).catch(warn("A step's time could not be kept")),
  };
}

async function expire(run: RunState, deps: AdvanceDeps): Promise<void> {
  const entry: RunEntry = { kind: "expired", atMs: deps.clock.now() };
  const says = `Plan ${run.plan.id} expired: ${run.keys.length} of ${run.plan.keysRequired} keys were turned in time`;
  await deps.runs.append(run, { entries: [entry], events: [eventOf(run, entry, { says })], over: true });
}

/** No key counts on it any more (0080): its room is told why, and people are called for no keys. */
async function closeIfNotOurs(run: RunState, deps: Pick<AdvanceDeps, "runs" | "clock">): Promise<boolean> {
  const notOurs = whyNotOurs(run);
  if (notOurs === undefined) return false;
  const why = `${notOurs}. ${FIND_OUT}`;
  const entry: RunEntry = { kind: "voided", atMs: deps.clock.now(), because: "authority", why: [why] };
  const says = `Plan ${run.plan.id} is closed: ${why}`;
  await deps.runs.append(run, { entries: [entry], events: [eventOf(run, entry, { says })], over: true });
  return true;
}

/** Nobody is called for keys that no plan takes any more, and nobody has to clear it away before the next one is made. */
export async function closeIfMovedOn(run: RunState, deps: Pick<AdvanceDeps, "runs" | "clock">): Promise<boolean> {
  const { restOf, id } = run.plan;
  if (!restOf || stillContinues(restOf, await deps.runs.read(restOf.run))) return false;
  const why = [`run ${restOf.run} has moved on since this plan for its rest was made`];
  const entry: RunEntry = { kind: "voided", atMs: deps.clock.now(), because: "facts", why };
  const says = `Plan ${id} is closed: ${why.join("")}`;
  await deps.runs.append(run, { entries: [entry], events: [eventOf(run, entry, { says })], over: true });
  return true;
}

/**
 * The plan's card until the keys are complete, with all that it rests on in its thread, and the same by hand: it has to be
 * read also when this bot is gone. Then one progress message that is edited, and a message of its own for each piece of news.
 */
export async function showRun(
  run: RunState,
  deps: Pick<AdvanceDeps, "cards" | "clock" | "wake" | "channelOf">,
): Promise<void> {
  const channel = await deps.channelOf(run);
  if (channel === undefined) return;
  const { id: subject } = run.plan;
  const to = { channel };
  const plan = { id: `plan:${subject}`, kind: "plan", subject, to };
  const details = { id: `plan-details:${subject}`, kind: "plan-details", subject, to, under: plan.id };
  const byHand = byHandParts(run.plan).map((_, index) => ({
    ...{
      id: `by-hand:${subject}#${index + 1}`,
      kind: "by-hand",
      subject: `${subject}#${index + 1}`,
      to,
      under: plan.id,
    },
  }));
  const progress = { id: `progress:${subject}`, kind: "progress", subject, to, pin: true };
  const shown = run.startedAtMs === undefined ? [plan, details, ...byHand] : [plan, details, progress];
  const news = newsOf(run, deps.clock.now()).map(({ key }) => ({
    ...{ id: `news:${subject}:${key}`, kind: "run-news", subject: `${subject}#${key}`, to },
  }));
  for (const request of [...shown, ...news]) await want(request, deps);
}

/** A plan never changes, and neither do its steps, its commands and what has happened: each is posted once. */
const ONCE = ["plan-details", "by-hand", "run-news"];

async function want(request: CardRequest, deps: Pick<AdvanceDeps, "cards" | "clock" | "wake">): Promise<void> {
  const nowMs = deps.clock.now();
  const wanted = await deps.cards.change(request.id, (current) => {
    const value = current && ONCE.includes(request.kind) ? undefined : wantCard(current, request, nowMs);
    return value && { value, events: [], dueAtMs: nowMs };
  });
  if (wanted && wanted.wanted > wanted.sent) await deps.wake.card(request.id);
}
