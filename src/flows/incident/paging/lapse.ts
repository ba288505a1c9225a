import type { Changed } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident, isOpen, withNote } from "../../../domain/incident/incident.ts";
import { planLadder } from "../../../domain/incident/ladder.ts";
import { keeperOf } from "../../../domain/incident/pager-traits.ts";
import type { PagerIncident } from "../../../ports/pager.ts";
import { turnOf } from "../intake/open.ts";

/**
 * The pager has taken the acknowledgements back: their time is over there, or somebody said so. Whoever answered before counts
 * for nothing more, and everybody is paged by the matrix from its beginning. An answer that came after it stays.
 */
export function lapsedAtPager(
  incident: Incident,
  { status, lapsedAtMs }: Pick<PagerIncident, "status" | "lapsedAtMs">,
  nowMs: number,
): Changed<Incident> | undefined {
  if (lapsedAtMs === undefined || lapsedAtMs <= (incident.pager.lapsedAtMs ?? 0) || !isOpen(incident)) return undefined;
  const pager: Incident["pager"] = { ...incident.pager, lapsedAtMs };
  const answers = incident.acks.filter(({ atMs }) => atMs > lapsedAtMs);
  // Somebody has answered again meanwhile, or nobody had.
  if (status !== "triggered" || answers.length > 0 || incident.acks.length === 0)
    return { value: { ...incident, pager }, events: [] };
  const label = incident.escalation.pagers[keeperOf(incident.escalation.pagers) ?? ""]?.label ?? "the pager";
  const says = `${incident.acks.map(({ name }) => name).join(", ")} acknowledged, and ${label} counts that no longer: paging begins again`;
  const number = incident.ladders.length + 1;
  const start = { number, severity: incident.severity, startedAtMs: nowMs, lowered: false, turn: turnOf(incident.id) };
  const ladder = planLadder(incident.escalation, { ...start, why: "an acknowledgement lapsed" });
  const value = withNote(
    { ...incident, pager: { ...pager, status }, acks: [], ladders: [...incident.ladders, ladder] },
    { id: `lapsed:${number}`, atMs: nowMs, says },
  );
  const facts = { names: incident.acks.map(({ name }) => name), pager: label };
  return { value, events: [eventOf(value, { kind: "ack.lapsed", atMs: nowMs, says, facts })] };
}
