import type { Changed } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident, isOpen, withNote } from "../../../domain/incident/incident.ts";
import type { Opening } from "../intake/open.ts";
import type { Act } from "./changes.ts";

/** Of a declaration: its own id, so that it is noted once. */
type Declared = Pick<Opening, "id" | "severity" | "description">;

/**
 * Somebody declares what is open already: their words go to its room and its record, and they are invited as the one who declared it
 * is. Its severity stays, since who leads the incident has chosen it; the answer says how to raise it.
 */
export function declaredToo(
  incident: Incident,
  { id, severity, description }: Declared,
  { actor, nowMs }: Act,
): Changed<Incident> | undefined {
  if (!isOpen(incident)) return undefined;
  const says = `${actor.name} declared it too, as ${severity.toUpperCase()}: ${description}`;
  const declarers = [...incident.alsoDeclaredBy, ...(actor.id === undefined ? [] : [actor.id])];
  const value = withNote(
    { ...incident, alsoDeclaredBy: [...new Set(declarers)] },
    { id: `declared:${id}`, atMs: nowMs, says },
  );
  const { id: by, door } = actor;
  return {
    value,
    events: [eventOf(value, { kind: "incident.declared-too", atMs: nowMs, by, door, says, facts: { severity } })],
  };
}
