import { z } from "zod";
import type { CardDue } from "../../domain/card/card-due.ts";
import { wantCard } from "../../domain/card/card-due.ts";
import type { Event } from "../../domain/event.ts";
import { keeperOf } from "../../domain/incident/pager-traits.ts";
import type { Person } from "../../domain/people/person.ts";
import { failedStep } from "../../domain/plan-run/decision.ts";
import { whoIsLeft } from "../../domain/plan-run/key.ts";
import { isWatched, type RunState, stateOf } from "../../domain/plan-run/run.ts";
import { findPerson, type Inventory } from "../../domain/service/inventory.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Pagers } from "../../ports/pager.ts";
import type { Wake } from "../../ports/wake.ts";

/**
 * A run that waits for people calls them, again and again, until it does not wait any more. What was called is one small
 * document a run; every call carries a key of run, occasion and round, so that a repeat after a crash is the same call.
 */
export const RunCalls = z.strictObject({
  occasion: z.string(),
  round: z.number().int(),
  pagedAtMs: z.number().optional(),
  outcome: z.string(),
  /** Keys under which the pager may have an incident open for this run: one for each occasion, with its own title. */
  open: z.array(z.string()),
});
export type RunCalls = z.infer<typeof RunCalls>;

export interface CallDeps {
  readonly calls: Documents<RunCalls>;
  readonly cards: Documents<CardDue>;
  readonly pagers: Pagers;
  readonly clock: Clock;
  readonly wake: Wake;
  readonly inventory: () => Inventory;
  readonly logger: Logger;
}

export interface Needed {
  /** Changes when the reason does: a new occasion starts at round 0. */
  readonly occasion: string;
  readonly why: string;
  readonly people: readonly Person[];
}

/** Whom this run waits for, and why. Undefined: nobody. */
export function whoIsNeeded(run: RunState, inventory: Inventory): Needed | undefined {
  const { plan } = run;
  const commanders = inventory.people.filter((person) => person.roles.includes("commander"));
  const holders = run.keys.flatMap((key) => findPerson(inventory, key.by) ?? []);
  const about = `${plan.service} to ${plan.to}`;
  switch (run.state) {
    case "waiting-for-keys":
      return {
        occasion: "keys",
        people: whoIsLeft(run, inventory),
        why: `Plan ${plan.id} (${plan.title}) waits for ${plan.keysRequired - run.keys.length} more key(s). Read the plan card before you turn yours.`,
      };
    case "paused":
      // A person who paused a run knows it; facts that changed under the keys are news to everybody.
      if (!run.voided) return openOldSide(run, distinct([...commanders, ...holders]));
      return withOldSide(run, {
        occasion: "voided",
        people: distinct([...holders, ...commanders]),
        why: `Run ${plan.id} (${about}) is paused: ${run.why}`,
      });
    case "stopped":
    case "stuck":
      return withOldSide(run, {
        occasion: occasionOf(run),
        people: distinct([...commanders, ...holders]),
        why: `Run ${plan.id} (${about}) is ${run.state} and needs a decision: ${run.why}`,
      });
    case "running":
    case "verified":
      return openOldSide(run, distinct([...commanders, ...holders]));
    case "unwinding":
    case "unwound":
    case "closed":
    case "superseded":
      return undefined;
  }
}

/** A commander may hold a key as well. */
const distinct = (people: readonly Person[]): Person[] => [...new Set(people)];

/** The old side answers and could not be fenced: both sides may take writes until somebody closes it. */
function openOldSide(run: RunState, people: readonly Person[]): Needed | undefined {
  if (!isWatched(run) || run.watch.says === "") return undefined;
  const { id, service, from, to } = run.plan;
  const why = `Run ${id} (${service} to ${to}): ${from} came back and could not be fenced: ${run.watch.says}`;
  return { occasion: "old-side", people, why };
}

/** Both sides may take writes: news also to people who know already that the run waits for them. */
function withOldSide(run: RunState, needed: Needed): Needed {
  const open = openOldSide(run, needed.people);
  if (!open) return needed;
  return { ...needed, occasion: `${needed.occasion}:${open.occasion}`, why: `${open.why}. ${needed.why}` };
}

/** The step that failed and its attempt: votes and late reports about it are no news. */
function occasionOf(run: RunState): string {
  const step = failedStep(run) ?? "";
  return `${run.state}:${step}:${stateOf(run, step).attempt}`;
}

/** Calls whoever is needed and has not been called in this round. Safe to call at any time, from any process. */
export async function callPeople(run: RunState, deps: CallDeps): Promise<void> {
  const needed = whoIsNeeded(run, deps.inventory());
  if (!needed) return standDown(run, undefined, deps);
  const pagerKey = pagerKeyOf(run, needed, deps.inventory());
  await callNow(run, needed, pagerKey, deps);
  await standDown(run, pagerKey, deps);
}

