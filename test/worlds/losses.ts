import type { LostWrites } from "../../src/domain/plan-run/lost-writes.ts";
import { stateOf } from "../../src/domain/plan-run/run.ts";
import { PositionOutput } from "../../src/flows/steps/schemas.ts";
import { type Case, isClosedAt, isOverOpenSession, type Order, promotedAtMs, span, takenBeforeTheEnd } from "./case.ts";

/** Acknowledged orders that a promoted store does not hold. */
function lostOrders(at: Case): Order[] {
  const promoted = promotedAtMs(at);
  if (promoted === undefined) return [];
  return at.orders.filter(({ id }) => at.newRows.some((rows) => !rows.has(id)));
}

/** What was written on the old side after the promotion is no loss that anybody could have stated: `unheardWrites` has it. */
export function lossWithinAcceptance(at: Case): string[] {
  const { dataLoss } = at.plan;
  const promoted = promotedAtMs(at) ?? Number.POSITIVE_INFINITY;
  const lost = lostOrders(at).filter((order) => order.atMs <= promoted && !isRaced(at, order, promoted));
  if (lost.length === 0) return [];
  switch (dataLoss.kind) {
    case "none":
      return [`no loss was accepted, and lost are ${span(lost)}`];
    case "after": {
      const beyond = lost.filter(({ atMs }) => atMs < dataLoss.atMs);
      const accepted = new Date(dataLoss.atMs).toISOString();
      return beyond.length > 0
        ? [`accepted was the loss of what came after ${accepted}; lost are ${span(beyond)}`]
        : [];
    }
    case "unknown":
      return [];
  }
}

/** World time between the last look at the old side and the promotion; what a call takes is machine time. */
const LOOKED_BEFORE_MS = 30_000;
const CALL_TAKES_MACHINE_MS = 1_000;

/**
 * Somebody opened a closed old side between the last proof and the promotion, which nothing can close; people were told. The
 * opening itself is in the world's log: a side that stood open before, or that nobody opened, is no race.
 */
function isRaced(at: Case, { region, atMs }: Order, promoted: number): boolean {
  const lookedMs = promoted - LOOKED_BEFORE_MS - CALL_TAKES_MACHINE_MS * at.speed;
  const opened = at.log.findLast(
    ({ kind, worldMs, facts }) =>
      kind === "aws.console" &&
      facts["operation"] === "AuthorizeSecurityGroupIngress" &&
      facts["region"] === at.home &&
      worldMs >= lookedMs &&
      worldMs <= atMs &&
      isClosedAt(at, worldMs),
  );
  // They may have been told before this order: a call for the promotion that is under way comes later.
  const since = at.journal.filter((entry) => entry.atMs > (opened?.worldMs ?? atMs));
  const isTold = since.find(({ kind }) => kind === "fence-lost" || kind === "fenced-later")?.kind === "fence-lost";
  return region === at.home && opened !== undefined && isTold;
}

/** What the run reports as lost at its end is never less than what was lost, also by what the old side took after the promotion. */
export function reportedTime(at: Case): string[] {
  const { run, reported } = at;
  if (run.state !== "verified" || !reported || reported.kind === "unknown") return [];
  const promoted = promotedAtMs(at) ?? Number.POSITIVE_INFINITY;
  const ended = run.endedAtMs ?? promoted;
  const lost = lostOrders(at).filter(
    ({ atMs }) => atMs <= Math.max(promoted, ended) || run.watch.lostAtMs !== undefined,
  );
  const beyond = lost.filter((order) => !isReported(at, order, reported));
  return beyond.length > 0 ? [`reported is ${JSON.stringify(reported)}; lost are ${span(beyond)}`] : [];
}

/** It is among what the report says may be missing. */
function isReported(at: Case, order: Order, reported: LostWrites): boolean {
  const { atMs, region } = order;
  switch (reported.kind) {
    case "nothing":
      return false;
    case "between":
      return atMs >= reported.fromMs && atMs <= reported.toMs;
    case "after":
      // After it was shut only who was inside, and of the stopped writers nobody.
      if (atMs < reported.fromMs) return false;
      return (
        (atMs <= (reported.shutAtMs ?? Number.POSITIVE_INFINITY) && !reported.ofOthers) ||
        (region === at.home && isOverOpenSession(order, at))
      );
    case "unknown":
      return true;
  }
}

const positionsOf = ({ plan, run }: Case): number[] =>
  plan.steps.flatMap(({ id }) => {
    const { data } = PositionOutput.safeParse(stateOf(run, id).output);
    return data?.lastCommitMs == null ? [] : [data.lastCommitMs];
  });

/** What the run itself measured is never kinder than the world. */
export function reportedLoss(at: Case): string[] {
  const measured = positionsOf(at);
  if (measured.length === 0) return [];
  const lastCommitMs = Math.min(...measured);
  const beyond = lostOrders(at).filter(({ atMs }) => atMs < lastCommitMs);
  const says = `said that the new side has what came before ${new Date(lastCommitMs).toISOString()}`;
  return beyond.length > 0 ? [`${says}; lost are ${span(beyond)}`] : [];
}

/**
 * `verified, loss none` with a writer on the old side, in no interleaving: what it took between the promotion and the end of the run
 * was heard of, and what people agreed to in words is no exception. However little time there was: a run that ends so soon has not looked.
 */
export function noneWithAWriter(at: Case): string[] {
  const { reported } = at;
  if (at.run.state !== "verified" || !(reported?.kind === "nothing" || reported?.kind === "between")) return [];
  const outMs = reported.kind === "between" ? reported.toMs : 0;
  const unheard = takenBeforeTheEnd(at).filter(({ atMs }) => atMs > outMs && !isHeard(at, atMs));
  return unheard.length > 0 ? [`verified, and reported is ${reported.kind}; the old side took ${span(unheard)}`] : [];
}

/** It was found open after that, or had been, and was not fenced again yet. */
function isHeard({ journal }: Case, atMs: number): boolean {
  const turns = journal.filter(({ kind }) => kind === "fence-lost" || kind === "fenced-later");
  return (
    turns.findLast((turn) => turn.atMs <= atMs)?.kind === "fence-lost" ||
    turns.some((turn) => turn.kind === "fence-lost" && turn.atMs > atMs)
  );
}
