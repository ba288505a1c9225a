import { sayDuration } from "../../../domain/duration.ts";
import type { Acceptance, Plan } from "../../../domain/plan-run/plan.ts";
import { type Answering, factsIn, isDark } from "../../../domain/service/observation.ts";
import type { Resource } from "../../../domain/service/resource.ts";
import { besides, type Region } from "../../../domain/service/service.ts";
import type { Promoted, StoreMove, StoreMoving } from "../../resources/abilities.ts";
import type { Move } from "../../resources/place.ts";
import { type KindSeen, placesOf, seenOf, tellApart } from "../../resources/places.ts";
import { lossAcceptance, lossOf, type StoreLoss, worstLoss } from "./losses.ts";
import type { FailoverRequest } from "./request.ts";

/** A store that can go to another region, and what the look means for it. */
export interface StoreJudged extends StoreLoss {
  readonly move: StoreMove<Resource, object>;
}

/** What the observation means for this request: why not, what loss, what could not be seen. */
export interface Judgement extends Move {
  readonly all: readonly KindSeen[];
  readonly stores: readonly StoreJudged[];
  readonly refusals: readonly string[];
  readonly unchecked: readonly string[];
  readonly dataLoss: Plan["dataLoss"];
  readonly isOldSideHealthy: boolean;
}

