import type { Card, CardPart, Text } from "../domain/card/card.ts";
import { type Incident, isOpen } from "../domain/incident/incident.ts";
import type { PersonId } from "../domain/people/person.ts";
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

export interface OnCallLine {
  readonly policy: string;
  readonly level: number;
  readonly name: string;
  readonly person?: PersonId | undefined;
  readonly untilMs: number | undefined;
}

export interface OnCallNow {
  readonly lines: readonly OnCallLine[];
  /** Policies that nobody is on call for. */
  readonly empty: readonly string[];
  /** Set when the pager did not say: then nothing is guessed. */
  readonly why?: string;
  /** For whom the card may show it: people of the file, the ones on call first. */
  readonly toCall?: readonly { readonly person: PersonId; readonly phone: string | undefined }[];
}

const BY_NAME: CardPart = { kind: "text", text: ["To page somebody by name: ", { code: "/dr escalate @who" }] };

/** Who is on call now, and by which number people are called when no pager reaches them. */
export function onCallCard({ lines, empty, why, toCall = [] }: OnCallNow): Card {
  const numbers = numbersPart(toCall);
  if (why !== undefined) {
    const text = `Who is on call is not known: ${why}`;
    return { text, parts: [{ kind: "heading", text: "On call" }, { kind: "text", text }, ...numbers] };
  }
  const said: Text[] = lines.map(({ policy, level, name, person, untilMs }) => [
    { bold: policy },
    ` · level ${level} · `,
    person === undefined ? name : { person },
    ...(untilMs === undefined ? [" · no end set"] : [" · until ", { timeMs: untilMs, as: "time" } as const]),
  ]);
  const missing: Text[] = empty.map((policy) => [{ bold: policy }, " · ", { bold: "nobody is on call" }]);
  const names = lines.map((line) => line.name).join(", ");
  return {
    text: empty.length > 0 ? `Nobody is on call for ${empty.join(", ")}` : `On call: ${names || "nobody"}`,
    parts: [
      { kind: "heading", text: "On call" },
      { kind: "lines", lines: [...missing, ...said] },
      ...(empty.length === 0 ? [] : [BY_NAME]),
      ...numbers,
    ],
  };
}

function numbersPart(toCall: NonNullable<OnCallNow["toCall"]>): CardPart[] {
  if (toCall.length === 0) return [];
  const lines = toCall.map(({ person, phone }): Text => [{ person }, ` · ${phone ?? "no number in twokey.yaml"}`]);
  return [
    { kind: "text", text: [{ bold: "By telephone" }, " (only you see this)"] },
    { kind: "lines", lines },
  ];
}
