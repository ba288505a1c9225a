import type { CardPart } from "../domain/card/card.ts";

/** What people wrote, each under its label; what nobody wrote has none. */
export function sections<Fields>(labels: readonly (readonly [keyof Fields, string])[], fields: Fields): CardPart[] {
  return labels.flatMap(([key, label]): CardPart[] =>
    fields[key] === undefined ? [] : [{ kind: "text", text: [{ bold: label }, `\n${String(fields[key])}`] }],
  );
}
