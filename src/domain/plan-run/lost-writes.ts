import { z } from "zod";
import { openedSince } from "./before-promotion.ts";
import { FenceOutput, fenceOf, fenceSeen, isShutOff, OUT_OF_SIGHT_MS } from "./fence.ts";
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

/** What one move says of it. `of`: the service, and the region that it was moved to. */
export const LostIn = z.strictObject({ of: z.string(), writes: LostWrites });
export type LostIn = z.infer<typeof LostIn>;

/** Output of a step that measured how far the new side had followed. */
const Position = z.object({ lastCommitMs: z.number().nullable() });

/** What the runs of a move say of it when it has ended: the newest, and those whose rest it did, oldest first (`runsBefore`). */
export function lostWrites(run: RunState, before: readonly RunState[] = []): LostWrites {
  const move = [...before, run];
  const promoted = promotedIn(move);
  const measuredMs = positionOf(move, promoted);
  const closed = closedIn(run, promoted);
  const promises = move.every(({ plan }) => plan.dataLoss.kind === "none") && closed.how !== "later";
  if (promises) return keptPromise(run, { move, measuredMs, closed });
  const { from: region } = run.plan;
  const fromMs = positionKnown(move, measuredMs);
  if (fromMs === undefined) return { kind: "unknown" };
  if (closed.how === "open") return { kind: "after", region, fromMs };
  if (!closed.isForAll) return { kind: "after", region, fromMs, shutAtMs: closed.atMs };
  return closed.atMs <= fromMs
    ? { kind: "nothing", closedAtMs: closed.atMs, followedMs: fromMs }
    : { kind: "between", region, fromMs, toMs: closed.atMs };
}

interface Promised {
  readonly move: readonly RunState[];
  readonly measuredMs: number | undefined;
  readonly closed: Closed;
}

/** Of a move that promises to lose nothing: what was proven stands as long as the old side was seen closed. */
function keptPromise({ plan: { from: region } }: RunState, { move, measuredMs, closed }: Promised): LostWrites {
  const openedMs = Math.min(...move.flatMap(openSinceMs), ...betweenRunsMs(move));
  const isOpened = openedMs < Number.POSITIVE_INFINITY;
  if (measuredMs === undefined || !isWhole(move) || (closed.how === "open" && !isOpened)) return { kind: "unknown" };
  if (isOpened) return { kind: "after", region, fromMs: Math.min(measuredMs, openedMs) };
  return closed.how !== "open" && closed.isForAll
    ? { kind: "nothing" }
    : { kind: "after", region, fromMs: measuredMs, ofOthers: true };
}

/** World times at which it was seen closed for the last time, before it was seen open or could not be seen any more. */
const openSinceMs = (run: RunState): number[] => [
  ...(run.watch.lostAtMs === undefined ? [] : [run.watch.lostFromMs ?? run.watch.seenClosedMs ?? run.watch.lostAtMs]),
  ...[openedSince(run)?.fromMs ?? [], run.unseenAtEnd?.seenClosedMs ?? [], run.watch.unseenSinceMs ?? []].flat(),
];

/** World times from which on nobody looked until the next run of the move had fenced the side once more. */
const betweenRunsMs = (move: readonly RunState[]): number[] =>
  move.slice(1).flatMap((next, at) => {
    const [before, fencedMs] = [move[at], closedAtMs(next)];
    const leftMs = before?.pastNoReturn ? before.lastAtMs : undefined;
    return leftMs !== undefined && (fencedMs === undefined || fencedMs - leftMs > OUT_OF_SIGHT_MS) ? [leftMs] : [];
  });

const closedAtMs = (run: RunState): number | undefined => {
  const fence = fenceOf(run);
  return outputIn(run).laterAtMs ?? (fence && stateOf(run, fence.id).endedAtMs);
};

interface Store {
  readonly id: string;
  /** The run that promotes it, newest. */
  readonly run: RunState;
  readonly step: string;
}

