import { type CardDue, wantCard } from "../../domain/card/card-due.ts";
import type { Event } from "../../domain/event.ts";
import { keeperLabel } from "../../domain/incident/pager-traits.ts";
import type { Person } from "../../domain/people/person.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { sayState } from "../../domain/plan-run/state-words.ts";
import { findService, type Inventory, sha256 } from "../../domain/service/inventory.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents } from "../../ports/documents.ts";
import type { Logger } from "../../ports/logger.ts";
import type { PageLink, Pagers } from "../../ports/pager.ts";
import type { Runs } from "../../ports/runs.ts";
import type { Wake } from "../../ports/wake.ts";
import type { CallMemory, Calls } from "./calls.ts";
import { partsOf, reasonNow } from "./first-calls.ts";
import { type Need, reach } from "./reach.ts";
import { type Needed, whoIsNeeded } from "./run-needs.ts";

/** A run that waits for people calls them. What was called is one small document a run. */
export interface CallDeps {
  readonly calls: Documents<Calls>;
  readonly cards: Documents<CardDue>;
  readonly pagers: Pagers;
  readonly clock: Clock;
  readonly wake: Wake;
  readonly inventory: () => Inventory;
  readonly logger: Logger;
  readonly chat: Pick<Chat, "addressOf">;
  /** Where the cards of the run are. */
  channelOf(run: RunState): Promise<string | undefined>;
}

/** Calls whoever is needed and has not been called in this round. Safe to call at any time, from any process. */
export async function callPeople(run: RunState, deps: CallDeps): Promise<void> {
  const { id } = run.plan;
  const needed = neededNow(run, (await deps.calls.get(id))?.value, deps);
  // First: a pager that hangs keeps no button alive that can do nothing any more.
  await renewCopies(run, `${run.length} ${needed?.reason ?? "nobody"}`, deps);
  const before = (await deps.calls.get(id))?.value.pagedAtMs;
  await reach(needed && needOf(run, needed, { ...deps, channel: await deps.channelOf(run) }), {
    ...deps,
    ...{ memory: memoryOf(id, deps.calls), isToldApart: true },
    againMs: deps.inventory().file.approvals.page_again_every,
    directly: (people, page) => sayDirectly({ run, people, page }, deps),
  });
  const after = (await deps.calls.get(id))?.value.pagedAtMs;
  // The card says who is called, and that only the pager's answer tells.
  if (after !== before) await renew(`plan:${id}`, deps);
}

/** Which of its parts are so now; what is held back for a while is none of it. */
type NeededNow = Needed & { readonly now: readonly string[] };

function neededNow(run: RunState, before: Calls | undefined, { inventory, clock }: CallDeps): NeededNow | undefined {
  const nowMs = clock.now();
  const needed = whoIsNeeded(run, inventory(), nowMs);
  const reason = needed && reasonNow(before, needed.reason, nowMs);
  if (!needed || reason === undefined) return undefined;
  const called = partsOf(reason);
  return { ...needed, reason, now: partsOf(needed.reason).filter((part) => called.includes(part)) };
}

/** A copy in a direct message is as live as the card in the room: a button that can do nothing any more goes there too. */
async function renewCopies({ plan: { id } }: RunState, stands: string, deps: CallDeps): Promise<void> {
  const { direct = [], shown } = (await deps.calls.get(id))?.value ?? {};
  if (direct.length === 0 || shown === stands) return;
  for (const copy of direct) await renew(copy, deps);
  await deps.calls.change(id, (current) => current && { value: { ...current, shown: stands }, events: [] });
}

/** Reads the run afresh, and calls; a queue of its own, so that a slow pager never holds up a failover. */
export async function callForRun(id: string, deps: CallDeps & { readonly runs: Pick<Runs, "read"> }): Promise<void> {
  const run = await deps.runs.read(id);
  if (run) await callPeople(run, deps);
}

type Placed = CallDeps & { readonly channel: string | undefined };

