import { z } from "zod";
import { FenceOutput, fenceOf } from "../../src/domain/plan-run/fence.ts";
import { isOver, stateOf, WAITS_FOR_PEOPLE } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { type Case, promotedAtMs, span, strictOrders } from "./case.ts";
import { SOMEBODY_ELSE } from "./faults.ts";
import { lossWithinAcceptance, noneWithAWriter, reportedLoss, reportedTime } from "./losses.ts";
import type { Played } from "./played.ts";
import { shownIn } from "./shown.ts";

/** Something that a guarantee says cannot happen, and that happened. */
export interface Violation {
  readonly guarantee: string;
  readonly says: string;
}

type Rule = (at: Case) => readonly string[];

/** What is judged, by guarantee; from the world's log and the journal alone. */
const RULES: readonly (readonly [guarantee: string, rule: Rule])[] = [
  ["G1", keysBeforeCalls],
  ["G2", votesOfTwo],
  ["G5", promotedOnce],
  ["G7", givenBack],
  ["G16", comesToAnEnd],
  ["G17", nothingOnALostStore],
  ["G17", lostForNothing],
  ["G18", nothingWhileFrozen],
  ["G19", lossWithinAcceptance],
  ["G19", reportedLoss],
  ["G19", reportedTime],
  ["G20", unheardWrites],
  ["G20", noneWithAWriter],
  ["G20", fencedAtTheEnd],
  ["G21", usersAreThere],
  ["G21", everySetIsAccountedFor],
  ["G22", peopleAreCalled],
  ["G8", pagerHasIt],
  ["G16", slackShowsIt],
];

export function violationsOf(played: Played): Violation[] {
  const { run } = played;
  if (!run) return [];
  const at: Case = { ...played, run, plan: run.plan, orders: strictOrders(played, run.plan) };
  return RULES.flatMap(([guarantee, rule]) => rule(at).map((says) => ({ guarantee, says })));
}

const CallFacts = z.object({ operation: z.string(), region: z.string(), input: z.unknown() });
type Call = z.infer<typeof CallFacts> & { readonly atMs: number };

/** Changes that the bot made, and nobody else. */
const callsIn = (log: readonly LogEntry[]): Call[] =>
  log.flatMap(({ kind, worldMs, facts }) => {
    if (kind !== "aws.mutation" || JSON.stringify(facts["input"]).includes(SOMEBODY_ELSE)) return [];
    return [{ ...CallFacts.parse(facts), atMs: worldMs }];
  });

const INTENTS: ReadonlySet<RunEntry["kind"]> = new Set(["intent", "undo-intent", "watch-intent"]);

function keysBeforeCalls({ journal, log, plan }: Case): string[] {
  const authorised = journal.find(
    (entry) =>
      INTENTS.has(entry.kind) &&
      "authorised" in entry &&
      new Set(entry.authorised?.keys.filter((by) => by !== plan.requester)).size >= plan.keysRequired,
  );
  return callsIn(log).flatMap(({ operation, region, atMs }) => {
    if (!authorised || atMs < authorised.atMs) return [`${operation} in ${region} left before two keys authorised it`];
    return atMs > plan.authorisesUntilMs ? [`${operation} in ${region} left after the end date`] : [];
  });
}

/** World time that a call may be under way when people freeze everything. */
const UNDER_WAY_MS = 60_000;

function nothingWhileFrozen({ log }: Case): string[] {
  const turns = log.filter(({ kind }) => kind === "people.freeze");
  const isFrozenAt = (atMs: number) => {
    const last = turns.findLast(({ worldMs }) => worldMs <= atMs);
    return last?.facts["frozen"] === true && atMs - last.worldMs > UNDER_WAY_MS;
  };
  return callsIn(log).flatMap(({ operation, atMs }) => (isFrozenAt(atMs) ? [`${operation} left during a freeze`] : []));
}

/** Machine time for which a proof counts, and a call may be under way on it. */
const PROOF_AND_CALL_MACHINE_MS = 2_000;

