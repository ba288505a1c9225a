import type { SyntaxNodeRef, Tree } from "@lezer/common";
import { GFM, parser } from "@lezer/markdown";
import type { Sentence } from "../procedure.ts";
import { lineFinder } from "./lines.ts";

/** A block of code between fences. */
export interface Fenced {
  readonly language: string;
  readonly text: string;
  /** Line of the file right before the first line of the code. */
  readonly before: number;
  readonly headings: readonly string[];
}

export interface Markdown {
  readonly fenced: readonly Fenced[];
  readonly prose: readonly Sentence[];
}

const PARSER = parser.configure(GFM);
const PROSE = new Set(["Paragraph", "TableRow", "TableHeader", "Task"]);

export function readMarkdown(text: string): Markdown {
  const lineOf = lineFinder(text);
  const lines = text.split("\n");
  const headings: { level: number; text: string }[] = [];
  const fenced: Fenced[] = [];
  const prose: Sentence[] = [];
  const above = () => headings.map((heading) => heading.text);
  const tree: Tree = PARSER.parse(text);
  tree.iterate({
    enter(node) {
      const level = Number(/^(?:ATX|Setext)Heading(\d)$/.exec(node.name)?.[1] ?? 0);
      const said = text.slice(node.from, node.to);
      if (level > 0) {
        while ((headings.at(-1)?.level ?? 0) >= level) headings.pop();
        headings.push({ level, text: said.replaceAll(/^#+\s*|\n.*$/g, "").trim() });
      }
      if (level > 0 || PROSE.has(node.name))
        for (const [at, line] of said.split("\n").entries())
          prose.push({ line: lineOf(node.from) + at, text: line, headings: above() });
      if (node.name !== "FencedCode") return !PROSE.has(node.name);
      fenced.push({ ...codeIn(node, lines, lineOf), headings: above() });
      return false;
    },
  });
  return { fenced, prose };
}

/** The lines between the fences, without the indent of a list. A fence that is never closed ends with its file. */
function codeIn(
  node: SyntaxNodeRef,
  lines: readonly string[],
  lineOf: (at: number) => number,
): Omit<Fenced, "headings"> {
  const from = lineOf(node.from);
  const [, indent = "", language = ""] = /^([\s>]*)[`~]{3,}\s*([\w+#-]*)/.exec(lines[from - 1] ?? "") ?? [];
  const last = lineOf(node.to);
  const end = /^[\s>]*[`~]{3,}\s*$/.test(lines[last - 1] ?? "") && last > from ? last - 1 : last;
  const code = lines
    .slice(from, end)
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()));
  return { language: language.toLowerCase(), text: code.join("\n"), before: from };
}
