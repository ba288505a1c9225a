import type { SyntaxNode } from "@lezer/common";
import { type OptionValue, plainName, type Setting } from "../procedure.ts";

export interface Source {
  readonly text: string;
  readonly lineOf: (at: number) => number;
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) if (child.name !== "Comment") found.push(child);
  return found;
}

/** A text without its quotes; what is no text stays as it is written. */
export function stringIn(said: string): string {
  const [, , inside] = /^[a-z]{0,2}("""|'''|"|')([\s\S]*)\1$/i.exec(said) ?? [];
  return inside ?? said;
}

/** The named arguments of a call. */
export function optionsOf(call: SyntaxNode, source: Source): { options: Map<string, OptionValue>; isOpen: boolean } {
  const options = new Map<string, OptionValue>();
  const parts = childrenOf(call.getChild("ArgList") ?? call);
  const isOpen = parts.some(({ name }) => name === "**" || name === "*");
  for (const [at, part] of parts.entries()) {
    const name = parts[at - 1];
    const value = parts[at + 1];
    if (part.name !== "AssignOp" || !name || !value) continue;
    const key = source.text.slice(name.from, name.to);
    const tree = settingOf(value, { key: "", path: [] }, source);
    options.set(plainName(key), {
      ...{ text: stringIn(source.text.slice(value.from, value.to)), line: source.lineOf(value.from) },
      isPlain: /^(?:String|Number|Boolean)$/.test(value.name),
      tree: tree.text === undefined ? tree : undefined,
    });
  }
  return { options, isOpen };
}

/** Dictionaries and lists as a tree; what is worked out stays as it is written. */
export function settingOf(node: SyntaxNode, named: Pick<Setting, "key" | "path">, source: Source): Setting {
  const line = source.lineOf(node.from);
  const parts = childrenOf(node).filter(({ name }) => !/^[[\]{},]$/.test(name));
  const below = (child: SyntaxNode, key: string): Setting =>
    settingOf(child, { key, path: [...named.path, key] }, source);
  if (node.name === "ArrayExpression")
    return { ...named, line, text: undefined, children: parts.map((part, at) => below(part, String(at))) };
  if (node.name !== "DictionaryExpression")
    return { ...named, line, text: stringIn(source.text.slice(node.from, node.to)), children: [] };
  const children = parts.flatMap((part, at) => {
    const key = parts[at - 1];
    const value = parts[at + 1];
    if (part.name !== ":" || !key || !value) return [];
    return [{ ...below(value, stringIn(source.text.slice(key.from, key.to))), line: source.lineOf(key.from) }];
  });
  return { ...named, line, text: undefined, children };
}