/** From a store that went back in time on, nothing leaves before people have looked and signed, or it has all of it again. */
function nothingOnALostStore({ log, speed }: Case): string[] {
  const patience = PROOF_AND_CALL_MACHINE_MS * speed;
  const isOn = (atMs: number) => olderStores(log).some(({ fromMs, toMs }) => atMs > fromMs + patience && atMs < toMs);
  return callsIn(log).flatMap(({ operation, region, atMs }) =>
    isOn(atMs) ? [`${operation} in ${region} left on a store of earlier`] : [],
  );
}

/** World times in which the store knew less than the ledger. */
function olderStores(log: readonly LogEntry[]): { readonly fromMs: number; readonly toMs: number }[] {
  const turns = log.flatMap(({ kind, facts, worldMs }) => {
    if (kind === "people.accepted-store") return [{ worldMs, isOlder: false }];
    return kind === "redis.went-back" ? [{ worldMs, isOlder: facts["isOlder"] === true }] : [];
  });
  return turns.flatMap(({ worldMs: fromMs, isOlder }, at) => {
    const toMs = turns.slice(at).find((turn) => !turn.isOlder)?.worldMs ?? Number.POSITIVE_INFINITY;
    return isOlder ? [{ fromMs, toMs }] : [];
  });
}

/** A store that never went back is never taken for one that did: everything would stand still for nothing. */
function lostForNothing({ log, isStoreLost, done }: Case): string[] {
  if (log.some(({ kind }) => kind === "redis.went-back")) return [];
  return isStoreLost || done.includes("accept-store") ? ["the store was taken for lost, and it never went back"] : [];
}

/** What a run goes on without, two different approvers have voted for, neither of whom asked for it. */
function votesOfTwo({ run, journal, plan }: Case): string[] {
  return plan.steps.flatMap(({ id }) => {
    if (stateOf(run, id).state !== "skipped") return [];
    const by = journal.flatMap((entry) => (entry.kind === "vote" && entry.step === id ? [entry.by] : []));
    return new Set(by.filter((person) => person !== plan.requester)).size < 2
      ? [`${id} was skipped by ${by.join()}`]
      : [];
  });
}

function promotedOnce({ log, newRows }: Case): string[] {
  const count = log.filter(({ kind }) => kind === "rds.promotion-accepted").length;
  return count > newRows.length ? [`${count} promotions of ${newRows.length} stores`] : [];
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number | undefined;
}

/** In which the journal believes that the old side is fenced. */
function believedFenced({ journal, run, log }: Case): Stretch[] {
  const fence = fenceOf(run)?.id;
  // On a lost store nobody looks after anything, and people are called for that.
  const lostMs = log.find(({ kind }) => kind === "redis.went-back")?.worldMs;
  const stretches: Stretch[] = [];
  for (const entry of journal) {
    const open = stretches.at(-1);
    if (begins(entry, fence)) {
      if (!open || open.toMs !== undefined) stretches.push({ fromMs: entry.atMs, toMs: undefined });
    } else if (open && open.toMs === undefined && ends(entry, fence)) {
      stretches.splice(-1, 1, { ...open, toMs: entry.atMs });
    }
  }
  return lostMs === undefined
    ? stretches
    : stretches.map((each) => ({ ...each, toMs: Math.min(each.toMs ?? lostMs, lostMs) }));
}

function begins(entry: RunEntry, fence: string | undefined): boolean {
  if (entry.kind === "fenced-later") return true;
  if (entry.kind !== "done" || entry.step !== fence) return false;
  return FenceOutput.safeParse(entry.output).data?.fence === "fenced";
}

const LETS_GO: ReadonlySet<RunEntry["kind"]> = new Set([
  ...["fence-again", "fence-lost", "voided", "watch-ended", "aborted", "undo-intent", "abandoned"],
] as const);

const ends = (entry: RunEntry, fence: string | undefined): boolean =>
  LETS_GO.has(entry.kind) && (!("step" in entry) || entry.step === fence);

/** World time in which people hear of it; what a look takes is machine time, and the worlds are fast. */
const HEARD_WITHIN_MS = 30_000;
const LOOK_TAKES_MACHINE_MS = 5_000;

