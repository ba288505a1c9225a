import { sayTime } from "../../../domain/duration.ts";
import type { Plan, Unchecked } from "../../../domain/plan-run/plan.ts";
import { type Fact, factsIn, isDark } from "../../../domain/service/observation.ts";
import type { Known } from "../../../domain/service/observed.ts";
import type { Resource } from "../../../domain/service/resource.ts";
import { besides, type Region } from "../../../domain/service/service.ts";
import type { Promoted, StoreMove, StoreMoving } from "../../resources/abilities.ts";
import type { Move } from "../../resources/place.ts";
import { isAllSilentIn, type KindSeen, placesOf, seenOf, tellApart } from "../../resources/places.ts";
import { buildAgain, writerUnknown } from "../plan-parts.ts";
import { lossOf, type StoreLoss, worstLoss } from "./losses.ts";
import type { FailoverRequest } from "./request.ts";
import { deniedOn, type Unseen, unseenOn } from "./unseen.ts";

/** A store that can go to another region, and what the look means for it. */
export interface StoreJudged extends StoreLoss {
  readonly move: StoreMove<Resource, object>;
}

/** What the observation means for this request: why not, what loss, what could not be seen. */
export interface Judgement extends Move {
  readonly all: readonly KindSeen[];
  readonly stores: readonly StoreJudged[];
  readonly refusals: readonly string[];
  readonly unchecked: readonly Unchecked[];
  readonly dataLoss: Plan["dataLoss"];
  readonly isOldSideHealthy: boolean;
  /** What of the old side gives no answer. */
  readonly unseen: Unseen;
}

export function judge(request: FailoverRequest): Judgement {
  const { service, observed, to, mode, continues } = request;
  const from = fromOf(request);
  const all = placesOf(service).map((place) => seenOf(place, observed));
  const move: Move = {
    ...{ from, to, mode, continues },
    ...{ isDark: isDark(observed, from), isAllSilent: isAllSilentIn(from, all, observed) },
  };
  const stores = all.flatMap((at) => judgeStore(at, request, move));
  const unseen = unseenOn(all, move, observed.writes);
  const leftBehind = stores.flatMap((store) => whyLeftBehind(store, request)).slice(0, 1);
  return {
    ...{ ...move, all, stores, unseen, isOldSideHealthy: observed.health[from]?.kind === "healthy" },
    // While the other side is there nothing else is to be done about it first.
    refusals:
      leftBehind.length > 0 && !move.isDark
        ? leftBehind
        : [
            ...leftBehind,
            ...targetRefusals(request, {
              from,
              isPromoted: stores.some(({ moving }) => moving.promoted !== undefined),
            }),
            ...all.flatMap(stayRefusals),
            ...stores.flatMap((store) => store.move.refusals(store.at, store.moving)),
            ...all.flatMap((at) => at.kind.compute?.refusals(at, move) ?? []),
            ...all.flatMap((at) => at.kind.entrance?.refusals(at, move) ?? []),
            ...deniedOn(all, move),
            ...modeRefusals({ all, unseen }, move),
          ],
    unchecked: uncheckedOf(request, { all, stores, move }),
    dataLoss: worstLoss(stores.map(({ loss }) => loss)),
  };
}

/**
 * Where the service is now; a run that is continued leaves the same side as before. While nobody can say who is writer, it is
 * the one region that gives no answer.
 */
function fromOf(request: FailoverRequest): Region {
  const { service, observed, to, continues } = request;
  if (continues?.plan.to === to) return continues.plan.from;
  const { activeRegion } = observed;
  if (activeRegion.known && activeRegion.value !== to) return activeRegion.value;
  const silent = activeRegion.known ? [] : darkBeside(request);
  return silent[0] ?? besides(service, to)[0] ?? service.home;
}

const darkBeside = ({ service, observed, to }: FailoverRequest): Region[] =>
  besides(service, to).filter((region) => isDark(observed, region));

function judgeStore(at: KindSeen, request: FailoverRequest, move: Move): StoreJudged[] {
  const { store } = at.kind;
  if (!store?.move) return [];
  const promoted = store.move.standsAlone(at, move.to) ? promotedBy(move, darkBeside(request)) : undefined;
  const behind = store.behind(at, move.to);
  const loss = lossOf(request, { at, behind, promoted });
  const moving: StoreMoving = { ...move, promoted, knownUntilMs: loss.kind === "after" ? loss.atMs : null };
  return [{ at, behind, moving, loss, move: store.move }];
}

/**
 * Who promoted a copy that follows nobody. With the old side dark it looks like this as well when a failover was left in
 * the middle and nobody remembers it; with the old side at hand there are two writers, and that is no plan's to settle. Of
 * several dark regions nobody knows which one is the old side.
 */
