import type { Card } from "../../domain/card/card.ts";
import { type CardTextOptions, cardText } from "../../views/card-text.ts";

/** A card as a terminal shows it. What a button would do is asked in Slack: a terminal cannot prove who presses it. */
export function terminalText(card: Card, options: CardTextOptions): string {
  const parts = card.parts.filter(({ kind }) => kind !== "buttons");
  const hadButtons = parts.length < card.parts.length;
  const text = cardText({ ...card, parts }, options);
  return hadButtons ? `${text}\n\nDecisions are made on its card in Slack.` : text;
}
