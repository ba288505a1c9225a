import type { Card, Text } from "../domain/card/card.ts";
import type { AlertDocument } from "../domain/incident/alert.ts";

const STATE_WORDS = { alarm: "ALARM", ok: "OK", "insufficient-data": "NO DATA" } as const;

export interface AlertContext {
  /** Channel id of the incident that the alarm belongs to. */
  readonly incidentChannel?: string | undefined;
}

/** The alarm as it is now. Its history is in the thread. */
export function alertCard(record: AlertDocument, { incidentChannel }: AlertContext): Card {
  const state = STATE_WORDS[record.state];
  const about = record.service ?? "no service";
  const where: Text = incidentChannel ? [{ channel: incidentChannel }] : (record.incident ?? "none");
  return {
    text: `${state}: ${record.name} (${about}, ${record.region}). ${record.reason}`,
    severity: record.severity,
    parts: [
      { kind: "heading", text: `${state} · ${record.name}` },
      { kind: "text", text: record.reason },
      {
        kind: "facts",
        facts: [
          ["Service", about],
          ["Region", record.region],
          ["Severity", record.severity.toUpperCase()],
          ["In this state since", [{ timeMs: record.changedAtMs }]],
          ["First seen", [{ timeMs: record.firstAtMs }]],
          ["Alarms so far", String(record.alarms)],
          ["Incident", where],
        ],
      },
    ],
  };
}

/** A reply in the alarm's thread: its changes, oldest first. */
export function alertChangesCard(changes: AlertDocument["changes"]): Card {
  const last = changes.at(-1);
  const lines: Text[] = changes.map(({ state, atMs, reason, late }) => [
    { timeMs: atMs },
    " ",
    { bold: STATE_WORDS[state] },
    `${late ? " (arrived late)" : ""} · ${reason}`,
  ]);
  return {
    text: last ? `${STATE_WORDS[last.state]}: ${last.reason}` : "No change",
    parts: [{ kind: "lines", lines }],
  };
}
