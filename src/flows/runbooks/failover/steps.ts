import type { PlannedStep } from "../../../domain/plan-run/plan.ts";
import { planned } from "../../../ports/step.ts";
import { deepHealthUrl, directIn } from "../../observe.ts";
import type { ComputeMoving } from "../../resources/abilities.ts";
import type { Slot } from "../../resources/place.ts";
import { type KindSeen, tellApart } from "../../resources/places.ts";
import { checkPublic } from "../../steps/check-public.ts";
import { aboutResource } from "../plan-parts.ts";
import { fence } from "./fence.ts";
import type { Judgement, StoreJudged } from "./judgement.ts";
import type { FailoverRequest } from "./request.ts";

/**
 * The runbook, in the order in which a responder would read it. Every resource goes through the same phases:
 *
 *   fence → record positions → PROMOTE → check writable → point the application → check direct → shift traffic → settle → check public
 *         → scale out ────────┘ (before the promotion, if users cannot be sent there by it)
 *                              └→ secure what was promoted; nothing waits for it
 *
 * A task that starts opens sessions to the database that its name leads to. While the old side can be reached that is the old
 * one, so new tasks start when it is closed; and nothing is cut loose before they run, while all can still be given back.
 * For a dark side the promotion waits for no task: nothing is given back there, and users wait. Tasks wait for the fence wherever
 * anything can be closed.
 *
 * What nobody reaches, a worker, takes jobs as soon as it runs. It starts when the application finds the new writer.
 */
export function failoverSteps(request: FailoverRequest, judgement: Judgement): PlannedStep[] {
  const protect = fence(request, judgement);
  const prepared = prepareEarly(request, judgement, judgement.isAllSilent ? [] : [protect.id]);
  const ready = judgement.isDark ? [] : idsOf([...prepared.values()]);
  const stores = storeSteps(judgement, { fenced: protect.id, ready });
  const computes = computeSteps(request, judgement, { stores, prepared });
  const shifted = entranceSteps(judgement, computes.ready);
  const users = checkUsers(request, judgement, shifted.length > 0 ? lastOf(shifted) : computes.ready);
  return [protect, ...stores.steps, ...computes.steps, ...shifted, users];
}

const idsOf = (steps: readonly PlannedStep[]): string[] => steps.map(({ id }) => id);

/** Steps that no other one of them waits for. */
const lastOf = (steps: readonly PlannedStep[]): string[] =>
  idsOf(steps).filter((id) => !steps.some(({ after }) => after.includes(id)));

/** The resource that a step is about, and its place in the plan. */
const slotOf = ({ all }: Judgement, at: KindSeen, after: readonly string[]): Slot => ({
  id: (base) => tellApart(all).id(base, at),
  after,
});

const about = <Step extends PlannedStep | undefined>(step: Step, at: KindSeen): Step =>
  step === undefined ? step : { ...step, ...aboutResource(at) };

interface Phase {
  readonly steps: readonly PlannedStep[];
  /** What comes next waits for these. */
  readonly ready: readonly string[];
}

interface StorePhase extends Phase {
  /** Steps that prove that a write succeeds. */
  readonly proven: readonly string[];
  /** Steps that lead the application to its databases. */
  readonly leads: readonly string[];
}

interface BeforeStores {
  readonly fenced: string;
  /** What a store waits for besides before it is cut loose. */
  readonly ready: readonly string[];
}

/** No store is cut loose before the positions of all of them are written down. One that was promoted is only proven. */
function storeSteps(judgement: Judgement, { fenced, ready }: BeforeStores): StorePhase {
  const open = judgement.stores.filter(({ moving }) => !moving.promoted);
  const step = (store: StoreJudged, phase: "measure" | "commit" | "prove", after: readonly string[]): PlannedStep =>
    about(store.move[phase](store.at, store.moving, slotOf(judgement, store.at, after)), store.at);
  const measures = open.map((store) => step(store, "measure", [fenced]));
  const commits = open.map((store) => ({ store, commit: step(store, "commit", [...idsOf(measures), ...ready]) }));
  const promoted = judgement.stores.map((store) => {
    const own = commits.find((each) => each.store === store);
    return { store, after: own ? [own.commit.id] : [fenced] };
  });
  const proofs = promoted.map(({ store, after }) => ({ store, proof: step(store, "prove", after) }));
  const secured = promoted.flatMap(({ store: { at, move, moving }, after }) => {
    return about(move.secure?.(at, moving, slotOf(judgement, at, after)), at) ?? [];
  });
  const leads = proofs.map(({ store: { at, move, moving }, proof }) => ({
    ...{ proof, lead: about(move.lead(at, moving, slotOf(judgement, at, [proof.id])), at) },
  }));
  return {
    steps: [
      ...measures,
      ...commits.map(({ commit }) => commit),
      ...proofs.map(({ proof }) => proof),
      ...secured,
      ...leads.flatMap(({ lead }) => lead ?? []),
    ],
    ready: leads.map(({ lead, proof }) => lead?.id ?? proof.id),
    proven: proofs.map(({ proof }) => proof.id),
    leads: leads.flatMap(({ lead }) => lead?.id ?? []),
  };
}

