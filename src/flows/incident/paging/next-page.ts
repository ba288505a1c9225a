import type { Incident } from "../../../domain/incident/incident.ts";
import { dutiesOf } from "../index.ts";
import { rungAt } from "./rungs.ts";

/** What fires next if nobody answers; for the card. */
export interface NextPage {
  /** Undefined: it is due now. */
  readonly atMs: number | undefined;
  /** `level 2`, `everybody again (round 3)` or `the commanders`. */
  readonly what: string;
  readonly targets: readonly string[];
  /** It is due, and the pager has not taken the incident yet. */
  readonly isHeld?: true;
}

const NOT_TAKEN = new Set(["retry", "unknown", "failed"]);

export function nextPage(incident: Incident, nowMs: number): NextPage | undefined {
  const owed = dutiesOf(incident, nowMs)
    .filter(({ kind, done }) => !done && ["rung", "round", "direct", "tell", "exhausted"].includes(kind))
    .filter((duty) => incident.duties[duty.key] === undefined)
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs);
  const [first] = owed;
  if (first === undefined) return undefined;
  const atMs = first.dueAtMs > nowMs ? first.dueAtMs : undefined;
  if (first.kind === "exhausted") return { atMs, what: "the commanders", targets: [] };
  const { round = 0 } = first.subject;
  if (Number(round) > 0) return { atMs, what: `everybody again (round ${round})`, targets: [] };
  const rung = rungAt(incident, first)?.rung;
  const targets = rung?.targets.map((target) => target.id) ?? [];
  const when = rung?.isHeld ? " when quiet hours end" : "";
  const isHeld = atMs === undefined && NOT_TAKEN.has(incident.duties[first.waitsFor ?? ""]?.state ?? "");
  return { atMs, what: `level ${rung?.level ?? 1}${when}`, targets, ...(isHeld && { isHeld }) };
}
