import type { Duty } from "../../../domain/incident/duty.ts";
import { answeredLadder, type Incident, isOpen } from "../../../domain/incident/incident.ts";
import { type Ladder, quietForMs, type Rung } from "../../../domain/incident/ladder.ts";

export function latestMatrix(incident: Incident): Ladder | undefined {
  return incident.ladders.findLast((ladder) => ladder.kind === "matrix");
}

/** Whether pages of this rung may still start. The one place that decides it. */
export function isWanted(incident: Incident, ladder: Ladder, rung: Rung): boolean {
  if (!isOpen(incident) || rung.takenBy !== undefined) return false;
  if (ladder.kind === "matrix" && ladder !== latestMatrix(incident)) return false;
  const answered = answeredLadder(incident);
  return answered === 0 || (answered < ladder.number && !rung.unlessAcked && !ladder.lowered);
}

export interface RungPlace {
  readonly ladder: Ladder;
  readonly rung: Rung;
  readonly index: number;
  readonly dueAtMs: number;
}

export function rungsOf(incident: Incident): RungPlace[] {
  return incident.ladders.flatMap((ladder) =>
    ladder.rungs.map((rung, index) => ({ ladder, rung, index, dueAtMs: ladder.startedAtMs + rung.afterMs })),
  );
}

/** The rungs that this round repeats, without those whose quiet hours it is now. */
export function reachedBy(incident: Incident, ladder: Ladder, round: number): RungPlace[] {
  const afterMs = heldMs(ladder) + round * ladder.everyMs;
  const isAwake = (target: Rung["targets"][number]) =>
    quietForMs(incident.escalation, { severity: ladder.severity, target, atMs: ladder.startedAtMs + afterMs }) === 0;
  return rungsOf(incident)
    .filter((place) => place.ladder.number === ladder.number && place.rung.afterMs < afterMs)
    .map((place) => ({ ...place, rung: { ...place.rung, targets: place.rung.targets.filter(isAwake) } }));
}

/** World time by which rounds and deadlines begin later because everybody's quiet hours hold the first page back. */
export function heldMs({ rungs }: Ladder): number {
  return rungs.length > 0 && rungs.every(({ isHeld }) => isHeld) ? Math.min(...rungs.map(({ afterMs }) => afterMs)) : 0;
}

/** The rung that a duty is about. */
export function rungAt(incident: Incident, duty: Duty): RungPlace | undefined {
  const { ladder, rung } = duty.subject;
  return rungsOf(incident).find((place) => place.ladder.number === ladder && place.index === rung);
}
