import { laterMovesOf } from "../../domain/plan-run/later-moves.ts";
import { onlyAdds } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { readable } from "../../domain/readable.ts";
import type { WatchDeps } from "./executor-deps.ts";

/** What other runs of the service have to do with the old side of this one, and with where it led. */
export interface OtherRuns {
  /** Began after this run, and something of them is left; the oldest first. */
  readonly later: readonly RunState[];
  /** One of these that the journal of this run does not name yet. */
  readonly unnamed: RunState | undefined;
  /** The run that makes the old side the writer again. */
  readonly home: RunState | undefined;
  /** The run that holds the service has a plan of its own for the old side, or cannot be read. */
  readonly isTaken: boolean;
  /** A later run cannot be read, or is there no more, so that nobody can say whose doing it is how the new side stands. */
  readonly isUntold: boolean;
}

/** Every run stays in the list of open ones until nobody looks after it; the journal names those that have left it. */
export async function otherRuns(run: RunState, { runs }: Pick<WatchDeps, "runs">): Promise<OtherRuns> {
  const { service, from, id } = run.plan;
  const { laterMoves } = run.watch;
  const [holder, open] = await Promise.all([runs.holderOf(service), runs.openIds(service)]);
  const ids = new Set([...laterMoves, ...open, ...(holder === undefined ? [] : [holder])]);
  ids.delete(id);
  const { read, unreadable } = await readable([...ids].map((each) => runs.read(each)));
  const others = read.flatMap((each) => each ?? []);
  const later = laterMovesOf(run, others);
  const held = others.find(({ plan }) => plan.id === holder);
  const isOthers = holder !== undefined && holder !== id;
  return {
    later,
    unnamed: later.find(({ plan }) => !laterMoves.includes(plan.id)),
    home: later.find(({ plan, pastNoReturn, state }) => plan.to === from && pastNoReturn && state !== "unwound"),
    isTaken: isOthers && (held === undefined || leadsOrChanges(held, from)),
    isUntold: unreadable.length > 0 || laterMoves.some((each) => !others.some(({ plan }) => plan.id === each)),
  };
}

/** A snapshot is copied into a region, and leaves everything there as it is. */
const leadsOrChanges = ({ plan }: RunState, region: string): boolean =>
  !onlyAdds(plan) && [plan.from, plan.to].includes(region);