function promotedBy({ continues, mode, from }: Move, [dark, another]: readonly Region[]): Promoted {
  if (continues?.pastNoReturn) return "continued";
  return mode === "unplanned" && dark === from && !another && !continues ? "before" : undefined;
}

interface Leaving {
  readonly from: Region;
  readonly isPromoted: boolean;
}

function targetRefusals(request: FailoverRequest, { from, isPromoted }: Leaving): string[] {
  const { service, observed, to, continues } = request;
  if (!service.regions.includes(to))
    return [`${service.name} has no site in ${to}. Its sites are ${service.regions.join(" and ")}.`];
  if (continues?.pastNoReturn) {
    // Who is writer cannot be told from the databases while one is being made: the journal says where this move leads.
    const { id, to: leads } = continues.plan;
    return to === leads ? [] : [`Run ${id} leads to ${leads} and is past its point of no return. Finish that first.`];
  }
  const { activeRegion } = observed;
  if (isPromoted) return [];
  if (!activeRegion.known) return [writerUnknown(request, activeRegion.why)];
  if (activeRegion.value === from) return [];
  return [
    `${service.name} is active in ${to} already. To move it to ${from}: /dr failover ${service.name} to ${from}.`,
  ];
}

/** The way back to a side that was fenced, before it was built again: it has nothing that was written since. */
function whyLeftBehind({ at, move }: StoreJudged, { observed, to }: FailoverRequest): string[] {
  const { moved, activeRegion, atMs } = observed;
  const side =
    moved?.kind === "proven" && activeRegion.known && activeRegion.value !== to ? moved.fenced[to] : undefined;
  if (!side || !move.standsAlone(at, to)) return [];
  return [
    `${to} was fenced by ${side.run} at ${sayTime(side.sinceMs, atMs)} and has no commit since. ${buildAgain(to)}`,
  ];
}

function stayRefusals({ id, kind: { store } }: KindSeen): string[] {
  if (!store || store.move) return [];
  return [`${id} cannot go to another region: ${store.staysBecause ?? "its kind has no copy there"}.`];
}

type OldSide = Pick<Judgement, "all" | "unseen">;

function modeRefusals({ all, unseen: { parts, writeChecks } }: OldSide, { mode, from, isDark: dark }: Move): string[] {
  if (mode === "unplanned") return [];
  const isLeftOpen = all.some(({ kind, ...at }) => (kind.fence?.leavesOpen?.(at, from) ?? []).length > 0);
  if (dark || parts.length > 0 || isLeftOpen)
    return [
      `A planned failover stops the writers of the old side first, and that side cannot be reached. Use mode unplanned.`,
    ];
  return writeChecks.map(
    ({ at, why }) =>
      `A planned failover proves that the old side takes no writes, and the write check of ${at.id} gives no answer there: ${why}. Mend it, or use mode unplanned.`,
  );
}

interface Judged {
  readonly all: readonly KindSeen[];
  readonly stores: readonly StoreJudged[];
  readonly move: Move;
}

/** What could not be seen of the old side, of the new side's position and of what belongs to neither; and what nobody can see. */
function uncheckedOf({ observed }: FailoverRequest, { all, stores, move }: Judged): Unchecked[] {
  const { words } = tellApart(all);
  const placed = (id: string) => all.find((at) => at.id === id);
  const named = (what: string, id: string): string => {
    const at = placed(id);
    return at ? words(what, at) : what;
  };
  const oldSide = factsIn(observed, move.from).flatMap(([id, { facts }]) =>
    facts.map(({ what, ...fact }) => ({ ...fact, what: `${named(what, id)} of ${move.from}` })),
  );
  const behind = stores.flatMap(({ at, behind: now, moving }) =>
    now && !moving.promoted ? [{ what: words("replication lag", at), seen: now.lag }] : [],
  );
  const beyond = Object.values(observed.resources).flatMap(({ facts }) => facts);
  return [
    ...[...oldSide, ...behind, ...beyond].flatMap(sayUnseen),
    ...stores.flatMap(({ at, move: to, moving }) => to.unchecked?.(at, moving) ?? []),
    ...all.flatMap((at) => at.kind.compute?.unchecked(at, move) ?? []),
    ...all.flatMap((at) => at.kind.entrance?.unchecked?.(at, move) ?? []),
  ];
}

/** Of what was known before the plan takes that, so its age stands beside it. */
const sayUnseen = ({
  what,
  seen,
  before,
}: Pick<Fact, "what" | "before"> & { readonly seen: Known<unknown> }): Unchecked[] =>
  seen.known
    ? []
    : [
        `${what}: ${seen.why}`,
        ...(before ? [{ says: `${what}, as it answered last: ${before.says}`, saidAtMs: before.atMs }] : []),
      ];
