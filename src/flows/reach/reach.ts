import type { Event } from "../../domain/event.ts";
import type { Person } from "../../domain/people/person.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { PageRequest, Pager, PagerAnswer, Pagers } from "../../ports/pager.ts";
import { type CallMemory, type Calls, kept } from "./calls.ts";
import { partsOf, rungWith } from "./first-rings.ts";
import { AGAIN_SOON, backOffMs, doubled, isUrgent, OCCASIONS, type OccasionName } from "./occasions.ts";
import { ask, type Call, open } from "./ways.ts";

/**
 * Reaches people about one thing that waits for them, round after round, until it does not wait any more.
 *
 *  A1 who was called stands in the memory as accepted only when a pager that rings has accepted it;
 *  A2 every call carries a key of subject, reason and round: a repeat after a crash is the same call;
 *  A3 no way waits for another: neither pager nor mail waits for Slack, nor a ring for a mail;
 *  A4 what was not accepted is asked for again by the back-off of its occasion, never at every look.
 */

/** What people are needed for now. */
export interface Need {
  readonly occasion: OccasionName;
  readonly reason: string;
  readonly why: string;
  /** In the order of the occasion. */
  readonly people: readonly Person[];
  /** Key of the pager's incident. */
  readonly key: string;
  /** Key of a round's calls, without the round. */
  readonly page: string;
  readonly about: Pick<PageRequest, "source" | "details" | "links" | "state">;
  /** The event that stands for an accepted round: whom the pager that rings was asked for, and whom it does not know. */
  readonly event?: (called: readonly Person[], unknown: readonly Person[]) => Event;
}

export interface ReachDeps {
  readonly pagers: Pagers;
  readonly memory: CallMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** World time after which everybody is called again, where the occasion says so. */
  readonly againMs: number;
  /** Each reason says which outbreak it is of, so that one that comes back is none of its own. Absent: what was over and begins again is. */
  readonly isToldApart?: true;
  /** Asks for a direct message to each of them; absent: there is no store to keep it in. Never waited for. */
  readonly directly?: (people: readonly Person[], page: string) => Promise<void>;
}

/** Makes what is due of one round. Safe to call at any time, from any process. */
export async function reach(need: Need | undefined, deps: ReachDeps): Promise<void> {
  if (need) await callNow(need, deps);
  if (!need || (await isRungFor(need, deps))) await standDown(need?.key, deps);
  if (!need && !deps.isToldApart) await forget(deps);
}

/** Until the pager has taken a call the one before it stands: else it would show nothing that is wrong. */
async function isRungFor({ reason }: Need, { memory }: ReachDeps): Promise<boolean> {
  const now = await memory.read();
  return now?.reason === reason && now.pagedAtMs !== undefined;
}

/** What was over and begins again is news, however alike it reads: people are called at once. */
async function forget({ memory }: ReachDeps): Promise<void> {
  const before = await memory.read();
  if (!before || before.reason === NOTHING || before.open.length > 0) return;
  await memory.change((current) =>
    current && current.open.length === 0
      ? { value: { ...OVER, ...kept(current), outcome: current.outcome }, events: [] }
      : undefined,
  );
}

const NOTHING = "";
const OVER = { reason: NOTHING, round: 0, told: [], failures: 0, open: [] };

async function callNow(need: Need, deps: ReachDeps): Promise<void> {
  const nowMs = deps.clock.now();
  const before = await deps.memory.read();
  const due = whatIsDue(before, need, { deps, nowMs });
  if (due === undefined) return;
  const page = `${need.page}:${due.round}`;
  await deps.memory.change((current) => begun(current, need, due));
  const { round } = due;
  const besidesTrigger = !before?.open.includes(need.key);
  const ringing = async () => {
    const answer = await ring(need, { page, besidesTrigger, nowMs }, deps.pagers);
    await settle(need, { round, answers: [answer], told: [], isRung: answer.kind === "accepted", nowMs }, deps);
  };
  const telling = async (each: Telling) => {
    const answer = await tell(need, { ...each, page, nowMs });
    const told = answer.kind === "accepted" ? [nameOf(each)] : [];
    await settle(need, { round, answers: [answer], told, isRung: false, nowMs }, deps);
  };
  const directly = due.rings ? [deps.directly?.(need.people, page)] : [];
  await Promise.all([...(due.rings ? [ringing()] : []), ...due.untold.map(telling), ...directly]);
}

interface Telling {
  readonly pager: Pager;
  readonly person: Person;
}
interface Due {
  readonly round: number;
  readonly rings: boolean;
  readonly untold: readonly Telling[];
}

function whatIsDue(
  before: Calls | undefined,
  need: Need,
  { deps, nowMs }: { readonly deps: ReachDeps; readonly nowMs: number },
): Due | undefined {
  const everybody = deps.pagers.others.flatMap((pager) =>
    need.people.filter((person) => pager.addressOf(person) !== undefined).map((person) => ({ pager, person })),
  );
  if (before?.reason !== need.reason) return { round: 0, rings: true, untold: everybody };
  if (before.retryAtMs !== undefined && nowMs < before.retryAtMs) return undefined;
  const { round, pagedAtMs } = before;
  const isAgain =
    OCCASIONS[need.occasion].again !== "never" && pagedAtMs !== undefined && nowMs >= pagedAtMs + deps.againMs;
  if (isAgain) return { round: round + 1, rings: true, untold: everybody };
  const untold = everybody.filter((each) => !before.told.includes(nameOf(each)));
  const rings = pagedAtMs === undefined;
  return rings || untold.length > 0 ? { round, rings, untold } : undefined;
}

