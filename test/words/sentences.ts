import { LONGEST_SENTENCE, MOST_WORDS_ON_AVERAGE, WORDS_TO_AVOID } from "./words-to-avoid.ts";

/** Stands for whatever a template puts in. */
const FILLED = "X";

/** The string and template literals of a TypeScript source, with where each begins; comments are skipped. */
export function literalsOf(source: string): { readonly at: number; readonly text: string }[] {
  const found: { at: number; text: string }[] = [];
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`/g;
  for (let match = token.exec(source); match; match = token.exec(source)) {
    const [text] = match;
    if (text === "`") {
      const template = templateAt(source, match.index + 1);
      found.push({ at: match.index, text: template.text }, ...template.inner);
      token.lastIndex = template.end;
    } else if (!text.startsWith("/")) found.push({ at: match.index, text: text.slice(1, -1) });
  }
  return found;
}

/** The words of a template up to its closing backtick, and the literals inside what it fills in. */
function templateAt(source: string, from: number) {
  let text = "";
  let at = from;
  const inner: { at: number; text: string }[] = [];
  while (at < source.length && source[at] !== "`") {
    if (source.startsWith("${", at)) {
      const end = closingBrace(source, at + 2);
      inner.push(...literalsOf(source.slice(at + 2, end)).map((each) => ({ ...each, at: each.at + at + 2 })));
      text += FILLED;
      at = end + 1;
    } else {
      text += source[at];
      at += source[at] === "\\" ? 2 : 1;
    }
  }
  return { text, end: at + 1, inner };
}

function closingBrace(source: string, from: number): number {
  let depth = 1;
  let at = from;
  while (at < source.length) {
    if (source[at] === "`") at = templateAt(source, at + 1).end - 1;
    else if (source[at] === "{") depth += 1;
    else if (source[at] === "}") depth -= 1;
    if (depth === 0) return at;
    at += 1;
  }
  return at;
}

/** What people come to read: errors with their causes, why a plan is refused or a step fails, why somebody is called, what a channel is told. */
const TOLD =
  /new (?:UserError|StepFailed|TransientError|OutcomeUnknown)\(|\b(?:refused|announce)\(|\b(?:why|says|words|danger|reasons?):/g;
const WHOLE_SENTENCE = /^[A-Z“].*[.!?]$/s;

/** What a source says to people: everything in a view; elsewhere what stands where they are told something, and any whole sentence. */
export function spokenIn(path: string, source: string): string[] {
  const literals = literalsOf(source).filter(({ text }) => /[a-z]+ [a-z]+/i.test(text));
  if (path.startsWith("src/views/")) return literals.map(({ text }) => text);
  const told = [...source.matchAll(TOLD)].map(({ index, 0: said }) => [index, endOf(said, source, index)] as const);
  const isTold = (at: number) => told.some(([from, to]) => at > from && at < to);
  return literals.filter(({ at, text }) => isTold(at) || WHOLE_SENTENCE.test(text)).map(({ text }) => text);
}

/** A call ends with its statement, a member with its comma or its object. */
function endOf(said: string, source: string, from: number): number {
  const end = source.slice(from).search(said.endsWith("(") ? /;\n/ : /,\n|;\n| \}/);
  return end === -1 ? source.length : from + end;
}

/** Prose of a document, a paragraph, list item or table cell each: no code, no addresses. */
export function prose(markdown: string): string[] {
  const bare = markdown
    .replaceAll(/```[\s\S]*?```/g, "\n")
    .replaceAll(/`[^`\n]*`/g, "code")
    .replaceAll(/\]\([^)]*\)/g, "]")
    // Titles of tests, and words of others.
    .replaceAll(/“[^”]*”/g, "quoted")
    .replaceAll(/^\|[\s:|-]+\|$/gm, "");
  return bare
    .split(/\n\s*\n|\n(?=\s*(?:[-*] |\d+\. |#|\|))/)
    .flatMap((block) => (block.trim().startsWith("|") ? block.split("|") : [block]))
    .map((each) => each.replaceAll(/\s+/g, " ").trim())
    .filter((each) => /[a-z]+ [a-z]+/i.test(each) && !each.startsWith("#"));
}

const sentencesOf = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => text.split(/(?<=[.!?])\s+|\\n/)).filter((sentence) => /\w/.test(sentence));

const wordCount = (sentence: string): number => sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;

export interface Wording {
  readonly average: number;
  readonly problems: readonly string[];
}

export function wordsToAvoidIn(path: string, texts: readonly string[]): string[] {
  return Object.entries(WORDS_TO_AVOID).flatMap(([word, instead]) =>
    texts
      .filter((text) => new RegExp(`\\b${word}\\b`, "i").test(text))
      .map((text) => `${path}: “${word}” (write: ${instead}) in “${text.slice(0, 100)}”`),
  );
}

/** Sentences that nobody reads to the end at three in the morning. What a template fills in counts as one word. */
export function longSentencesIn(path: string, texts: readonly string[]): string[] {
  return sentencesOf(texts)
    .filter((sentence) => wordCount(sentence) > LONGEST_SENTENCE)
    .map(
      (sentence) => `${path}: ${wordCount(sentence)} words, at most ${LONGEST_SENTENCE}: “${sentence.slice(0, 100)}”`,
    );
}

/** What is wrong with the words of one file. Headings of a list or short labels count as sentences of their own. */
export function wordingOf(path: string, texts: readonly string[]): Wording {
  const sentences = sentencesOf(texts);
  const average = sentences.reduce((sum, each) => sum + wordCount(each), 0) / Math.max(1, sentences.length);
  const words = wordsToAvoidIn(path, texts);
  const long =
    average > MOST_WORDS_ON_AVERAGE
      ? [`${path}: ${average.toFixed(1)} words a sentence on average; at most ${MOST_WORDS_ON_AVERAGE}`]
      : [];
  return { average, problems: [...words, ...long] };
}

/** `/dr verb` and arguments written out, where the verb is unknown or the usage belongs into the table of verbs. */
export function verbProblems(path: string, texts: readonly string[], verbs: readonly string[]): string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(/\/dr ([a-z][a-z-]*)( ?[<[])?/g)].flatMap(([said, verb = "", usage]) => {
      if (!verbs.includes(verb)) return [`${path}: there is no verb “${verb}” in “${text.slice(0, 100)}”`];
      return usage === undefined ? [] : [`${path}: “${said}…” is a usage; it belongs into VERBS alone`];
    }),
  );
}
