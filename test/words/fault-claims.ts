import { literalsOf } from "./sentences.ts";

/** A test file, words of a title in it, and the words by which file and row mean the same fault. */
export type FaultClaim = readonly [file: string, title: string, by: string];

/** Of a fault that no test makes happen; its row says so. */
export const NOT_TRIED = "not tried";

/** Words that stand in any row and in any test: they bind nothing. */
export const BINDS_NOTHING: ReadonlySet<string> = new Set([
  ...["again", "answer", "every", "good", "kept", "known", "log", "mail", "one", "once", "signed", "still"],
  ...["told", "twice", "unknown", "Redis", "Slack", "PagerDuty"],
]);

export interface Part {
  /** Of faults that no test makes happen: one judges a text, an answer or a part that stands for it. The rows say so. */
  readonly judged?: readonly string[];
  /** The kind of pager that it is about. */
  readonly pager?: string;
  /** By the first cell of each row, without back-ticks. */
  readonly faults: Readonly<Record<string, readonly FaultClaim[] | typeof NOT_TRIED>>;
}

export interface FaultRow {
  readonly fault: string;
  readonly text: string;
}

/** The rows below each heading of a page, under the heading's own words. */
export function faultRows(markdown: string): ReadonlyMap<string, readonly FaultRow[]> {
  const [, ...parts] = markdown.split(/^## /m);
  return new Map(
    parts.map((part) => {
      const [heading = ""] = part.split("\n");
      const rows = [...part.matchAll(/^\| (.+?) \|.*\|$/gm)].map(([text, fault = ""]) => ({ fault, text }));
      return [heading, rows.slice(2).map(({ fault, text }) => ({ fault: bare(fault), text: bare(text) }))];
    }),
  );
}

const bare = (text: string): string => text.replaceAll("`", "");

/** What stands in quotation marks, outside of code. */
export const quotesIn = (markdown: string): string[] =>
  [...markdown.replaceAll(/`[^`\n]*`/g, "code").matchAll(/"([^"\n]+)"/g)].map(([, quote = ""]) => quote);

/** Letters of a piece that is told from any other sentence. */
const TELLING = 8;

/** Whether one of these sources has all that stands between the `…` of a quotation in what it says. */
export function isSaid(quote: string, spoken: readonly string[]): boolean {
  const pieces = quote.split("…").map((piece) => piece.trim());
  const telling = pieces.filter((piece) => piece.length >= TELLING);
  return telling.length > 0 && spoken.some((words) => pieces.every((piece) => words.includes(piece)));
}

/** All that the literals of a source say. */
export const spokenBy = (source: string): string =>
  literalsOf(source)
    .map(({ text }) => text)
    .join("\n");

/** First arguments of calls that a function follows: titles, and little else. */
const TITLE = /\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`),\s*(?:async\b|\(|[a-z]\w* =>)/g;

export const titlesIn = (source: string): string[] =>
  [...source.matchAll(TITLE)].map(([, quoted, template]) => quoted ?? template ?? "");

/** Words between two pieces of one quotation, in a regular expression or in a table of values: not a sentence further. */
const MOST_BETWEEN = 200;

/** Whether what a test looks for has all of a quotation, in its order; the titles of tests are not looked for. */
export function isLookedFor(quotation: string, test: string): boolean {
  const titles = titlesIn(test);
  const words = titles.reduce((text, title) => text.replace(title, ""), test).replaceAll("\\", "");
  const pieces = quotation
    .split("…")
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "");
  return nextOf(words, pieces);
}

/** Each piece stands near behind the one before. */
function nextOf(words: string, [piece = "", ...more]: readonly string[], within = words.length): boolean {
  for (let at = words.indexOf(piece); at !== -1 && at <= within; at = words.indexOf(piece, at + 1)) {
    if (more.length === 0 || nextOf(words.slice(at + piece.length), more, MOST_BETWEEN)) return true;
  }
  return false;
}

/** The quotations of a row that no test of its claims looks for. One that asks for all of a row (`quotationsOf`) names the row itself. */
export function unboundIn({ fault, text }: FaultRow, claims: readonly FaultClaim[], textOf: (path: string) => string) {
  const files = [...new Set(claims.map(([file]) => file))].map(textOf);
  const isWhole = claims.some(([file, , by]) => by === fault && textOf(file).includes("quotationsOf("));
  return isWhole ? [] : quotesIn(text).filter((quotation) => !files.some((each) => isLookedFor(quotation, each)));
}