const nameOf = ({ pager, person }: Telling) => `${pager.name}:${person.id}`;

/** Undefined: another process is further already. */
function begun(current: Calls | undefined, need: Need, { round }: Due) {
  if (current?.reason === need.reason && current.round > round) return undefined;
  if (current?.reason === need.reason && current.round === round) {
    const { retryAtMs: _over, ...rest } = current;
    return { value: rest, events: [] };
  }
  const open = [...new Set([...(current?.open ?? []), need.key])];
  const fresh = { reason: need.reason, round, told: [], failures: 0, outcome: "calling", open };
  const value: Calls = { ...fresh, ...kept(current) };
  return { value, events: [] };
}

interface Ring {
  readonly page: string;
  readonly besidesTrigger: boolean;
  readonly nowMs: number;
}

const callOf = ({ occasion, key, why, about: { details, links, state } }: Need, atMs: number): Call => ({
  ...{ occasion, dedupKey: key, says: why, about: { details, links, state, atMs } },
});

/** The pager's own incident first, then everybody by name. */
async function ring(need: Need, { page, besidesTrigger, nowMs }: Ring, { keeper }: Pagers): Promise<PagerAnswer> {
  const call = callOf(need, nowMs);
  const severity = isUrgent(need.occasion) ? "critical" : "warning";
  const opened = await open(keeper, call, { source: need.about.source, severity });
  if (opened.kind !== "accepted") return opened;
  const users = need.people.flatMap((person) => keeper.addressOf(person) ?? []);
  if (users.length === 0) return opened;
  const asked = await ask(keeper, call, { pageKey: page, users, besidesTrigger });
  return asked.kind === "accepted" ? { kind: "accepted", value: undefined } : asked;
}

interface Tell extends Telling {
  readonly page: string;
  readonly nowMs: number;
}

function tell(need: Need, { pager, person, page, nowMs }: Tell): Promise<PagerAnswer<unknown>> {
  const users = [pager.addressOf(person) ?? ""];
  return ask(pager, callOf(need, nowMs), { pageKey: `${page}:${person.id}`, users });
}

interface Came {
  readonly round: number;
  readonly answers: readonly PagerAnswer<unknown>[];
  readonly told: readonly string[];
  readonly isRung: boolean;
  readonly nowMs: number;
}

/** Writes down what came of one way, whatever becomes of the others. */
async function settle(need: Need, { round, answers, told, isRung, nowMs }: Came, deps: ReachDeps): Promise<void> {
  const failed = answers.flatMap((answer) => (answer.kind === "accepted" ? [] : [answer]));
  for (const { kind, why } of failed) {
    deps.logger.warn({ page: need.page, kind, why }, "People could not be called yet; it is tried again");
  }
  await deps.memory.change((current) => {
    if (current?.reason !== need.reason || current.round !== round) return undefined;
    const failures = current.failures + failed.length;
    const advisedMs = failed.map((one) => (one.kind === "retry" ? one.afterMs * deps.clock.speed : 0));
    const retryAtMs = nowMs + Math.max(backOffMs(need.occasion, failures), ...advisedMs);
    const value: Calls = {
      ...{ ...current, failures, told: [...new Set([...current.told, ...told])] },
      outcome: failed.map(({ kind, why }) => `${kind}: ${why}`).join("; ") || "accepted",
      ...(isRung ? { pagedAtMs: nowMs } : {}),
      ...(isRung && deps.isToldApart ? { firstRings: rungWith(current.firstRings, partsOf(need.reason), nowMs) } : {}),
      ...(failed.length === 0 ? {} : { retryAtMs }),
    };
    const isKnown = (person: Person) => deps.pagers.keeper.addressOf(person) !== undefined;
    const event =
      isRung &&
      need.event?.(
        need.people.filter(isKnown),
        need.people.filter((one) => !isKnown(one)),
      );
    return { value, events: event ? [event] : [] };
  });
}

/** Whoever is still called for something that is over is let go; what the pager does not take is tried again. */
async function standDown(needed: string | undefined, { memory, pagers, clock }: ReachDeps): Promise<void> {
  const before = await memory.read();
  const over = before?.open.filter((key) => key !== needed) ?? [];
  const nowMs = clock.now();
  if (over.length === 0 || nowMs < (before?.standDown?.retryAtMs ?? nowMs)) return;
  const ended: string[] = [];
  let afterMs = 0;
  for (const key of over) {
    const answer = await pagers.keeper.resolve(key, "TwoKey");
    if (answer.kind === "accepted") ended.push(key);
    else if (answer.kind === "retry") afterMs = Math.max(afterMs, answer.afterMs * clock.speed);
  }
  await memory.change((current) => {
    if (!current) return undefined;
    const { standDown: tried, ...rest } = current;
    const value = { ...rest, open: rest.open.filter((key) => !ended.includes(key)) };
    if (ended.length === over.length) return { value, events: [] };
    const failures = (tried?.failures ?? 0) + 1;
    const retryAtMs = nowMs + Math.max(doubled(AGAIN_SOON, failures), afterMs);
    return { value: { ...value, standDown: { failures, retryAtMs } }, events: [] };
  });
}
