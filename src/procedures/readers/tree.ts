import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { Setting, Unread } from "../procedure.ts";

export interface Tree {
  readonly settings: readonly Setting[];
  readonly unread: readonly Unread[];
}

/** Aliases may name what they stand in. */
const DEEPEST = 40;

/** YAML and JSON, with the tags of CloudFormation left as they are. */
export function readTree(text: string, before: number): Tree {
  const counter = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: counter, logLevel: "silent", uniqueKeys: false });
  if (!Array.isArray(parsed)) return { settings: [], unread: [] };
  const lineOf = (at: number) => before + counter.linePos(at).line;
  const unread = parsed.flatMap(({ errors }) =>
    errors.slice(0, 1).map((error) => ({ line: lineOf(error.pos[0]), why: sayWhy(error.message) })),
  );
  const settings = parsed.map(({ contents }) => settingFrom(contents, { key: "", path: [], at: 0 }, lineOf));
  return { settings, unread };
}

/** The parser shows the lines around a mistake; its first sentence is enough. */
const sayWhy = (message: string): string => message.split(/\n| at line /)[0]?.replace(/:$/, "") ?? message;

interface Named {
  readonly key: string;
  readonly path: readonly string[];
  readonly at: number;
}

function settingFrom(node: unknown, { key, path, at }: Named, lineOf: (at: number) => number): Setting {
  const line = lineOf(at);
  const below = (child: unknown, name: string, from: number) =>
    settingFrom(child, { key: name, path: [...path, name], at: from }, lineOf);
  const start = (child: unknown) => (isScalar(child) || isMap(child) || isSeq(child) ? (child.range?.[0] ?? at) : at);
  if (path.length > DEEPEST) return { key, path, line, text: "", children: [] };
  if (isMap(node))
    return {
      ...{ key, path, line, text: undefined },
      children: node.items.map((pair) =>
        below(pair.value, isScalar(pair.key) ? String(pair.key.value) : "?", start(pair.key)),
      ),
    };
  if (isSeq(node))
    return {
      ...{ key, path, line, text: undefined },
      children: node.items.map((item, index) => below(item, String(index), start(item))),
    };
  const alias = isAlias(node) ? `*${node.source}` : "";
  return { key, path, line, text: isScalar(node) ? said(node.value) : alias, children: [] };
}

const said = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";

/** The tree in a value of a command, where it is one. */
export function treeIn(text: string, line: number): Setting | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const { settings, unread } = readTree(text, line - 1);
  return unread.length === 0 && settings[0]?.text === undefined ? settings[0] : undefined;
}
