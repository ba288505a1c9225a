import type { CardRequest } from "../card/card-due.ts";
import type { AlertDocument, Signal } from "./alert.ts";
import type { Severity } from "./severity.ts";

/** Changes of one alarm that are remembered, for telling a repeat from news. */
const CHANGES_KEPT = 50;
/** Changes told in one reply of the thread; the reply is edited until it is full. */
export const CHANGES_PER_REPLY = 10;

export interface SignalContext {
  readonly service: string | undefined;
  readonly severity: Severity;
  readonly incident: string | undefined;
  readonly hasCard: boolean;
  readonly runbook?: string | undefined;
}

/** An alarm is evaluated every ten seconds at most: it goes into one state twice within this time only by two reports of it. */
const ONE_TRANSITION_MS = 1_000;

/**
 * Whether this very signal was taken in before, in whatever way the news of it came: by SNS, once or twice, or read from
 * CloudWatch. What came late opened nothing, so the same read later is no repeat. Older than everything that is remembered is.
 */
export function isReplay(alert: AlertDocument | undefined, signal: Signal): boolean {
  if (alert === undefined) return false;
  if (alert.changes.some((change) => change.id === signal.id || isOneTransition(change, signal))) return true;
  const oldest = Math.min(...alert.changes.map((change) => change.atMs));
  return alert.changes.length >= CHANGES_KEPT && signal.changedAtMs < oldest;
}

function isOneTransition({ state, atMs, late }: AlertDocument["changes"][number], signal: Signal): boolean {
  if (signal.source === "sns" || (late && !signal.late)) return false;
  return state === signal.state && Math.abs(atMs - signal.changedAtMs) < ONE_TRANSITION_MS;
}

/** The alarm after this signal. A signal older than what is shown is listed and counted, but never becomes the present state. */
export function applySignal(
  current: AlertDocument | undefined,
  signal: Signal,
  context: SignalContext,
): AlertDocument | undefined {
  if (isReplay(current, signal)) return undefined;
  const isNewest = current === undefined || signal.changedAtMs > current.changedAtMs;
  const signals = (current?.signals ?? 0) + 1;
  const { id, state, changedAtMs, reason, late } = signal;
  // What opened nothing since it is older than the installation is no repeat of what SNS delivers of it.
  const isLate = late || signal.isOld === true;
  const change = { number: signals, id, state, atMs: changedAtMs, reason, late: isLate };
  const incident = context.incident ?? current?.incident;
  return {
    fingerprint: signal.fingerprint,
    name: signal.name,
    region: signal.region,
    ...(context.service === undefined ? {} : { service: context.service }),
    severity: context.severity,
    state: isNewest ? state : current.state,
    reason: isNewest ? reason : current.reason,
    ...aboutOf(isNewest ? signal : current),
    ...(context.runbook === undefined ? {} : { runbook: context.runbook }),
    firstAtMs: Math.min(current?.firstAtMs ?? changedAtMs, changedAtMs),
    changedAtMs: isNewest ? changedAtMs : current.changedAtMs,
    alarms: (current?.alarms ?? 0) + (state === "alarm" ? 1 : 0),
    signals,
    ...(incident === undefined ? {} : { incident }),
    hasCard: current?.hasCard ?? context.hasCard,
    changes: [...(current?.changes ?? []), change].slice(-CHANGES_KEPT),
  };
}

function aboutOf(said: Pick<AlertDocument, "description" | "trigger" | "setOffBy" | "madeOf">) {
  const { description, trigger, setOffBy, madeOf } = said;
  return {
    ...(setOffBy === undefined ? {} : { setOffBy }),
    ...(madeOf === undefined ? {} : { madeOf }),
    ...(description === undefined || description === "" ? {} : { description }),
    ...(trigger === undefined ? {} : { trigger }),
  };
}

/** The alarm's card, and the reply that tells its newest change. The first change is told by the card itself. */
export function alertCards(alert: AlertDocument, channel: string): CardRequest[] {
  if (!alert.hasCard) return [];
  const id = `alert:${alert.fingerprint}`;
  const to = { channel };
  const card = { id, kind: "alert", subject: alert.fingerprint, to };
  if (alert.signals < 2) return [card];
  const reply = replyOf(alert.signals);
  return [
    card,
    { id: `${id}#${reply}`, kind: "alert-changes", subject: `${alert.fingerprint}#${reply}`, to, under: id },
  ];
}

/** Which reply tells the change with this number: 2 to 11 are in the first. */
function replyOf(changeNumber: number): number {
  return Math.floor((changeNumber - 2) / CHANGES_PER_REPLY);
}

/** What one reply of the thread tells; undefined when part of it is no longer remembered, and the reply stays as it is. */
export function changesInReply(alert: AlertDocument, reply: number): AlertDocument["changes"] | undefined {
  const first = reply * CHANGES_PER_REPLY + 2;
  const told = alert.changes.filter(({ number }) => number >= first && number < first + CHANGES_PER_REPLY);
  return told[0]?.number === first ? told : undefined;
}

/** Splits the subject of an `alert-changes` card. */
export function readReplySubject(subject: string): { readonly fingerprint: string; readonly reply: number } {
  const at = subject.lastIndexOf("#");
  return { fingerprint: subject.slice(0, at), reply: Number(subject.slice(at + 1)) };
}
