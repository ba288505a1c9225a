import type { CardButton, Text } from "../domain/card/card.ts";
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

/** The level that *Escalate now* pages. */
export interface Escalates {
  readonly level: number;
  readonly targets: readonly { readonly id: string }[];
}

/** People named in the dialog. */
const ESCALATES_SHOWN = 6;

/** Asked before *Escalate now* pages anybody. Undefined: who would be paged is not known. */
export function escalation(
  incident: Incident,
  next: Escalates | undefined,
  nameOf: (id: string) => string,
): NonNullable<CardButton["confirm"]> {
  const cost = "Their phones ring at once. You cannot take it back.";
  if (!next) return { title: "Page the next level?", text: cost, yes: "Page them" };
  const who = next.targets.map(({ id }) => targetName(incident, id, nameOf));
  const text = `Level ${next.level} is paged: ${someOf(who, ESCALATES_SHOWN)}. ${cost}`;
  return { title: `Page level ${next.level}?`, text, yes: "Page them" };
}
