import { type Card, type CardPart, sentenceCard, type Text } from "../domain/card/card.ts";
import { answeredLadder, homeChannel, type Incident, isOpen } from "../domain/incident/incident.ts";
import { type PageCopy, pageValue } from "../domain/incident/page-copy.ts";
import { headlineOf, plainState } from "./incident.ts";
import { inRoom } from "./room.ts";

/** A page as a direct message, as it is now. */
export function pageCard(incident: Incident, { why, ladder }: Pick<PageCopy, "why" | "ladder">): Card {
  const headline = headlineOf(incident);
  const over = whyOver(incident, ladder);
  const home = homeChannel(incident);
  const room: Text =
    home === undefined ? (over === undefined ? "Channel: being opened" : "") : ["Channel: ", { channel: home }];
  // Where nobody has said more, the heading has it.
  const about = incident.description === incident.title ? "" : inRoom(incident.description, "reason");
  const since: Text = ["Since ", { timeMs: incident.firstSeenAtMs, as: "ago" }];
  if (over !== undefined)
    return {
      text: `${over}: ${headline}. Nothing is asked of you here any more.`,
      severity: incident.severity,
      parts: [
        { kind: "heading", text: headline },
        lines([{ bold: over }, ". Nothing is asked of you here any more."], since, room),
      ],
    };
  const value = pageValue({ incident: incident.id, ladder });
  const asks = "Acknowledge if you take it on. Others are paged until somebody does.";
  return {
    text: `You are paged: ${headline}. Please acknowledge.`,
    severity: incident.severity,
    parts: [
      { kind: "heading", text: `You are paged: ${headline}` },
      lines(since, `Why you: ${why}`, room, about === "" ? "" : `What: ${about}`, asks),
      { kind: "buttons", buttons: [{ label: "Acknowledge", intent: "ack", value, style: "primary" }] },
    ],
  };
}

const lines = (...all: readonly Text[]): CardPart => ({
  ...{ kind: "lines", plain: true, lines: all.filter((line) => line !== "") },
});

/** What took the page away: an answer to its ladder, or the end. */
function whyOver(incident: Incident, ladder: number): string | undefined {
  const isAnswered = answeredLadder(incident) >= ladder;
  return isOpen(incident) && !isAnswered ? undefined : plainState(incident);
}

/** One that a newer page to the same person has taken the place of. */
export const replacedPage = (incident: Incident): Card =>
  sentenceCard(`A newer message about ${headlineOf(incident)} stands below.`);

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
