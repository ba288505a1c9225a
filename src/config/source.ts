import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, parseDocument, type YAMLError } from "yaml";
import type { Finding, Path } from "./problem.ts";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A syntax finding has its place already; it lies where the reader stumbled, not at a path. */
export interface SyntaxFinding extends Finding {
  readonly position: Position;
  readonly rule: string;
}

export interface Source {
  /** The plain value; meaningless when `isReadable` is false. */
  readonly value: unknown;
  /** False when the structure itself is broken, so that every further finding would be a guess. */
  readonly isReadable: boolean;
  readonly findings: readonly SyntaxFinding[];
  /** Of the value, or of its key where the value is a block; for something missing, of the nearest thing around it. */
  readonly positionOf: (finding: Pick<Finding, "path" | "isAboutKey">) => Position;
  /** The text as it is written, for scalars: `012345678901` is more than the number it parses to. */
  readonly writtenAs: (path: Path) => string | undefined;
}

/** A described world of hundreds of services stays far below; anything larger is not this file. */
export const MAX_FILE_CHARACTERS = 1_000_000;
/** Aliases are refused anyway; up to this many are followed, so that the rest of the file can be judged. */
const MAX_ALIASES = 50;

/** More of them are echoes of the first ones. */
const MAX_SYNTAX_FINDINGS = 5;

/** Errors after which the parser's tree still has the shape that was written. */
const HARMLESS_TO_STRUCTURE = new Set(["DUPLICATE_KEY", "TAG_RESOLVE_FAILED"]);

const SYNTAX_ADVICE: Readonly<Record<string, readonly [what: string, instead: string]>> = {
  BAD_ALIAS: ["this alias is not complete", "write the value out; if it is text that starts with *, put it in quotes"],
  BAD_DQ_ESCAPE: ["this escape is not known inside double quotes", "write \\\\ for a backslash, or use single quotes"],
  BAD_INDENT: ["the indentation does not fit the lines around it", "give lines of one block the same number of spaces"],
  BAD_SCALAR_START: ["a value cannot start with this character", "put the value in quotes"],
  BLOCK_AS_IMPLICIT_KEY: [
    "there are two keys in one line",
    "put the value in quotes, or the second key on its own line",
  ],
  BLOCK_IN_FLOW: ["a block cannot stand inside { } or [ ]", "write the whole block with indentation"],
  DUPLICATE_KEY: ["this key is written twice in one block", "keep one of the two"],
  MISSING_CHAR: ["something is not closed or a : is missing", "close the quote or bracket, or write key: value"],
  MULTILINE_IMPLICIT_KEY: ["a key goes over several lines", "write key: value in one line"],
  MULTIPLE_DOCS: ["a second document starts here", "keep one document: remove the line ---"],
  NON_STRING_KEY: ["this key is not plain text", "write a short name as the key, in quotes if need be"],
  RESOURCE_EXHAUSTION: ["this is nested too deeply", "write the block as the reference page shows it"],
  TAB_AS_INDENT: ["a tab is used as indentation", "use spaces"],
  TAG_RESOLVE_FAILED: ["tags such as !name are not used in this file", "remove the tag"],
  UNEXPECTED_TOKEN: ["something unexpected stands here", "write key: value, or put the text in quotes"],
};

const REFUSED_KEYS: Readonly<Record<string, Pick<Finding, "what" | "instead">>> = {
  "<<": { what: "merge keys (<<) are not used in this file", instead: "write the entries out" },
  ["__proto__"]: { what: "__proto__ cannot be a key", instead: "choose another name" },
};

export function readSource(text: string): Source {
  const at = positionsIn(text);
  const index = new Index();
  const read = parse(text, index);
  if (!read) return unreadable();
  const errors = withoutEchoes(read.errors.map((error) => syntaxFinding(error, at)));
  const refusals = index.refusals.map(({ offset, ...finding }) => ({ ...finding, position: at(offset) }));
  return {
    value: read.value,
    isReadable: read.isComplete && read.errors.every(({ code }) => HARMLESS_TO_STRUCTURE.has(code)),
    findings: [...errors, ...refusals],
    positionOf: ({ path, isAboutKey }) => at(index.offsetOf(path, isAboutKey === true)),
    writtenAs: (path) => index.written.get(keyOf(path)),
  };
}

/**
 * From an offset to its place, never behind the last visible character. The parser's own line counter loses lines
 * after a stray bracket at the start of one, so the text itself is counted.
 */
function positionsIn(text: string): (offset: number) => Position {
  const last = Math.max(0, text.trimEnd().length - 1);
  return (offset) => {
    const before = text.slice(0, Math.min(offset, last));
    return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
  };
}

