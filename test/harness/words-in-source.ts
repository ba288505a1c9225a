import { parseSync } from "@swc/core";
import { z } from "zod";

/** A word as it stands in a source: a literal (with what a template puts in as `$`), the key of an object or type, or a member that is asked for. */
export interface SourceWord {
  readonly how: "literal" | "key" | "member";
  readonly word: string;
}

const Node = z.looseObject({ type: z.string() });
type Node = z.infer<typeof Node>;

const Named = z.object({ value: z.string() });
const Template = z.object({ quasis: z.array(z.object({ raw: z.string() })) });

const KEYED = new Set([
  ...["KeyValueProperty", "MethodProperty", "KeyValuePatternProperty", "AssignmentPatternProperty"],
  ...["TsPropertySignature", "TsMethodSignature", "ClassProperty", "ClassMethod"],
]);

const nameOf = (node: unknown): string | undefined => Named.safeParse(node).data?.value;

function wordOf(node: Node): SourceWord | undefined {
  if (node.type === "StringLiteral") return literal(nameOf(node));
  if (node.type === "TemplateLiteral")
    return literal(
      Template.parse(node)
        .quasis.map(({ raw }) => raw)
        .join("$"),
    );
  if (KEYED.has(node.type)) return named("key", node["key"]);
  return node.type === "MemberExpression" ? named("member", node["property"]) : undefined;
}

const literal = (word: string | undefined): SourceWord | undefined =>
  word === undefined ? undefined : { how: "literal", word };

function named(how: "key" | "member", node: unknown): SourceWord | undefined {
  const word = nameOf(node);
  return word === undefined ? undefined : { how, word };
}

/** Every word of a TypeScript source; comments may say what they like. */
export function wordsIn(source: string): SourceWord[] {
  const found: SourceWord[] = [];
  const walk = (value: unknown): void => {
    const { data: node } = Node.safeParse(value);
    const word = node && wordOf(node);
    if (word) found.push(word);
    if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(parseSync(source, { syntax: "typescript", target: "es2023" }).body);
  return found;
}

/** Every name that a TypeScript source gives or uses: of a value, a type, a parameter, a key. What hangs on `z` is the schema library's. */
export function identifiersIn(source: string): readonly string[] {
  const found = new Set<string>();
  // Without a schema for each node: all of `src` is walked by this.
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { type, value, object } = node as Readonly<Record<string, unknown>>;
    if (type === "Identifier") found.add(String(value));
    if (type === "MemberExpression" && nameOf(object) === "z") return;
    for (const part of Object.values(node)) walk(part);
  };
  walk(parseSync(source, { syntax: "typescript", target: "es2023" }).body);
  return [...found];
}