export function judge(request: FailoverRequest): Judgement {
  const { service, observed, to, mode, continues } = request;
  const from = fromOf(request);
  const all = placesOf(service).map((place) => seenOf(place, observed));
  const move: Move = { from, to, mode, continues, isDark: isDark(observed, from) };
  const stores = all.flatMap((at) => judgeStore(at, request, move));
  return {
    ...{ ...move, all, stores, isOldSideHealthy: observed.health[from]?.kind === "healthy" },
    refusals: [
      ...targetRefusals(request, { from, isPromoted: stores.some(({ moving }) => moving.promoted !== undefined) }),
      ...all.flatMap(stayRefusals),
      ...stores.flatMap((store) => store.move.refusals(store.at, store.moving)),
      ...all.flatMap((at) => at.kind.compute?.refusals(at, move) ?? []),
      ...all.flatMap((at) => at.kind.entrance?.refusals(at, move) ?? []),
      ...modeRefusals(all, move),
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
  const promoted = store.move.standsAlone(at, move.to) ? promotedBy(move, darkBeside(request).length) : undefined;
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
function promotedBy({ continues, mode, isDark: dark }: Move, darkRegions: number): Promoted {
  if (continues?.pastNoReturn) return "continued";
  return mode === "unplanned" && dark && darkRegions === 1 && !continues ? "before" : undefined;
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
  if (!activeRegion.known)
    return [
      `Nobody can say which database of ${service.name} is the writer: ${activeRegion.why}. Settle that by hand first.`,
    ];
  if (activeRegion.value === from) return [];
  return [
    `${service.name} is active in ${to} already. To move it to ${from}: /dr failover ${service.name} to ${from}.`,
  ];
}

function stayRefusals({ id, kind: { store } }: KindSeen): string[] {
  if (!store || store.move) return [];
  return [`${id} cannot go to another region: ${store.staysBecause ?? "its kind has no copy there"}.`];
}

function modeRefusals(all: readonly KindSeen[], { mode, from, isDark: dark }: Move): string[] {
  if (mode === "unplanned") return [];
  const isUnseen = all.some((at) => at.kind.fence?.seenIn(at, from).known === false);
  return dark || isUnseen
    ? [
        `A planned failover stops the writers of the old side first, and that side cannot be reached. Use mode unplanned.`,
      ]
    : [];
}

interface Judged {
  readonly all: readonly KindSeen[];
  readonly stores: readonly StoreJudged[];
  readonly move: Move;
}

function endsSessions(at: KindSeen, region: Region): boolean {
  const { fence } = at.kind;
  return fence?.endsSessions?.(fence.thingsOf(at, region)) ?? false;
}

/** What could not be seen of the old side, of the new side's position and of what belongs to neither; and what nobody can see. */
function uncheckedOf({ observed }: FailoverRequest, { all, stores, move }: Judged): string[] {
  const { words } = tellApart(all);
  const placed = (id: string) => all.find((at) => at.id === id);
  const named = (what: string, id: string): string => {
    const at = placed(id);
    return at ? words(what, at) : what;
  };
  const oldSide = factsIn(observed, move.from).flatMap(([id, { facts }]) =>
    facts.map(({ what, seen }) => ({ what: `${named(what, id)} of ${move.from}`, seen })),
  );
  const behind = stores.flatMap(({ at, behind: now, moving }) =>
    now && !moving.promoted ? [{ what: words("replication lag", at), seen: now.lag }] : [],
  );
  const beyond = Object.values(observed.resources).flatMap(({ facts }) => facts);
  return [
    ...[...oldSide, ...behind, ...beyond].flatMap(({ what, seen }) => (seen.known ? [] : [`${what}: ${seen.why}`])),
    ...stores.flatMap(({ at, move: to, moving }) => to.unchecked?.(at, moving) ?? []),
    ...all.flatMap((at) => at.kind.compute?.unchecked(at, move) ?? []),
  ];
}

export function acceptancesFor(request: FailoverRequest, judgement: Judgement): Acceptance[] {
  const { from, to, mode, isDark: dark, stores, all } = judgement;
  const isOwn = stores.every(({ moving }) => moving.promoted === "continued");
  return [
    ...lossAcceptance(request, stores),
    ...promotedAcceptance(judgement),
    ...(dark ? [notFenced(from)] : []),
    ...(isOwn || dark ? [] : [...openAcceptance(judgement), ...sessionsAcceptance(judgement)]),
    // A control plane may be dark while users are served: whoever promoted the standby, that side is taken from them now.
    ...(mode === "unplanned" && judgement.isOldSideHealthy && !isOwn ? [looksHealthy(from)] : []),
    ...steadiness(to, request.observed.answering?.[to]),
    ...stores.flatMap(({ at, move, moving }) => toldApart(all, at, move.acceptances?.(at, moving, request.nowMs))),
    ...all.flatMap((at) => toldApart(all, at, at.kind.compute?.acceptances?.(at, judgement))),
    ...all.flatMap((at) => at.kind.entrance?.acceptances(at, judgement) ?? []),
  ];
}

/** What is little enough to be chance, and what a control plane that is well never reaches. */
const FEW = { failed: 3, share: 0.1 };
const SLOW_MS = 2_000;

/** The control planes of the new side are in trouble, by the calls that looked at it (W10). */
function steadiness(to: Region, answering: Answering | undefined): Acceptance[] {
  if (!answering) return [];
  const { asked, failed, typicalMs } = answering;
  const isFailing = failed >= FEW.failed && failed >= asked * FEW.share;
  if (!isFailing && typicalMs < SLOW_MS) return [];
  const why = isFailing
    ? `${failed} of the last ${asked} calls to it failed`
    : `half of the last ${asked} calls to it took ${sayDuration(typicalMs)} or more`;
  return [
    {
      id: "target-unsteady",
      words: `I accept that AWS in ${to} answers badly now: ${why}, and the run's own calls may be late or refused`,
      danger: `AWS in ${to} answers badly now: ${why}.`,
    },
  ];
}

const notFenced = (from: Region): Acceptance => ({
  id: "not-fenced",
  words: `I accept that ${from} cannot be fenced now and may still take writes`,
  danger: `${from} is silent and may still take writes.`,
});

const looksHealthy = (from: Region): Acceptance => ({
  id: "healthy-primary",
  words: `I accept an unplanned failover although ${from} looks healthy`,
  danger: `${from} still looks healthy.`,
});

/** Somebody promoted the new side before: it lacks what the old one took since. */
function promotedAcceptance({ from, to, stores, all }: Judgement): Acceptance[] {
  const promoted = stores.filter(({ moving }) => moving.promoted === "before");
  if (promoted.length === 0) return [];
  const lacking = `what ${from} took since is not in ${promoted.length > 1 ? "them" : "it"}`;
  const databases = promoted.map(({ at }) => tellApart(all).words("the database", at)).join(" and ");
  return [
    {
      id: "promoted-already",
      words: `I accept ${databases} in ${to} as ${promoted.length > 1 ? "the writers: they follow" : "the writer: it follows"} nobody, and ${lacking}`,
      danger: `${to} was promoted before. It does not have what ${from} took since.`,
    },
  ];
}

function openAcceptance({ from, all }: Judgement): Acceptance[] {
  const open = all.flatMap((at) => at.kind.fence?.leavesOpen?.(at, from) ?? []);
  if (open.length === 0) return [];
  const groups = open.join(" and ");
  return [
    {
      id: "left-open",
      words: `I accept that ${groups} may stay as it is: RDS in ${from} does not say which there are, and what they let in may still write`,
      danger: `${groups} may still let writers in.`,
    },
  ];
}

function sessionsAcceptance({ from, to, stores, all }: Judgement): Acceptance[] {
  const unproven = stores.filter(({ at }) => !endsSessions(at, from));
  if (unproven.length === 0) return [];
  const databases = unproven.map(({ at }) => tellApart(all).words("the old database", at)).join(" and ");
  return [
    {
      id: "sessions-not-proven",
      words: `I accept that TwoKey waits only for the tasks in ${from}, and that no other open session to ${databases} is proven to be closed, not even a task's in ${to}`,
      danger: `Open sessions of other programs may still write to ${databases}.`,
    },
  ];
}

const toldApart = (all: readonly KindSeen[], at: KindSeen, accepted: readonly Acceptance[] = []): Acceptance[] =>
  accepted.map((acceptance) => ({ ...acceptance, id: tellApart(all).id(acceptance.id, at) }));
