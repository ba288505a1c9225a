import type { Incident } from "../../../domain/incident/incident.ts";
import { dutiesOf } from "../index.ts";
import { rungAt } from "./rungs.ts";

/** What fires next if nobody answers; for the card. */
export interface NextPage {
  readonly atMs: number;
  /** `level 2`, `everybody again (round 3)` or `the commanders`. */
  readonly what: string;
  readonly targets: readonly string[];
}

export function nextPage(incident: Incident, nowMs: number): NextPage | undefined {
  const owed = dutiesOf(incident, nowMs)
    .filter(({ kind, done }) => !done && ["rung", "round", "direct", "tell", "exhausted"].includes(kind))
    .filter((duty) => incident.duties[duty.key] === undefined)
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs);
  const [first] = owed;
  if (first === undefined) return undefined;
  if (first.kind === "exhausted") return { atMs: first.dueAtMs, what: "the commanders", targets: [] };
  const { round = 0 } = first.subject;
  if (Number(round) > 0) return { atMs: first.dueAtMs, what: `everybody again (round ${round})`, targets: [] };
  const rung = rungAt(incident, first)?.rung;
  const targets = rung?.targets.map((target) => target.id) ?? [];
  const when = rung?.isHeld ? " when quiet hours end" : "";
  return { atMs: first.dueAtMs, what: `level ${rung?.level ?? 1}${when}`, targets };
}
