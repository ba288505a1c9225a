import type { Card, CardPart, Text } from "../domain/card/card.ts";
import type { AlertDocument } from "../domain/incident/alert.ts";
import { triggerLines } from "./alarm-trigger.ts";
import { asItCame, inRoom, someOf } from "./room.ts";

const STATE_WORDS = { alarm: "ALARM", ok: "OK", "insufficient-data": "NO DATA", message: "Message" } as const;

/** Alarms of a composite alarm that are named. */
const MOST_CHILDREN = 6;
/** Lines of a description. */
const MOST_SAID = 4;

export interface AlertContext {
  /** Channel id of the incident that the alarm belongs to. */
  readonly incidentChannel?: string | undefined;
}

/** The alarm as it is now. Its history is in the thread. */
export function alertCard(alert: AlertDocument, { incidentChannel }: AlertContext): Card {
  const state = STATE_WORDS[alert.state];
  const about = alert.service ?? "no service";
  const where: Text = incidentChannel ? [{ channel: incidentChannel }] : (alert.incident ?? "none");
  const reason = inRoom(alert.reason, "reason");
  const isMessage = alert.state === "message";
  const times = alert.alarms <= 1 ? "" : ` · ${alert.alarms} times, the first at `;
  return {
    text: `${state}: ${inRoom(alert.name, "title")} (${about}, ${alert.region}). ${isMachine(reason) ? "Its text is on the card." : reason}`,
    severity: alert.severity,
    parts: [
      { kind: "heading", text: `${state} · ${inRoom(alert.name, "title")}` },
      {
        kind: "lines",
        plain: true,
        lines: [
          [{ bold: alert.severity.toUpperCase() }, ` · ${about} · ${alert.region}`],
          [
            isMessage ? "Published " : `${state} since `,
            { timeMs: alert.changedAtMs, as: "ago" },
            ...(times === "" ? [] : [times, { timeMs: alert.firstAtMs, as: "time" } as const]),
          ],
          ["Incident: ", ...(typeof where === "string" ? [where] : where)],
        ],
      },
      ...(reason === "" ? [] : [reasonPart(alert)]),
      ...aboutParts(alert),
    ],
  };
}

/** What one machine wrote for another: nobody wants it read out. */
const isMachine = (text: string): boolean => /^[[{]/.test(text);

function reasonPart({ state, reason }: AlertDocument): CardPart {
  return state === "message"
    ? { kind: "code", text: asItCame(reason) }
    : { kind: "text", text: inRoom(reason, "reason") };
}

/** What its owner wrote of it, what it watches, and where to read what to do. */
function aboutParts({ description = "", trigger, runbook, setOffBy = [], madeOf }: AlertDocument): CardPart[] {
  const said = description.split("\n").filter((line) => line.trim() !== "");
  const shown = said.slice(0, MOST_SAID).map((line): Text => inRoom(line, "reason"));
  const names = setOffBy.map((name) => inRoom(name, "name"));
  const lines: Text[] = [
    ...(names.length === 0 ? [] : [`Set off by: ${someOf(names, MOST_CHILDREN)}`]),
    ...(madeOf === undefined ? [] : [inRoom(`Made of: ${madeOf}`, "reason")]),
    ...shown,
    ...(said.length > MOST_SAID ? [`… and ${said.length - MOST_SAID} more lines`] : []),
    ...(trigger ? triggerLines(trigger) : []),
    ...(runbook === undefined ? [] : [[{ link: runbook, label: "Runbook" }]]),
  ];
  return lines.length === 0 ? [] : [{ kind: "lines", plain: true, lines }];
}

/** A reply in the alarm's thread: its changes, oldest first. */
export function alertChangesCard(changes: AlertDocument["changes"]): Card {
  const last = changes.at(-1);
  const lines: Text[] = changes.map(({ state, atMs, reason, late }) => [
    { timeMs: atMs, as: "ago" },
    " ",
    { bold: STATE_WORDS[state] },
    `${late ? " (arrived late)" : ""} · ${inRoom(reason, "reason")}`,
  ]);
  return {
    text: last ? `${STATE_WORDS[last.state]}: ${inRoom(last.reason, "reason")}` : "No change",
    parts: [{ kind: "lines", lines }],
  };
}
