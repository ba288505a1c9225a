import type { Text } from "../domain/card/card.ts";
import type { Incident } from "../domain/incident/incident.ts";
import { keeperLabel } from "../domain/incident/pager-traits.ts";
import { targetName } from "./incident-pages.ts";
import { someOf } from "./room.ts";

/** What fires next if nobody answers. */
export interface Next {
  /** World time, epoch milliseconds; undefined: it is due now. */
  readonly atMs: number | undefined;
  readonly what: string;
  readonly targets: readonly string[];
  /** It is due, and the pager has not taken the incident yet. */
  readonly isHeld?: true;
}

/** People named in the line. */
const NEXT_SHOWN = 2;

/** Who is paged next and when; nothing where nobody is. */
export function nextLine(
  incident: Incident,
  { next, nameOf }: { readonly next?: Next | undefined; readonly nameOf: (id: string) => string },
): Text[] {
  if (!next) return [];
  const names = next.targets.map((id) => targetName(incident, id, nameOf));
  const who = names.length > 0 ? ` (${someOf(names, NEXT_SHOWN)})` : "";
  if (next.isHeld) {
    const pager = keeperLabel(incident.escalation.pagers);
    return [
      [{ bold: "Not paged yet: " }, `${next.what}${who}. ${pager} has not taken it, and is asked again. Call people.`],
    ];
  }
  if (next.atMs === undefined) return [["Paging now: ", { bold: next.what }, `${who}.`]];
  return [
    [
      "Next page: ",
      { bold: next.what },
      `${who} at `,
      { timeMs: next.atMs, as: "ago" },
      " unless somebody acknowledges.",
    ],
  ];
}