function needOf(run: RunState, { occasion, reason, now, people, why }: NeededNow, deps: Placed): Need {
  const { id, service, from, to } = run.plan;
  const named = inKey(reason);
  return {
    ...{ occasion, reason, now, people, why },
    key: `dr:${deps.inventory().file.environment}:run:${id}:${named}`,
    page: `${id}:${named}`,
    about: {
      ...{ source: service, details: { run: id, from, to }, links: linksOf(run, deps) },
      state: `Run ${id} is ${sayState(run.state)}`,
    },
    event: (called, unknown, told) => {
      const label = keeperLabel(deps.inventory().escalation.pagers);
      return eventOf(run, { reason, says: `${sayCalled(called, unknown, label)}: ${told}` }, deps.clock.now());
    },
  };
}

/** A pager refuses a key of more than 255 characters, and a reason has a part for each step that is refused. */
const LONGEST_IN_KEY = 100;
const inKey = (reason: string): string => (reason.length > LONGEST_IN_KEY ? sha256(reason) : reason);

/** Where somebody who reads this away from the chat goes on: the card with its buttons first, then the service's own pages. */
function linksOf({ plan }: RunState, { chat, channel, inventory }: Placed): PageLink[] {
  const { id, runbook } = plan;
  const card = channel === undefined ? [] : [{ text: `The card of ${runbook} ${id}`, href: chat.addressOf(channel) }];
  const own = findService(inventory(), plan.service)?.links ?? [];
  return [...card, ...own.map(({ label, url }) => ({ text: label, href: url }))];
}

function memoryOf(id: string, calls: Documents<Calls>): CallMemory {
  return {
    read: async () => (await calls.get(id))?.value,
    change: async (decide) => void (await calls.change(id, decide)),
  };
}

interface Directly {
  readonly run: RunState;
  readonly people: readonly Person[];
  readonly page: string;
}

/**
 * A direct message is a card that is owed: the outbox sends it, however long Slack is away. Of each person the newest is kept live;
 * an older one says for the last time that there is a newer one.
 */
async function sayDirectly({ run, people, page }: Directly, deps: CallDeps): Promise<void> {
  const { id: runId } = run.plan;
  const sent = people.map((person) => ({ person: person.id, card: `call:${page}:${person.id}` }));
  const isOf = (card: string) => sent.some(({ person }) => card.endsWith(`:${person}`));
  let replaced: readonly string[] = [];
  await deps.calls.change(runId, (current) => {
    if (!current) return undefined;
    const { direct = [] } = current;
    const cards = sent.map(({ card }) => card);
    replaced = direct.filter((card) => isOf(card) && !cards.includes(card));
    const kept = direct.filter((card) => !isOf(card));
    return { value: { ...current, direct: [...kept, ...cards] }, events: [] };
  });
  for (const { person, card } of sent) {
    const request = { id: card, kind: "call", subject: `${runId}#${person}#${card}`, to: { person } };
    await want(card, deps, (current, nowMs) => (current ? undefined : wantCard(undefined, request, nowMs)));
  }
  for (const card of replaced) await renew(card, deps);
}

const renew = (card: string, deps: CallDeps): Promise<void> =>
  want(card, deps, (current, nowMs) => current && wantCard(current, current, nowMs));

async function want(
  card: string,
  { cards, clock, wake }: CallDeps,
  decide: (current: CardDue | undefined, nowMs: number) => CardDue | undefined,
): Promise<void> {
  const nowMs = clock.now();
  const wanted = await cards.change(card, (current) => {
    const value = decide(current, nowMs);
    return value && { value, events: [], dueAtMs: nowMs };
  });
  if (wanted && wanted.wanted > wanted.sent) await wake.card(card);
}

const namesOf = (people: readonly Person[]) => people.map(({ name }) => name).join(", ");

function sayCalled(called: readonly Person[], unknown: readonly Person[], label: string): string {
  if (called.length === 0) return `${label} has the call, and knows nobody to call by name: not ${namesOf(unknown)}`;
  if (unknown.length === 0) return `Called ${namesOf(called)}`;
  return `Called ${namesOf(called)}. ${label} does not know ${namesOf(unknown)}, who was not called there`;
}

function eventOf(
  run: RunState,
  { reason, says }: { readonly reason: string; readonly says: string },
  atMs: number,
): Event {
  return {
    kind: "run.people-called",
    atMs,
    run: run.plan.id,
    service: run.plan.service,
    door: "engine",
    ...(run.plan.incident === undefined ? {} : { incident: run.plan.incident }),
    says,
    facts: { occasion: reason },
  };
}