type Prepared = ReadonlyMap<KindSeen, PlannedStep>;

/** What users are served by, made strong enough before a store is cut loose, unless that alone would send them there. */
function prepareEarly(request: FailoverRequest, judgement: Judgement, after: readonly string[]): Prepared {
  const moving = computeMoving(request, judgement, []);
  const early = judgement.all.filter((at) => {
    const { compute } = at.kind;
    if (!compute || compute.reachedBy(at.resource) === "nobody") return false;
    return !(isHealthAttractive(judgement.all) && compute.isHealthyEarly(at));
  });
  return new Map(
    early.flatMap((at) => {
      const step = about(at.kind.compute?.prepare(at, moving, slotOf(judgement, at, after)), at);
      return step ? [[at, step] as const] : [];
    }),
  );
}

function computeMoving({ service }: FailoverRequest, judgement: Judgement, ledBy: readonly string[]): ComputeMoving {
  const byHandFirst = judgement.stores.flatMap(({ move, at, moving }) => move.leadByHand(at, moving) ?? []);
  return { ...judgement, url: deepHealthUrl(service), via: directIn(service, judgement.to), byHandFirst, ledBy };
}

interface Before {
  readonly stores: StorePhase;
  readonly prepared: Prepared;
}

function computeSteps(request: FailoverRequest, judgement: Judgement, { stores, prepared }: Before): Phase {
  const moving = computeMoving(request, judgement, stores.leads);
  const pairs = judgement.all.flatMap((at) => {
    const { compute } = at.kind;
    if (!compute) return [];
    const isForUsers = compute.reachedBy(at.resource) !== "nobody";
    const waits = isForUsers ? stores.proven : stores.ready;
    const prepare = prepared.get(at) ?? about(compute.prepare(at, moving, slotOf(judgement, at, waits)), at);
    const after = [...stores.ready, ...(prepare ? [prepare.id] : [])];
    return [{ isForUsers, prepare, direct: about(compute.prove(at, moving, slotOf(judgement, at, after)), at) }];
  });
  const prepares = pairs.flatMap(({ prepare }) => prepare ?? []);
  const directs = pairs.flatMap(({ direct }) => direct ?? []);
  const alone = pairs.flatMap(({ isForUsers, prepare, direct }) =>
    isForUsers && prepare && !direct ? [prepare.id] : [],
  );
  const ready = [...idsOf(directs), ...alone];
  return { steps: [...prepares, ...directs], ready: directs.length > 0 ? ready : [...stores.ready, ...alone] };
}

/**
 * Healthy targets alone can make DNS answer with the standby (failover records, or a weight-0 record while the other side
 * is dead). Unless a healthy target proves a writable database, scaling out therefore counts as moving users.
 */
const isHealthAttractive = (all: readonly KindSeen[]): boolean =>
  all.some((at) => at.kind.entrance?.followsHealth(at) === true);

const entranceSteps = (judgement: Judgement, after: readonly string[]): PlannedStep[] =>
  judgement.all.flatMap((at) =>
    (at.kind.entrance?.move(at, judgement, slotOf(judgement, at, after)) ?? []).map((step) => about(step, at)),
  );

function checkUsers({ service, to }: FailoverRequest, { all }: Judgement, after: readonly string[]): PlannedStep {
  const names = all.flatMap((at) => at.kind.entrance?.leadsTo(at, to) ?? []);
  const sets = all.flatMap((at) => at.kind.entrance?.movedSets?.(at) ?? []);
  return planned(checkPublic, { id: "check-public", after, input: { names, url: deepHealthUrl(service), sets } });
}
