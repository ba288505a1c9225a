import type { Duty } from "../../domain/duty.ts";
import { answeredLadder, type Incident, isOpen } from "../../domain/incident.ts";
import type { Ladder, Rung } from "../../domain/page.ts";

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

/** The rung that a duty is about. */
export function rungAt(incident: Incident, duty: Duty): RungPlace | undefined {
  const { ladder, rung } = duty.subject;
  return rungsOf(incident).find((place) => place.ladder.number === ladder && place.index === rung);
}
