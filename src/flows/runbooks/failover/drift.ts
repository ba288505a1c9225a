import { isWorse } from "../../../domain/plan-run/bound.ts";
import type { Acceptance, Assumption, StepRole } from "../../../domain/plan-run/plan.ts";
import { isSettled, type RunState, stateOf } from "../../../domain/plan-run/run.ts";
import type { Answering, Observation } from "../../../domain/service/observation.ts";
import type { Region, Service } from "../../../domain/service/service.ts";
import type { IdentityFact } from "../../resources/place.ts";
import { type KindSeen, placesOf, seenOf, tellApart } from "../../resources/places.ts";
import { ofTarget } from "./acceptances.ts";
import { lagFact, linkEndedSince } from "./link-since.ts";

/**
 * The facts a failover rests on, by name. Identity facts (G3): who is writer, which resources, which records. A value of
 * undefined means it could not be seen now, and what cannot be seen is not drift.
 */
function identityFacts(all: readonly KindSeen[], to: Region): (IdentityFact & { readonly of: string })[] {
  const { id, words } = tellApart(all);
  return all.flatMap((at) =>
    at.kind.identity(at, to).map(({ fact, says, ...rest }) => {
      return { ...rest, of: at.id, fact: id(fact, at), says: words(says, at) };
    }),
  );
}

/** `promotes`: stores whose promotion was asked for before. It may show at any moment, and is this move's own effect. */
export function assumptionsFrom(all: readonly KindSeen[], to: Region, promotes: readonly string[]): Assumption[] {
  return identityFacts(all, to).flatMap(({ fact, value, says, of, isChangedByCommit }) =>
    value === undefined || (isChangedByCommit && promotes.includes(of))
      ? []
      : [{ kind: "identity" as const, fact, says, value }],
  );
}

/**
 * What has come since the plan and would surely make a step fail that is still to be done: people look at it before the point
 * of no return. What is done already is not asked about again, and what cannot be seen now is no reason.
 */
export function blockedOf(run: RunState, { service, observed, to }: Seen): string[] {
  const all = placesOf(service).map((place) => seenOf(place, observed));
  return all.flatMap((at) => {
    const { store, compute } = at.kind;
    return [
      ...(isToCome(run, at, "commits") ? (store?.move?.blockers?.(at, to) ?? []) : []),
      ...(isToCome(run, at, "commits") ? linkEndedSince(run, { all, at, to }) : []),
      // What its own scale-out has taken since is no reason to stop it.
      ...(isUntouched(run, at) ? (compute?.blockers?.(at, to) ?? []) : []),
    ];
  });
}

/** What of the same kind ends by itself, so that the first step and a commit wait for it a little. */
export function passingOf(run: RunState, { service, observed, to }: Seen): string[] {
  const all = placesOf(service).map((place) => seenOf(place, observed));
  return all.flatMap((at) => (isToCome(run, at, "commits") ? (at.kind.store?.move?.passing?.(at, to) ?? []) : []));
}

const isToCome = (run: RunState, { id }: KindSeen, role: StepRole): boolean =>
  run.plan.steps.some((step) => step.resource === id && step.role === role && !isSettled(stateOf(run, step.id)));

/** Nothing that makes it ready has begun. */
const isUntouched = (run: RunState, { id }: KindSeen): boolean =>
  run.plan.steps.some(
    (step) => step.resource === id && step.role === "prepares" && stateOf(run, step.id).state === "waiting",
  );

/**
 * What people would have to agree to now and have not, or not so far, as a sentence each; empty: nothing. A plan for the rest was made
 * with the new side as an earlier run left it, and agrees to that.
 */
export function notAgreedTo(run: RunState, { service, observed, to, answering, nowMs }: Judging): string[] {
  const all = placesOf(service).map((place) => seenOf(place, observed));
  const signed = new Map(run.plan.acceptances.map((acceptance) => [acceptance.id, acceptance]));
  const now = ofTarget({
    ...{ all, from: run.plan.from, to, nowMs, answering },
    promotedOf: (at) => (isToCome(run, at, "commits") ? undefined : "continued"),
    isBegun: (at) => !isUntouched(run, at),
  });
  const come = now.filter(({ id }) => !signed.has(id) && !signed.has(SAID_WITH[id] ?? ""));
  const worse = now.filter(({ id, bound }) => isWorse(bound, signed.get(id)?.bound));
  return [
    ...(come.length > 0 ? [`what nobody agreed to has come since the plan: ${dangersOf(come)}`] : []),
    ...(worse.length > 0 ? [`what people agreed to is worse than it was in the plan: ${dangersOf(worse)}`] : []),
  ];
}

/** Calls that were signed to come late or to be refused may well be slow: one trouble of AWS, and both sentences come and go. */
const SAID_WITH: Readonly<Record<string, string>> = { "target-slow": "target-unsteady" };

const dangersOf = (all: readonly Acceptance[]): string =>
  [...new Set(all.map(({ danger, words }) => danger ?? words))].join(" ");

interface Judging extends Seen {
  readonly answering: Answering;
  readonly nowMs: number;
}

interface Seen {
  readonly service: Service;
  readonly observed: Pick<Observation, "resources">;
  readonly to: Region;
}

/** Why the keys no longer hold, in words; empty when they do. */
export function driftOf(assumptions: readonly Assumption[], { service, observed, to }: Seen): string[] {
  const all = placesOf(service).map((place) => seenOf(place, observed));
  const facts = identityFacts(all, to);
  return assumptions.flatMap((assumption) => {
    if (assumption.kind === "identity") {
      const now = facts.find(({ fact }) => fact === assumption.fact)?.value;
      return now === undefined || now === assumption.value ? [] : [`${assumption.says} changed`];
    }
    const store = all.find((at) => at.kind.store && lagFact(all, at) === assumption.fact);
    const lag = store?.kind.store?.behind(store, to)?.lag;
    if (!lag?.known || lag.value.seconds <= assumption.limit) return [];
    return [`the standby is now ${lag.value.seconds} s behind; at most ${assumption.limit} s was accepted`];
  });
}
