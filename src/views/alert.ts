import type { Card, Text } from "../domain/card/card.ts";
import type { AlertDocument } from "../domain/incident/alert.ts";
import { inRoom } from "./room.ts";

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
  const reason = inRoom(record.reason, "reason");
  const times = record.alarms === 1 ? "" : ` · ${record.alarms} alarms since `;
  return {
    text: `${state}: ${inRoom(record.name, "title")} (${about}, ${record.region}). ${reason}`,
    severity: record.severity,
    parts: [
      { kind: "heading", text: `${state} · ${inRoom(record.name, "title")}` },
      {
        kind: "lines",
        plain: true,
        lines: [
          [{ bold: record.severity.toUpperCase() }, ` · ${about} · ${record.region}`],
          [
            `${state} since `,
            { timeMs: record.changedAtMs, as: "ago" },
            ...(times === "" ? [] : [times, { timeMs: record.firstAtMs, as: "time" } as const]),
          ],
          ["Incident: ", ...(typeof where === "string" ? [where] : where)],
        ],
      },
      ...(reason === "" ? [] : [{ kind: "text" as const, text: reason }]),
    ],
  };
}

/** A reply in the alarm's thread: its changes, oldest first. */
export function alertChangesCard(changes: AlertDocument["changes"]): Card {
  const last = changes.at(-1);
  const lines: Text[] = changes.map(({ state, atMs, reason, late }) => [
    { timeMs: atMs, as: "time" },
    " ",
    { bold: STATE_WORDS[state] },
    `${late ? " (arrived late)" : ""} · ${inRoom(reason, "reason")}`,
  ]);
  return {
    text: last ? `${STATE_WORDS[last.state]}: ${inRoom(last.reason, "reason")}` : "No change",
    parts: [{ kind: "lines", lines }],
  };
}