/** Each store that the move promotes. */
function promotedIn(move: readonly RunState[]): Store[] {
  const all = move.flatMap((run) =>
    run.plan.steps.flatMap(({ id: step, role, resource = step }) =>
      role === "commits" ? [{ id: resource, run, step }] : [],
    ),
  );
  return [...new Map(all.map((store) => [store.id, store])).values()];
}

/** Of the store that had followed least far; undefined where it was not measured of every store. */
function positionOf(move: readonly RunState[], stores: readonly Store[]): number | undefined {
  const measured = stores.flatMap(({ id }) => move.flatMap((run) => positionsIn(run, id)).at(-1) ?? []);
  return stores.length > 0 && measured.length === stores.length ? Math.min(...measured) : undefined;
}

const positionsIn = (run: RunState, store: string): number[] =>
  run.plan.steps.flatMap(({ id, resource }) => {
    const { state, output } = stateOf(run, id);
    if (resource !== store || state !== "done") return [];
    return Position.safeParse(output).data?.lastCommitMs ?? [];
  });

/** The plan says how far those stores had followed that were promoted before the first run, and not by one that is known. */
function positionKnown(move: readonly RunState[], measuredMs: number | undefined): number | undefined {
  if (move[0]?.plan.restOf !== undefined) return undefined;
  const newest = move.at(-1)?.plan.dataLoss;
  const agreedMs = newest?.kind === "after" ? newest.atMs : undefined;
  if (measuredMs === undefined || isWhole(move)) return measuredMs ?? agreedMs;
  return agreedMs === undefined ? undefined : Math.min(measuredMs, agreedMs);
}

/** No store was promoted before the first run of it that is known. */
const isWhole = ([first]: readonly RunState[]): boolean =>
  first !== undefined && first.plan.restOf === undefined && !first.plan.pastNoReturn;

/** `later`: by the watch, after the promotion. `isForAll`: every session of every store was seen to end, too. */
type Closed =
  | { readonly how: "open" }
  | { readonly how: "in-time" | "later"; readonly atMs: number; readonly isForAll: boolean };
const OPEN: Closed = { how: "open" };

/** Since when nobody writes to the old side, as far as the newest run has proven that, and as it stood at its end. */
function closedIn(run: RunState, stores: readonly Store[]): Closed {
  const atMs = closedAtMs(run);
  const { laterAtMs, ended = {}, unseen } = outputIn(run);
  const isSeen = laterAtMs !== undefined || stores.every(isInSight);
  const isOpen = !isShutOff(run) || openSinceMs(run).length > 0 || leavesOpen(run) || !isSeen;
  if (isOpen || atMs === undefined) return OPEN;
  const isProven = fenceSeen(run) === "fenced" && unseen === undefined;
  const isForAll = isProven && stores.length > 0 && stores.every(({ id }) => id in ended);
  return { how: laterAtMs === undefined ? "in-time" : "later", atMs, isForAll };
}

/** Something that lets people in was left open: an acceptance of this plan. */
const leavesOpen = ({ plan }: RunState): boolean => plan.acceptances.some(({ id }) => id === "left-open");

const outputIn = (run: RunState): Partial<FenceOutput> => {
  const fence = fenceOf(run);
  return (fence && FenceOutput.safeParse(stateOf(run, fence.id).output).data) ?? {};
};

/** Before its promotion a move that promises to lose nothing looks all the time, and proves again what nobody saw; another one looks once more. */
function isInSight({ run, step }: Store): boolean {
  const fence = fenceOf(run);
  const [fencedMs, begunMs] = [fence && stateOf(run, fence.id).endedAtMs, stateOf(run, step).startedAtMs];
  if (run.plan.dataLoss.kind === "none" || fencedMs === undefined || begunMs === undefined) return true;
  return begunMs - fencedMs <= OUT_OF_SIGHT_MS;
}
