import type { Event } from "../../domain/event.ts";
import type { Person } from "../../domain/people/person.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { PageRequest, PagerAnswer, Pagers } from "../../ports/pager.ts";
import { type CallMemory, type Calls, kept } from "./calls.ts";
import { type Due, type Telling, whatIsDue } from "./due.ts";
import { calledWith, partsOf, RING, sayBrake } from "./first-calls.ts";
import { backOffMs, isUrgent, type OccasionName } from "./occasions.ts";
import { standDown } from "./stand-down.ts";
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
  /** The parts of the reason that are so now, where each says which outbreak it is of. */
  readonly now?: readonly string[];
  readonly why: string;
  /** In the order of the occasion. */
  readonly people: readonly Person[];
  /** Key of the pager's incident. */
  readonly key: string;
  /** Key of a round's calls, without the round. */
  readonly page: string;
  readonly about: Pick<PageRequest, "source" | "details" | "links" | "state">;
  /** The event that stands for an accepted round: whom the pager that rings was asked for, and whom it does not know. */
  readonly event?: (called: readonly Person[], unknown: readonly Person[], why: string) => Event;
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
  const before = await deps.memory.read();
  // After what is remembered: a time in there that is later is of a clock that went back.
  const nowMs = deps.clock.now();
  const due = whatIsDue(before, need, { ...deps, nowMs });
  if (due === undefined) return;
  const { round, untold } = due;
  const page = `${need.page}:${round}`;
  await deps.memory.change((current) => begun(current, need, due));
  const besidesTrigger = !before?.open.includes(need.key);
  const said = (way: string): Need => ({
    ...need,
    why: `${need.why}${need.now === undefined ? "" : sayBrake(need.now, { way, before, nowMs })}`,
  });
  const ringing = async () => {
    const answer = await ring(said(RING), { page, besidesTrigger, nowMs }, deps.pagers);
    await settle(said(RING), { round, ways: [RING], answer, nowMs }, deps);
  };
  const telling = async ({ way, pager, person }: ByPager) => {
    const answer = await tell(said(way), { pager, person, page, nowMs });
    await settle(need, { round, ways: [way], answer, nowMs }, deps);
  };
  const direct = untold.filter(({ pager }) => pager === undefined);
  const directly = async () => {
    await deps.directly?.(
      direct.map(({ person }) => person),
      page,
    );
    await settle(need, { round, ways: direct.map(({ way }) => way), nowMs }, deps);
  };
  const byPager = untold.flatMap((each) => (each.pager ? [{ ...each, pager: each.pager }] : []));
  await Promise.all([
    ...(due.rings ? [ringing()] : []),
    ...byPager.map(telling),
    ...(direct.length > 0 ? [directly()] : []),
  ]);
}

type ByPager = Required<Telling>;

/** Undefined: another process is further already. */
function begun(current: Calls | undefined, need: Need, { round }: Due) {
  const same = current?.reason === need.reason ? current : undefined;
  if (same !== undefined && same.round > round) return undefined;
  if (same?.round === round) {
    const { retryAtMs: _over, ...rest } = same;
    return { value: rest, events: [] };
  }
  const open = [...new Set([...(current?.open ?? []), need.key])];
  // A pager that did not accept the round before is not asked more often for the next one.
  const failures = same !== undefined && same.pagedAtMs === undefined ? same.failures : 0;
  const fresh = { reason: need.reason, round, told: [], failures, outcome: "calling", open };
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

interface Tell extends Pick<ByPager, "pager" | "person"> {
  readonly page: string;
  readonly nowMs: number;
}

function tell(need: Need, { pager, person, page, nowMs }: Tell): Promise<PagerAnswer<unknown>> {
  const users = [pager.addressOf(person) ?? ""];
  return ask(pager, callOf(need, nowMs), { pageKey: `${page}:${person.id}`, users });
}

interface Came {
  readonly round: number;
  readonly ways: readonly string[];
  /** Absent: a direct message, which is owed from now on. */
  readonly answer?: PagerAnswer<unknown>;
  readonly nowMs: number;
}

/** Writes down what came of one way, whatever becomes of the others. */
async function settle(need: Need, { round, ways, answer, nowMs }: Came, deps: ReachDeps): Promise<void> {
  const failed = answer === undefined || answer.kind === "accepted" ? undefined : answer;
  if (failed) {
    const { kind, why } = failed;
    deps.logger.warn({ page: need.page, kind, why }, "People could not be called yet; it is tried again");
  }
  await deps.memory.change((now) => {
    // What was accepted counts, also where another reason has taken its place meanwhile.
    const current = now && !failed ? withFirstCalls(now, need, { ways, nowMs }) : now;
    if (current?.reason !== need.reason || current.round !== round)
      return current && current !== now ? { value: current, events: [] } : undefined;
    if (failed) return { value: failedOnce(current, { need, failed, nowMs }, deps), events: [] };
    const isRung = ways.includes(RING);
    const tells = ways.filter((way) => way !== RING);
    const told = [...new Set([...current.told, ...tells])];
    const toldAtMs = tells.length > 0 ? { toldAtMs: nowMs } : {};
    const outcome = answer ? { outcome: "accepted" } : {};
    const value: Calls = { ...current, told, ...toldAtMs, ...outcome, ...(isRung ? { pagedAtMs: nowMs } : {}) };
    return { value, events: isRung ? eventsOf(need, deps) : [] };
  });
}

function withFirstCalls(current: Calls, { now, reason }: Need, { ways, nowMs }: Pick<Came, "ways" | "nowMs">): Calls {
  if (now === undefined) return current;
  const firstCalls = ways.reduce(
    (known, way) => calledWith(known, way === RING ? partsOf(reason) : now, { way, nowMs }),
    current.firstCalls ?? [],
  );
  return { ...current, firstCalls };
}

type Failed = Exclude<PagerAnswer, { kind: "accepted" }>;

function failedOnce(
  current: Calls,
  { need, failed, nowMs }: { readonly need: Need; readonly failed: Failed; readonly nowMs: number },
  { clock }: Pick<ReachDeps, "clock">,
): Calls {
  const failures = current.failures + 1;
  const advisedMs = failed.kind === "retry" ? failed.afterMs * clock.speed : 0;
  const retryAtMs = nowMs + Math.max(backOffMs(need.occasion, failures), advisedMs);
  return { ...current, failures, failedAtMs: nowMs, retryAtMs, outcome: `${failed.kind}: ${failed.why}` };
}

function eventsOf({ people, why, event }: Need, { pagers }: Pick<ReachDeps, "pagers">): readonly Event[] {
  const isKnown = (person: Person) => pagers.keeper.addressOf(person) !== undefined;
  const said = event?.(
    people.filter(isKnown),
    people.filter((one) => !isKnown(one)),
    why,
  );
  return said ? [said] : [];
}
