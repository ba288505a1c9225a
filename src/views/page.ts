import type { Card, CardPart, Text } from "../domain/card/card.ts";
import { type Incident, isOpen } from "../domain/incident/incident.ts";
import { headlineOf } from "./incident.ts";
import { inRoom } from "./room.ts";

/** A page as a direct message. `why`: which level, or who asked. */
export function pageCard(incident: Incident, why: string): Card {
  const headline = headlineOf(incident);
  const channel: Text = incident.channel ? [{ channel: incident.channel.id }] : "being opened";
  const buttons: CardPart[] = isOpen(incident)
    ? [{ kind: "buttons", buttons: [{ label: "Acknowledge", intent: "ack", value: incident.id, style: "primary" }] }]
    : [];
  const about = inRoom(incident.description, "reason");
  return {
    text: `You are paged: ${headline}. Please acknowledge.`,
    severity: incident.severity,
    parts: [
      { kind: "heading", text: `You are paged: ${headline}` },
      {
        kind: "lines",
        plain: true,
        lines: [
          ["Since ", { timeMs: incident.firstSeenAtMs, as: "ago" }],
          `Why you: ${why}`,
          ["Channel: ", ...(typeof channel === "string" ? [channel] : channel)],
          ...(about === "" ? [] : [`What: ${about}`]),
          ...(buttons.length > 0 ? ["Acknowledge if you take it on. Others are paged until somebody does."] : []),
        ],
      },
      ...buttons,
    ],
  };
}

/** For who declared it. `why`: what the chat said. */
export function noChannelCard({ id, alertsChannel }: Incident, why: string): Card {
  const reason = inRoom(why, "error");
  return {
    text: `${id} is open, and has no channel so far: ${reason}. It goes on in the alerts channel.`,
    parts: [
      {
        kind: "text",
        text: [
          `${id} is open, and has no channel of its own so far: ${reason}. It goes on in `,
          { channel: alertsChannel },
          ".",
        ],
      },
      {
        kind: "text",
        text: "Its people are asked for all the same. Please go on there, or open a channel by hand and say where.",
      },
    ],
  };
}
