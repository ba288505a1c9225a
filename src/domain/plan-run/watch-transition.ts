import { Bug } from "../errors.ts";
import { isToStayFenced } from "./before-promotion.ts";
import {
  capturedWith,
  endedIn,
  FenceOutput,
  isGuarded,
  needsWatch,
  OUT_OF_SIGHT_MS,
  provenSinceFence,
  provenSinceMs,
} from "./fence.ts";
import type { Watch } from "./old-side-watch.ts";
import { isSettled, type RunState, settledAfter, stateOf, withStep } from "./run.ts";
import type { RunEntry } from "./run-entry.ts";

/** The old side answers before anything irreversible: its fence, and what was found out after it, is done again. */
export function fencedAgain(run: RunState, entry: Extract<RunEntry, { kind: "fence-again" }>): RunState {
  if (run.pastNoReturn) throw new Bug("journal-fence-too-late", "Past the point of no return the watch fences");
  const provenMs = provenSinceMs(run);
  const steps = [entry.step, ...settledAfter(run, entry.step)];
  const seen: RunState = { ...run, intents: run.intents + 1, captured: capturedWith(run, entry.captured) };
  const counted = withStep(seen, entry.step, { tries: 0 });
  const waiting = begunAnew(counted, steps, entry.atMs);
  // A store that stayed closed takes no new row, and the one before it proves nothing about the time since.
  const unseen = provenMs === undefined ? {} : { unseen: { fromMs: provenMs, untilMs: entry.atMs } };
  return withStep(waiting, entry.step, { output: { ...endedIn(run, entry.step, entry.closed ?? []), ...unseen } });
}

type Opened = Pick<Extract<RunEntry, { kind: "seen-open" }>, "fromMs" | "resources">;

/** Who came in may be in still, so that nothing is known any more of the sessions of what was open. */
export function seenOpen(run: RunState, entry: Extract<RunEntry, { kind: "seen-open" }>): RunState {
  const { ended = {}, ...before } = FenceOutput.parse(stateOf(run, entry.step).output);
  const isSame = before.opened && before.opened.newest.closedMs === undefined;
  const newest = openedWith(isSame ? before.opened?.newest : undefined, entry);
  const opened = { ...openedWith(before.opened, entry), newest };
  const kept = Object.entries(ended).filter(([resource]) => !opened.resources.includes(resource));
  const output = { ...before, opened, ...(kept.length > 0 && { ended: Object.fromEntries(kept) }) };
  return withStep(run, entry.step, { output });
}

/** It counts from when it was last seen closed before the first look that saw it open. */
const openedWith = (before: Opened | undefined, { fromMs, resources }: Opened): Opened => ({
  fromMs: before?.fromMs ?? fromMs,
  resources: [...new Set([...(before?.resources ?? []), ...resources])],
});

/** Others closed it. That it was open stays known: before the promotion it is fenced again. */
export function seenClosed(run: RunState, entry: Extract<RunEntry, { kind: "seen-closed" }>): RunState {
  const { opened, ...output } = FenceOutput.parse(stateOf(run, entry.step).output);
  if (!opened) throw new Bug("journal-never-open", "Only an old side that was seen open is seen closed again");
  const newest = { ...opened.newest, closedMs: entry.seenMs };
  return withStep(run, entry.step, { output: { ...output, opened: { ...opened, newest } } });
}

export const sightEnded = (run: RunState): RunState => keepingItsEnd(run, { sightEnded: true, blind: undefined });

/** The side is closed, so it is not fenced again: only what was found out while it may have been open. */
export function provenAgain(run: RunState, entry: Extract<RunEntry, { kind: "prove-again" }>): RunState {
  if (!isToStayFenced(run))
    throw new Bug("journal-proof-too-late", "Only before the promotion is anything proven again");
  const { fence } = FenceOutput.parse(stateOf(run, entry.step).output);
  const unseen = { fromMs: entry.fromMs, untilMs: entry.atMs };
  const fenced = withStep(run, entry.step, { output: { fence, unseen, ...endedIn(run, entry.step) } });
  return begunAnew(fenced, provenSinceFence(run), entry.atMs);
}

function begunAnew(run: RunState, steps: readonly string[], sinceMs: number): RunState {
  const again = { state: "waiting", sinceMs, startedAtMs: undefined, endedAtMs: undefined, output: {} } as const;
  return steps.reduce((now, step) => withStep(now, step, again), run);
}

type WatchEntry = Extract<
  RunEntry,
  {
    kind:
      | "watch-intent"
      | "watch-asked"
      | "watch-failed"
      | "fenced-later"
      | "fence-lost"
      | "watch-ended"
      | "moved-on"
      | "watch-blind"
      | "watch-sees";
  }
>;

