import { z } from "zod";
import type { CardDue } from "../domain/card-due.ts";
import { wantCard } from "../domain/card-due.ts";
import { failedStep } from "../domain/decision.ts";
import type { Event } from "../domain/event.ts";
import { findPerson, type Inventory } from "../domain/inventory.ts";
import { whoIsLeft } from "../domain/key.ts";
import type { Person } from "../domain/person.ts";
import { isWatched, type RunState, stateOf } from "../domain/run.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Paging } from "../ports/paging.ts";
import type { Records } from "../ports/records.ts";
import type { Wake } from "../ports/wake.ts";

/**
 * A run that waits for people calls them, again and again, until it does not wait any more. What was called is one small
 * document a run; every call carries a key of run, occasion and round, so that a repeat after a crash is the same call.
 */
export const RunCalls = z.strictObject({
  occasion: z.string(),
  round: z.number().int(),
  pagedAtMs: z.number().optional(),
  outcome: z.string(),
  /** The pager has an incident open for this run. */
  pagerOpen: z.boolean(),
});
export type RunCalls = z.infer<typeof RunCalls>;

export interface CallDeps {
  readonly calls: Records<RunCalls>;
  readonly cards: Records<CardDue>;
  readonly paging: Paging;
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
        why: `Plan ${plan.id} (failover of ${about}) waits for ${plan.keysRequired - run.keys.length} more key(s). Read the plan card before you turn yours.`,
      };
    case "paused":
      // A person who paused a run knows it; facts that changed under the keys are news to everybody.
      return run.voided
        ? {
            occasion: "voided",
            people: [...holders, ...commanders],
            why: `Run ${plan.id} (${about}) is paused: ${run.why}`,
          }
        : undefined;
    case "stopped":
    case "stuck":
      return {
        occasion: occasionOf(run),
        people: [...commanders, ...holders],
        why: `Run ${plan.id} (${about}) is ${run.state} and needs a decision: ${run.why}`,
      };
    case "running":
    case "verified":
      return openOldSide(run, [...commanders, ...holders]);
    case "unwinding":
    case "unwound":
    case "closed":
    case "superseded":
      return undefined;
  }
}

/** The old side answers and could not be fenced: both sides may take writes until somebody closes it. */
function openOldSide(run: RunState, people: readonly Person[]): Needed | undefined {
  if (!isWatched(run) || run.watch.says === "") return undefined;
  const { id, service, from, to } = run.plan;
  const why = `Run ${id} (${service} to ${to}): ${from} came back and could not be fenced: ${run.watch.says}`;
  return { occasion: "old-side", people, why };
}

/** The step that failed and its attempt: votes and late reports about it are no news. */
function occasionOf(run: RunState): string {
  const step = failedStep(run) ?? "";
  return `${run.state}:${step}:${stateOf(run, step).attempt}`;
}

/** Calls whoever is needed and has not been called in this round. Safe to call at any time, from any process. */
export async function callPeople(run: RunState, deps: CallDeps): Promise<void> {
  const nowMs = deps.clock.now();
  const inventory = deps.inventory();
  const needed = whoIsNeeded(run, inventory);
  const before = (await deps.calls.get(run.plan.id))?.value;
  if (!needed) return before?.pagerOpen ? standDown(run, deps) : undefined;
  const isNew = before?.occasion !== needed.occasion;
  const lastMs = isNew ? undefined : before?.pagedAtMs;
  if (lastMs !== undefined && nowMs < lastMs + inventory.file.approvals.page_again_every) return;
  const round = isNew ? 0 : (before?.round ?? 0) + (lastMs === undefined ? 0 : 1);
  const key = `${run.plan.id}:${needed.occasion}:${round}`;
  await deps.calls.change(run.plan.id, (current) =>
    current?.occasion === needed.occasion && current.round > round
      ? undefined
      : { value: { occasion: needed.occasion, round, outcome: "calling", pagerOpen: true }, events: [] },
  );
  await sayDirectly(run, needed, key, deps);
  const outcome = await page(run, needed, { pageKey: key, besidesTrigger: before?.pagerOpen !== true }, deps);
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
        : wantCard(undefined, { id, kind: "call", subject: run.plan.id, channel: person.slack }, deps.clock.now());
      return value && { value, events: [], dueAtMs: deps.clock.now() };
    });
    await deps.wake.card(id);
  }
}

async function page(
  run: RunState,
  needed: Needed,
  call: { readonly pageKey: string; readonly besidesTrigger: boolean },
  deps: CallDeps,
): Promise<string> {
  const dedupKey = pagerKey(run, deps.inventory());
  const opened = await deps.paging.trigger({
    dedupKey,
    summary: needed.why,
    source: run.plan.service,
    severity: "critical",
    urgent: true,
    details: { run: run.plan.id, from: run.plan.from, to: run.plan.to },
    links: [],
  });
  if (opened.kind !== "accepted") return failed(run, opened.kind, opened.why, deps);
  const users = needed.people.flatMap((person) => person.pagerduty ?? []);
  if (users.length === 0) return "accepted";
  const asked = await deps.paging.addResponders({
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

async function standDown(run: RunState, deps: CallDeps): Promise<void> {
  const answer = await deps.paging.resolve(pagerKey(run, deps.inventory()), "TwoKey");
  if (answer.kind !== "accepted") return;
  await deps.calls.change(run.plan.id, (current) => current && { value: { ...current, pagerOpen: false }, events: [] });
}

function pagerKey(run: RunState, inventory: Inventory): string {
  return `dr:${inventory.file.environment}:run:${run.plan.id}`;
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
