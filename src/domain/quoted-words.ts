/** Characters of what a vendor says that may reach people: what it means comes first, in words of ours. */
const LONGEST_QUOTE = 160;

/**
 * A vendor's own words as a quotation that only we can end: one line, capped (G23). Letters that nobody sees go, and what is left out is
 * told by `…`.
 */
export function quotedWords(text: string, most: number = LONGEST_QUOTE): string {
  const line = text
    .replaceAll(/\p{C}+/gu, " ")
    .replaceAll(/[“”„‟]/g, '"')
    .replaceAll(/\s+/g, " ")
    .trim();
  const whole = Array.from(line);
  return `“${whole.length <= most ? line : `${whole.slice(0, most - 1).join("")}…`}”`;
}