async function callNow(run: RunState, needed: Needed, pagerKey: string, deps: CallDeps): Promise<void> {
  const nowMs = deps.clock.now();
  const before = (await deps.calls.get(run.plan.id))?.value;
  const isNew = before?.occasion !== needed.occasion;
  const lastMs = isNew ? undefined : before?.pagedAtMs;
  if (lastMs !== undefined && nowMs < lastMs + deps.inventory().file.approvals.page_again_every) return;
  const round = isNew ? 0 : (before?.round ?? 0) + (lastMs === undefined ? 0 : 1);
  const key = `${run.plan.id}:${needed.occasion}:${round}`;
  await deps.calls.change(run.plan.id, (current) => {
    if (current?.occasion === needed.occasion && current.round > round) return undefined;
    const open = [...new Set([...(current?.open ?? []), pagerKey])];
    return { value: { occasion: needed.occasion, round, outcome: "calling", open }, events: [] };
  });
  await sayDirectly(run, needed, key, deps);
  const call = { pagerKey, pageKey: key, besidesTrigger: !before?.open.includes(pagerKey) };
  const outcome = await page(run, needed, call, deps);
  await deps.calls.change(run.plan.id, (current) =>
    current?.occasion === needed.occasion && current.round === round
      ? {
          value: { ...current, outcome, ...(outcome === "accepted" ? { pagedAtMs: nowMs } : {}) },
          events: outcome === "accepted" ? [eventOf(run, needed, nowMs)] : [],
        }
      : undefined,
  );
}

async function sayDirectly(run: RunState, needed: Needed, key: string, deps: CallDeps): Promise<void> {
  for (const person of needed.people) {
    const id = `call:${key}:${person.id}`;
    await deps.cards.change(id, (current) => {
      const value = current
        ? undefined
        : wantCard(undefined, { id, kind: "call", subject: run.plan.id, to: { person: person.id } }, deps.clock.now());
      return value && { value, events: [], dueAtMs: deps.clock.now() };
    });
    await deps.wake.card(id);
  }
}

async function page(
  run: RunState,
  needed: Needed,
  {
    pagerKey: dedupKey,
    ...call
  }: { readonly pagerKey: string; readonly pageKey: string; readonly besidesTrigger: boolean },
  deps: CallDeps,
): Promise<string> {
  const opened = await deps.pagers.keeper.trigger({
    dedupKey,
    summary: needed.why,
    source: run.plan.service,
    severity: "critical",
    urgent: true,
    details: { run: run.plan.id, from: run.plan.from, to: run.plan.to },
    links: [],
  });
  const keeper = keeperOf(deps.inventory().escalation.pagers) ?? "";
  if (opened.kind !== "accepted") return failed(run, opened.kind, opened.why, deps);
  const users = needed.people.flatMap((person) => person.pagers[keeper] ?? []);
  if (users.length === 0) return "accepted";
  const asked = await deps.pagers.keeper.call({
    dedupKey,
    ...call,
    message: needed.why,
    users,
    policies: [],
    urgent: true,
  });
  return asked.kind === "accepted" ? "accepted" : failed(run, asked.kind, asked.why, deps);
}

function failed(run: RunState, kind: string, why: string, deps: CallDeps): string {
  deps.logger.warn({ run: run.plan.id, kind, why }, "People could not be paged for a run yet; the sweep tries again");
  return `${kind}: ${why}`;
}

/** Whoever is still called for something that is over is let go; what the pager does not take is tried again. */
async function standDown(run: RunState, needed: string | undefined, deps: CallDeps): Promise<void> {
  const { id } = run.plan;
  for (const key of (await deps.calls.get(id))?.value.open ?? []) {
    if (key === needed) continue;
    const answer = await deps.pagers.keeper.resolve(key, "TwoKey");
    if (answer.kind !== "accepted") continue;
    await deps.calls.change(
      id,
      (current) =>
        current && { value: { ...current, open: current.open.filter((other) => other !== key) }, events: [] },
    );
  }
}

function pagerKeyOf(run: RunState, { occasion }: Needed, inventory: Inventory): string {
  return `dr:${inventory.file.environment}:run:${run.plan.id}:${occasion}`;
}

function eventOf(run: RunState, needed: Needed, atMs: number): Event {
  return {
    kind: "run.people-called",
    atMs,
    run: run.plan.id,
    service: run.plan.service,
    door: "engine",
    ...(run.plan.incident === undefined ? {} : { incident: run.plan.incident }),
    says: `Called ${needed.people.map((person) => person.name).join(", ")}: ${needed.why}`,
    facts: { occasion: needed.occasion },
  };
}