/** Undefined for a text that breaks the parser itself. */
function parse(text: string, index: Index) {
  try {
    const document = parseDocument(text, {
      ...{ prettyErrors: false, stringKeys: true, uniqueKeys: true, merge: false },
      ...{ version: "1.2", schema: "core", logLevel: "error" },
    });
    index.walk(document.contents, [], undefined);
    return { errors: [...document.errors, ...document.warnings], ...plainValueOf(document) };
  } catch {
    return undefined;
  }
}

function plainValueOf(document: { toJS(options: { maxAliasCount: number }): unknown }): {
  readonly value: unknown;
  readonly isComplete: boolean;
} {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), isComplete: true };
  } catch {
    // An alias to nowhere, or aliases of aliases: the walk has said already that they are not used here.
    return { value: undefined, isComplete: false };
  }
}

function unreadable(): Source {
  const position = { line: 1, column: 1 };
  const [what, instead] = ["this cannot be read as YAML", "write key: value lines, indented with spaces"];
  return {
    ...{ value: undefined, isReadable: false, findings: [{ path: [], rule: "yaml", position, what, instead }] },
    ...{ positionOf: () => position, writtenAs: () => undefined },
  };
}

/** One slip makes the parser stumble several times in its line, and often in all lines after it. */
function withoutEchoes(findings: readonly SyntaxFinding[]): SyntaxFinding[] {
  const seen = new Set<number>();
  const first = findings.filter(({ position: { line } }) => !seen.has(line) && seen.add(line));
  return first.slice(0, MAX_SYNTAX_FINDINGS);
}

function syntaxFinding(error: YAMLError, at: (offset: number) => Position): SyntaxFinding {
  const [what, instead] = SYNTAX_ADVICE[error.code] ?? [
    `this is not YAML (${error.message})`,
    "write key: value lines, indented with spaces",
  ];
  return { path: [], rule: "yaml", what, instead, position: at(error.pos[0]) };
}

const keyOf = (path: Path): string => JSON.stringify(path);

interface Refusal extends Finding {
  readonly offset: number;
}

/** Where everything stands. A key that is written twice counts where it stands last, as its value does. */
class Index {
  readonly written = new Map<string, string>();
  readonly refusals: (Refusal & { readonly rule: string })[] = [];
  readonly #offsets = new Map<string, number>();
  readonly #keyOffsets = new Map<string, number>();

  offsetOf(path: Path, isAboutKey: boolean): number {
    const key = isAboutKey ? this.#keyOffsets.get(keyOf(path)) : undefined;
    if (key !== undefined) return key;
    for (let length = path.length; length > 0; length -= 1) {
      const offset = this.#offsets.get(keyOf(path.slice(0, length)));
      if (offset !== undefined) return offset;
    }
    return 0;
  }

  walk(node: ParsedNode | Node | null | undefined, path: Path, keyOffset: number | undefined): void {
    const offset = node?.range?.[0] ?? keyOffset ?? 0;
    if (isAlias(node) || (node && "anchor" in node && node.anchor)) {
      // Anchors hide what stands where, and a chain of them can blow up memory: each value stands where it is used.
      this.#refuse({
        path,
        offset,
        what: "anchors (&) and aliases (*) are not used in this file",
        instead: "write the value out",
      });
    }
    if (isMap(node)) this.#walkMap(node.items, path);
    if (isSeq(node)) for (const [at, item] of node.items.entries()) this.#walkItem(item, [...path, at]);
    if (isScalar(node) && typeof node.source === "string") this.written.set(keyOf(path), node.source);
    const standsAtKey = keyOffset !== undefined && !(isScalar(node) && node.value !== null);
    this.#offsets.set(keyOf(path), standsAtKey ? keyOffset : offset);
  }

  #walkItem(item: unknown, path: Path): void {
    if (item === null || isMap(item) || isSeq(item) || isScalar(item) || isAlias(item))
      this.walk(item, path, undefined);
  }

  #walkMap(pairs: readonly { key: unknown; value: unknown }[], path: Path): void {
    for (const { key, value } of pairs) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      const offset = key.range?.[0] ?? 0;
      const refused = REFUSED_KEYS[name];
      if (refused) this.#refuse({ path: [...path, name], offset, ...refused });
      this.#keyOffsets.set(keyOf([...path, name]), offset);
      const inner = isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : null;
      this.walk(inner, [...path, name], offset);
    }
  }

  #refuse(refusal: Refusal): void {
    this.refusals.push({ ...refusal, rule: "yaml" });
  }
}
