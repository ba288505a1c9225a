import type { Card, CardPart, Text } from "../domain/card/card.ts";

/** When people need a verb. The order is the order of the help. */
export const MOMENTS = {
  "right now": "Right now",
  deciding: "Deciding about a plan or a run",
  "quiet days": "Quiet days, and afterwards",
} as const;
export type Moment = keyof typeof MOMENTS;

/** One verb, as its row in the table of verbs says it. */
export interface VerbWords {
  /** Verb and arguments, without the command's name. */
  readonly usage: string;
  /** One line: what it does, for people in a hurry. */
  readonly says: string;
  /** Any one of these roles; empty: anyone. */
  readonly who: readonly string[];
  readonly moment: Moment;
  /** What somebody would really type; only where the help shows it as an example. */
  readonly example?: string;
}

/** All verbs by moment, with a few examples first: at three in the morning nobody reads a list of two dozen. */
export function helpCard(verbs: readonly VerbWords[]): Card {
  const examples = verbs.flatMap(({ example, says }): Text[] =>
    example === undefined ? [] : [[{ code: `/dr ${example}` }, ` ${says}`]],
  );
  return {
    text: `In an emergency: ${verbs
      .flatMap(({ example }) => example ?? [])
      .map((example) => `/dr ${example}`)
      .join(", ")}. /dr help and a verb explains that verb.`,
    parts: [
      { kind: "heading", text: "What you can ask for" },
      { kind: "lines", lines: examples, plain: true },
      ...Object.entries(MOMENTS).flatMap(([moment, title]) =>
        ofMoment(
          title,
          verbs.filter((verb) => verb.moment === moment),
        ),
      ),
      { kind: "note", text: "/dr help and a verb shows its arguments and who may use it." },
    ],
  };
}

function ofMoment(title: string, verbs: readonly VerbWords[]): CardPart[] {
  return [
    { kind: "text", text: [{ bold: title }] },
    { kind: "lines", lines: verbs.map(({ usage, says }): Text => [{ code: nameOf(usage) }, ` ${says}`]), plain: true },
  ];
}

const nameOf = (usage: string) => usage.split(" ")[0] ?? usage;

export function verbCard({ usage, says, who, example }: VerbWords): Card {
  return {
    text: `/dr ${usage}: ${says}`,
    parts: [
      { kind: "text", text: [{ code: `/dr ${usage}` }] },
      { kind: "text", text: says },
      ...(example === undefined
        ? []
        : [{ kind: "text" as const, text: ["For example: ", { code: `/dr ${example}` }] }]),
      { kind: "note", text: who.length === 0 ? "Anyone may use it." : `For people listed as ${who.join(", ")}.` },
    ],
  };
}
