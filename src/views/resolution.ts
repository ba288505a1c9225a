import { type Card, type CardPart, type Form, type FormField, spans, type Text } from "../domain/card/card.ts";
import { sayAtMost, sayDuration } from "../domain/duration.ts";
import type { Incident } from "../domain/incident/incident.ts";
import { type ResolutionFields, stillToWrite } from "../domain/incident/resolution.ts";
import type { LostIn, LostWrites } from "../domain/plan-run/lost-writes.ts";
import { sayAgainst } from "./alarm-reads.ts";
import { headlineOf } from "./incident.ts";
import { sayMissing } from "./run-loss.ts";
import { sections } from "./sections.ts";

/** Labels of the resolution template of the communication plan, in the order in which people read them. */
const LABELS: readonly (readonly [keyof ResolutionFields, string])[] = [
  ["details", "Resolution details"],
  ["impact", "Impact"],
  ["followUps", "Follow-up actions"],
  ["lessons", "Lessons learned"],
];

const labelled = (keys: readonly (keyof ResolutionFields)[]) => LABELS.filter(([key]) => keys.includes(key));
const named = (keys: readonly (keyof ResolutionFields)[]): string =>
  labelled(keys)
    .map(([, label]) => label.toLowerCase())
    .join(", ");

/**
 * Asks for what is known now: the rest is a task of who resolves it. `against`: what speaks against closing it. The field is there
 * anyhow: an alarm may ring while somebody is still writing.
 */
export function resolveForm(incident: Incident, against?: string): Form {
  const later = {
    kind: "note" as const,
    text: "Only the first part is needed now. Leave empty what is not known yet: it can be added later.",
  };
  return {
    title: "Resolve the incident",
    intent: "resolve",
    context: incident.id,
    intro: [
      { kind: "note", text: headlineOf(incident) },
      ...(against === undefined ? [] : [{ kind: "text" as const, text: [{ bold: against }] }]),
      later,
    ],
    fields: [
      ...LABELS.map(
        ([id, label]): FormField => ({ id, label, kind: "paragraph", ...(id === "details" ? {} : { optional: true }) }),
      ),
      {
        ...{
          id: "despite",
          label: "If an alarm or a plan is still open, or users get errors: why close anyway",
          kind: "paragraph",
        },
        ...(against === undefined ? { optional: true } : {}),
      },
    ],
    submit: "Resolve",
  };
}

/** For what nobody had written when it was resolved. */
export function addForm(incident: Incident, { fields }: NonNullable<Incident["resolution"]>): Form {
  return {
    title: "Add to the resolution",
    intent: "resolve",
    context: incident.id,
    intro: [{ kind: "note", text: headlineOf(incident) }],
    fields: labelled(stillToWrite(fields)).map(
      ([id, label]): FormField => ({ id, label, kind: "paragraph", optional: true }),
    ),
    submit: "Add",
  };
}

function despiteParts(despite: NonNullable<Incident["resolution"]>["despite"]): CardPart[] {
  if (despite === undefined) return [];
  const said = sayAgainst(despite) ?? "";
  return [{ kind: "text", text: [{ bold: `Resolved all the same. ${said}` }, `\n${despite.why}`] }];
}

const addButton = (incident: Incident): CardPart => ({
  kind: "buttons",
  buttons: [{ label: "Add it", intent: "resolve", value: incident.id }],
});

const resolutionOf = ({ id, resolution, closedAtMs }: Incident) => {
  if (resolution === undefined || closedAtMs === undefined) throw new RangeError(`${id} is not resolved`);
  return { resolution, closedAtMs };
};

const NOT_MEASURED = "not measured";

/** A line a move. Never less than was lost, and no number that nobody has proven (G19). */
function lostFacts(lost: readonly LostIn[] = []): [string, Text][] {
  if (lost.length === 0) return [["Data lost (RPO)", NOT_MEASURED]];
  const label = (of: string): string => (lost.length === 1 ? "Data lost (RPO)" : `Data lost (RPO), ${of}`);
  return lost.map(({ of, writes }) => [label(of), sayLost(writes)]);
}

function sayLost(writes: LostWrites): Text {
  switch (writes.kind) {
    case "unknown":
      return "not known";
    case "nothing":
      return "nothing";
    case "between":
      return spans`at most ${sayAtMost(writes.toMs - writes.fromMs)}. ${sayMissing(writes)}`;
    case "after":
      return sayMissing(writes);
  }
}

export function resolutionCard(incident: Incident): Card {
  const { resolution, closedAtMs } = resolutionOf(incident);
  const { rtoMs } = resolution;
  return {
    text: `Resolved: ${headlineOf(incident)}. ${resolution.fields.details}`,
    parts: [
      { kind: "heading", text: `Resolved · ${headlineOf(incident)}` },
      {
        kind: "facts",
        facts: [
          ["Resolved by", resolution.by],
          ["Since it began", sayDuration(closedAtMs - incident.firstSeenAtMs)],
          ["Recovered after (RTO)", rtoMs === undefined ? NOT_MEASURED : sayDuration(rtoMs)],
          ...lostFacts(resolution.lost),
        ],
      },
      ...despiteParts(resolution.despite),
      ...sections(LABELS, resolution.fields),
      ...leftParts(incident),
    ],
  };
}

function leftParts(incident: Incident): CardPart[] {
  const { resolution } = resolutionOf(incident);
  const left = stillToWrite(resolution.fields);
  if (left.length === 0) return [];
  const who = resolution.person === undefined ? resolution.by : { person: resolution.person };
  return [
    { kind: "text", text: [{ bold: "Still to be written" }, ` by `, who, `: ${named(left)}.`] },
    addButton(incident),
  ];
}

/** What was added, by its place in the list. */
export function resolutionAddedCard(incident: Incident, index: number): Card {
  const { resolution } = resolutionOf(incident);
  const added = resolution.added[index];
  const parts = added?.parts ?? [];
  const title = `Added to the resolution by ${added?.by ?? resolution.by}`;
  return {
    text: `${title}: ${named(parts)}. ${headlineOf(incident)}`,
    parts: [
      { kind: "heading", text: title },
      { kind: "note", text: headlineOf(incident) },
      ...sections(labelled(parts), resolution.fields),
      ...leftParts(incident),
    ],
  };
}

/** Days after: what nobody has written yet. */
export function resolutionLeftCard(incident: Incident): Card {
  const { resolution } = resolutionOf(incident);
  return {
    text: `Still to be written about ${headlineOf(incident)}: ${named(stillToWrite(resolution.fields))}`,
    parts: [...leftParts(incident), { kind: "note", text: headlineOf(incident) }],
  };
}
