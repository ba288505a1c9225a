import { forEachChild, type Word as ParsedWord, type SyntaxNode } from "unbash";
import type { Setting } from "../procedure.ts";
import type { PlacedWord } from "./aws-cli.ts";

const EXPANSIONS = new Set(["SimpleExpansion", "ParameterExpansion", "CommandExpansion", "ArithmeticExpansion"]);
/** What bash fills in itself, and what holds one word always. */
const SAFE = new Set([
  "#",
  "?",
  "$",
  "!",
  "RANDOM",
  "SECONDS",
  "EPOCHSECONDS",
  "UID",
  "EUID",
  "PPID",
  "BASHPID",
  "HOME",
  "PWD",
]);

/** A word with what the shell would make of it. `files` are those that the script has written before. */
export function wordOf(word: ParsedWord, line: number, files: ReadonlyMap<string, Setting>): PlacedWord {
  const parts = partsOf(word);
  const variables = [...variablesIn(word)];
  return {
    ...{ line, text: word.value, variables },
    isPlain: parts.every(({ type }) => !EXPANSIONS.has(type)),
    unquoted: (word.parts ?? [])
      .flatMap((part) => (EXPANSIONS.has(part.type) ? [nameIn(part)] : []))
      .filter((name) => name !== "" && !SAFE.has(name)),
    insisted: parts.flatMap((part) => (insists(part) ? [nameIn(part)] : [])),
    ...(word.value.startsWith("file://") ? fileOf(files.get(word.value.slice("file://".length))) : {}),
  };
}

const fileOf = (tree: Setting | undefined) => (tree ? { tree } : {});

/** Parts of a word, those between quotes too, and not what a command in its place is made of. */
function partsOf(word: ParsedWord): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    found.push(node);
    if (node.type !== "CommandExpansion") forEachChild(node, visit);
  };
  forEachChild(word, visit);
  return found;
}

function* variablesIn(word: ParsedWord): Generator<string> {
  for (const part of partsOf(word)) {
    const name = part.type === "SimpleExpansion" || part.type === "ParameterExpansion" ? nameIn(part) : "";
    if (name !== "" && !SAFE.has(name)) yield name;
  }
}

/** `$NAME`, `${NAME:-x}`; empty for what is no variable. A default takes the danger out of an empty one. */
function nameIn(part: SyntaxNode): string {
  if (part.type === "SimpleExpansion") return part.text.slice(1);
  if (part.type === "CommandExpansion") return part.text;
  return part.type === "ParameterExpansion" && part.prefix !== "#" ? part.parameter : "";
}

function insists(part: SyntaxNode): boolean {
  const operation = part.type === "ParameterExpansion" ? part.operation : undefined;
  return operation?.type === "Default" && !operation.operator.endsWith("+");
}