export function watched(run: RunState, entry: WatchEntry): RunState {
  switch (entry.kind) {
    case "watch-intent":
      return begunByWatch(run, entry);
    case "watch-asked": {
      const requestIds = [...stateOf(run, entry.step).requestIds, ...entry.requestIds];
      return withWatch(withStep(run, entry.step, { requestIds }), { state: "asked", data: entry.data });
    }
    case "watch-failed": {
      const { state, tries } = run.watch;
      // What nobody may begin is waited for like a try that failed.
      const begun = state === "intended" || state === "asked" ? {} : { tries: tries + 1, triedAtMs: entry.atMs };
      return withWatch(run, { ...begun, state: "failed", says: entry.why });
    }
    case "fenced-later": {
      const { output } = stateOf(run, entry.step);
      const ended = entry.ended && { ended: entry.ended };
      const step = { says: entry.says, output: { ...output, fence: "fenced", laterAtMs: entry.atMs, ...ended } };
      return withWatch(withStep(run, entry.step, step), { state: "fenced", says: entry.says }, entry.atMs);
    }
    case "fence-lost":
      return openedAgain(run, entry);
    case "watch-ended":
      return watchEnded(run, entry.why, entry.atMs);
    case "moved-on":
      return keepingItsEnd(run, { laterMoves: [...run.watch.laterMoves, entry.run] });
    case "watch-blind": {
      const blind = keepingItsEnd(run, { blind: { why: entry.why, sinceMs: entry.atMs } });
      // Before the promotion all is proven again first.
      return run.pastNoReturn ? unseenSince(blind, entry.seenClosedMs) : blind;
    }
    case "watch-sees":
      return keepingItsEnd(run, { blind: undefined });
  }
}

function openedAgain(run: RunState, entry: Extract<WatchEntry, { kind: "fence-lost" }>): RunState {
  if (!isGuarded(run)) throw new Bug("journal-fence-not-proven", "Only an old side that was fenced can open again");
  const again = { tries: 0, triedAtMs: undefined, leftAlone: [], data: undefined };
  const { ended: _before, ...output } = stateOf(run, entry.step).output;
  const kept = { ...output, ...endedIn(run, entry.step, entry.closed ?? []) };
  return withWatch(withStep(run, entry.step, { output: kept }), {
    ...again,
    state: "waiting",
    says: entry.why,
    lostAtMs: entry.atMs,
    seenClosedMs: entry.seenClosedMs,
    lostFromMs: run.watch.lostFromMs ?? entry.seenClosedMs,
  });
}

function begunByWatch(run: RunState, entry: Extract<WatchEntry, { kind: "watch-intent" }>): RunState {
  if (!run.pastNoReturn || !needsWatch(run))
    throw new Bug("journal-watch-unauthorised", "Only an unfenced old side past the point of no return is fenced so");
  const { tries } = run.watch;
  const tried = { state: "intended", tries: tries + 1, triedAtMs: entry.atMs, data: undefined } as const;
  const leftAlone = entry.leftAlone ?? [];
  // From here on the fence has an effect, also one that was skipped or taken over: unwinding has to undo it.
  const { ended: _before, ...output } = stateOf(run, entry.step).output;
  const isDone = isSettled(stateOf(run, entry.step));
  const touched = withStep(run, entry.step, {
    ...(isDone && { state: "done" as const }),
    output: { ...output, ...endedIn(run, entry.step, entry.closed ?? []) },
  });
  const intents = run.intents + 1;
  return { ...withWatch(touched, { ...tried, leftAlone }), intents, captured: capturedWith(run, entry.captured) };
}

/** Nothing else is left to be driven of a verified run: whoever stood still with its watch has to find that it was superseded. */
export function watchEnded(run: RunState, says: string, atMs: number): RunState {
  const epoch = run.state === "verified" ? run.epoch + 1 : run.epoch;
  return { ...withWatch(run, { state: "ended", says }, atMs), epoch };
}

/** A run is taken over, past the point of no return: while its executor was gone others may have opened the old side and closed it again. */
export const afterSilence = (run: RunState, { lookedMs, atMs }: { lookedMs: number; atMs: number }): RunState =>
  run.pastNoReturn && atMs - lookedMs > OUT_OF_SIGHT_MS ? unseenSince(run, lookedMs) : run;

const unseenSince = (run: RunState, sinceMs: number): RunState =>
  keepingItsEnd(run, { unseenSinceMs: run.watch.unseenSinceMs ?? sinceMs });

const keepingItsEnd = (run: RunState, change: Partial<Watch>): RunState => ({
  ...run,
  watch: { ...run.watch, ...change },
});

function withWatch(run: RunState, change: Partial<Watch>, endedAtMs?: number): RunState {
  return { ...run, watch: { ...run.watch, ...change, endedAtMs } };
}