function unheardWrites(at: Case): string[] {
  const promoted = promotedAtMs(at);
  if (promoted === undefined) return [];
  const patience = HEARD_WITHIN_MS + LOOK_TAKES_MACHINE_MS * at.speed;
  const stretches = believedFenced(at);
  const unheard = at.orders.filter(
    ({ region, atMs }) =>
      region === at.home &&
      atMs > promoted &&
      stretches.some(
        ({ fromMs, toMs = Number.POSITIVE_INFINITY }) =>
          atMs > fromMs && atMs < toMs && Math.min(toMs, at.endedAtMs) - atMs > patience,
      ),
  );
  return unheard.length > 0 ? [`the old side took ${span(unheard)} while it counted as fenced`] : [];
}

function fencedAtTheEnd(at: Case): string[] {
  if (promotedAtMs(at) === undefined || !at.oldRefusals.includes(null)) return [];
  const open = believedFenced(at).at(-1);
  return open && open.toMs === undefined
    ? [`run is ${at.run.state}: a write on the old side succeeds, and it counts as fenced`]
    : [];
}

/** World time that a resolver, a health check and a look of our own may take. */
const SHOWN_WITHIN_MS = 60_000;

function isEditedLater({ run: { endedAtMs = 0 }, log }: Case): boolean {
  return log.some(
    ({ kind, worldMs, facts }) =>
      kind === "aws.mutation" &&
      worldMs > endedAtMs - SHOWN_WITHIN_MS &&
      JSON.stringify(facts["input"]).includes(SOMEBODY_ELSE),
  );
}

/** Its last step went through by itself, and Route 53 told it what stands there. */
function everySetIsAccountedFor(at: Case): string[] {
  if (at.run.state !== "verified" || !at.isAddedSet || isEditedLater(at)) return [];
  const { state, says } = stateOf(at.run, "check-public");
  return state === "done" && !says.includes("cannot be seen")
    ? ["verified, and a set that somebody added leads users elsewhere"]
    : [];
}

function usersAreThere(at: Case): string[] {
  const { run, plan, usersAt } = at;
  if (run.state !== "verified" || usersAt === plan.to) return [];
  return isEditedLater(at) ? [] : [`verified, and the users' name leads to ${usersAt ?? "nowhere"}`];
}

/** A run whose old side nobody can fence again goes on waiting, and calls people, two of whom can end the watch. */
function comesToAnEnd(at: Case): string[] {
  const waits = at.isStoreLost || isOver(at.run) || WAITS_FOR_PEOPLE.some((state) => state === at.run.state);
  return at.isOver && waits ? [] : [`the run is still ${at.run.state}`];
}

function peopleAreCalled({ run, told }: Case): string[] {
  const waits = run.state === "stopped" || run.state === "stuck" || (run.state === "paused" && run.voided);
  if (!waits) return [];
  if (run.why === "") return [`${run.state} without a reason`];
  return told?.needed === undefined ? [`${run.state}, and nobody is called`] : [];
}

/** Whoever is needed at the end has been called: the pager has taken it, whatever it or Slack did in between. */
function pagerHasIt({ log, told }: Case): string[] {
  if (told?.needed === undefined) return [];
  const has = log.some(
    ({ kind, facts }) =>
      kind === "pagerduty.event-accepted" && facts["action"] === "trigger" && facts["dedupKey"] === told.needed,
  );
  return has ? [] : [`people are needed (${told.needed}), and the pager never took it`];
}

/** The newest text of the run's card says what is stored. */
function slackShowsIt({ log, told }: Case): string[] {
  if (!told) return [];
  const text = shownIn(log);
  return text.startsWith(told.shows) ? [] : [`stored is “${told.shows}”, and Slack shows “${text}”`];
}

/** Before the promotion nothing was lost for users: their old side takes writes again. */
function givenBack({ run, log, oldRefusals, home }: Case): string[] {
  if (run.state !== "unwound" || run.undoSkipped.length > 0) return [];
  const mode = log.findLast(
    ({ kind, facts }) => kind === "world.region" && facts["region"] === home && facts["service"] === undefined,
  );
  const isUp = mode === undefined || mode.facts["mode"] === "up";
  const closed = oldRefusals.filter((why) => why !== null && why !== "restarting");
  return isUp && closed.length > 0 ? [`rolled back, and a write on the old side fails: ${closed.join(", ")}`] : [];
}
