import { z } from "zod";
import { FenceOutput, fenceOf, fenceSeen, isShutOff, openedSince } from "./fence.ts";
import { type RunState, stateOf } from "./run.ts";

/**
 * What is known, after a move, of writes that the new side does not have: never less than was lost, and no more than is known (G19).
 * All times are world times, in milliseconds.
 */
export const LostWrites = z.discriminatedUnion("kind", [
  /** `closedAtMs`, `followedMs`: the new side had followed until after the old one was closed. */
  z.strictObject({
    kind: z.literal("nothing"),
    closedAtMs: z.number().exactOptional(),
    followedMs: z.number().exactOptional(),
  }),
  /** Everybody was out of `region` at `toMs`, which has been proven. */
  z.strictObject({ kind: z.literal("between"), region: z.string(), fromMs: z.number(), toMs: z.number() }),
  /**
   * Nobody has proven when the last writer of `region` was out. `shutAtMs`: from then on it let nobody new in. `ofOthers`: of the
   * writers that were stopped nothing is missing.
   */
  z.strictObject({
    kind: z.literal("after"),
    region: z.string(),
    fromMs: z.number(),
    shutAtMs: z.number().exactOptional(),
    ofOthers: z.literal(true).exactOptional(),
  }),
  z.strictObject({ kind: z.literal("unknown") }),
]);
export type LostWrites = z.infer<typeof LostWrites>;

/** Output of a step that measured how far the new side had followed. */
const Position = z.object({ lastCommitMs: z.number().nullable() });

/** What a run that has promoted says of it. */
export function lostWrites(run: RunState): LostWrites {
  const { dataLoss, from: region } = run.plan;
  const measuredMs = positionMeasured(run);
  const closedAtMs = closedForAllAtMs(run);
  if (dataLoss.kind === "none") {
    const isProven = fenceSeen(run) === "fenced" && !wasOpened(run);
    if (measuredMs === undefined || !isProven) return { kind: "unknown" };
    return closedAtMs === undefined
      ? { kind: "after", region, fromMs: measuredMs, ofOthers: true }
      : { kind: "nothing" };
  }
  const fromMs = positionKnown(run, measuredMs);
  if (fromMs === undefined) return { kind: "unknown" };
  if (closedAtMs === undefined) return { kind: "after", region, fromMs, ...shutIn(run) };
  return closedAtMs <= fromMs
    ? { kind: "nothing", closedAtMs, followedMs: fromMs }
    : { kind: "between", region, fromMs, toMs: closedAtMs };
}

/** The same after a later run of the move has seen the old side open: what it took then nobody has counted. */
export function withOpened(lost: LostWrites, run: RunState): LostWrites {
  if (!wasOpened(run) || lost.kind === "unknown") return lost;
  if (lost.kind === "nothing") return { kind: "unknown" };
  return { kind: "after", region: lost.region, fromMs: lost.fromMs };
}

/** Before the promotion or after it: writes that it took meanwhile may be on no other side. */
export const wasOpened = (run: RunState): boolean => run.watch.lostAtMs !== undefined || openedSince(run) !== undefined;

/** Of the store that had followed least far; undefined where it was not measured of every store that this run promotes. */
function positionMeasured(run: RunState): number | undefined {
  const { steps } = run.plan;
  const stores = steps.filter(({ role }) => role === "commits").length;
  const measured = steps.flatMap(({ id }) => {
    const { state, output } = stateOf(run, id);
    return (state === "done" ? Position.safeParse(output).data?.lastCommitMs : undefined) ?? [];
  });
  return stores > 0 && measured.length === stores ? Math.min(...measured) : undefined;
}

/** A plan for the rest says how far the stores had followed that were promoted before it. */
function positionKnown({ plan: { dataLoss, restOf } }: RunState, measuredMs: number | undefined): number | undefined {
  const agreedMs = dataLoss.kind === "after" ? dataLoss.atMs : undefined;
  if (measuredMs === undefined) return agreedMs;
  if (restOf === undefined) return measuredMs;
  return agreedMs === undefined ? undefined : Math.min(measuredMs, agreedMs);
}

/** Programs that were connected to the old side may go on writing there: an acceptance of this plan. */
const leavesSessionsOpen = ({ acceptances }: RunState["plan"]): boolean =>
  acceptances.some(({ id }) => id === "sessions-not-proven");

/** World time from which on nobody wrote to the old side, open sessions neither; undefined: nobody has proven that. */
function closedForAllAtMs(run: RunState): number | undefined {
  const [fence, commits] = [fenceOf(run), run.plan.steps.filter(({ role }) => role === "commits")];
  if (!fence || fenceSeen(run) !== "fenced" || wasOpened(run)) return undefined;
  // A plan for the rest fences stores that were promoted before it, too.
  if (run.plan.restOf && leavesSessionsOpen(run.plan)) return undefined;
  const ended = Object.keys(FenceOutput.safeParse(stateOf(run, fence.id).output).data?.ended ?? {});
  return ended.length > 0 && ended.length >= commits.length ? stateOf(run, fence.id).endedAtMs : undefined;
}

function shutIn(run: RunState): { readonly shutAtMs?: number } {
  const fence = fenceOf(run);
  const { endedAtMs } = fence ? stateOf(run, fence.id) : {};
  return !isShutOff(run) || wasOpened(run) || endedAtMs === undefined ? {} : { shutAtMs: endedAtMs };
}
