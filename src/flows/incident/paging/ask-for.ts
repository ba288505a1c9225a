import type { Changed } from "../../../domain/incident/duty.ts";
import { amend, eventOf, type Incident, isOpen } from "../../../domain/incident/incident.ts";
import { askedLadder, quietForMs, type Rung } from "../../../domain/incident/ladder.ts";
import type { PageTarget } from "../../../domain/incident/page.ts";
import { type Act, type Actor, TWOKEY } from "../life/changes.ts";
import { latestMatrix } from "./rungs.ts";

/** Who is to be paged besides, and why. */
export interface Asked {
  readonly targets: readonly PageTarget[];
  readonly why: string;
}

/**
 * Pages people outside the matrix's own time: somebody pressed Escalate, or a deadline was missed. A person's word goes
 * out at once; a deadline waits for quiet hours as the matrix does.
 */
export function askFor(
  incident: Incident,
  { targets, why }: Asked,
  { actor, nowMs }: Act,
): Changed<Incident> | undefined {
  if (!isOpen(incident) || targets.length === 0) return undefined;
  const number = incident.ladders.length + 1;
  const start = { number, severity: incident.severity, startedAtMs: nowMs, why };
  const waitsMs = (target: PageTarget) =>
    actor === TWOKEY ? quietForMs(incident.escalation, { severity: incident.severity, target, atMs: nowMs }) : 0;
  const value = amend(incident, { ladders: [...incident.ladders, askedLadder(start, targets, waitsMs)] });
  const facts = { targets: targets.map((target) => target.id), why };
  const says = `Further people are asked for: ${why}`;
  const { id: by, door } = actor;
  return { value, events: [eventOf(value, { kind: "pages.escalated", atMs: nowMs, by, door, says, facts })] };
}

/** Whom somebody who presses Escalate now pages: the next level, or the highest one again when all were paged. */
export function nextLevel(
  incident: Incident,
  nowMs: number,
): { readonly rung: Rung; readonly isAgain: boolean } | undefined {
  const ladder = latestMatrix(incident);
  const waiting = ladder?.rungs.find(
    (rung, index) =>
      rung.takenBy === undefined &&
      incident.duties[`rung:${ladder.number}.${index}`] === undefined &&
      ladder.startedAtMs + rung.afterMs > nowMs,
  );
  const rung = waiting ?? ladder?.rungs.at(-1);
  return rung && { rung, isAgain: waiting === undefined };
}

export function escalateNow(incident: Incident, actor: Actor, nowMs: number): Changed<Incident> | undefined {
  const next = nextLevel(incident, nowMs);
  if (next === undefined) return undefined;
  const { rung, isAgain } = next;
  const number = incident.ladders.length + 1;
  const takenBy = (other: Rung) => (other === rung && !isAgain ? { ...other, takenBy: number } : other);
  const taken = incident.ladders.map((each) => ({ ...each, rungs: each.rungs.map(takenBy) }));
  return askFor(
    { ...incident, ladders: taken },
    { targets: rung.targets, why: `${actor.name} escalated to level ${rung.level}` },
    { actor, nowMs },
  );
}
