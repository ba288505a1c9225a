import type { Command, Redirection, SyntaxNode } from "unbash";

/** What stands around a command of a script. */
export interface Around {
  readonly isKept: boolean;
  readonly isRepeated: boolean;
  readonly isGuarded: boolean;
  readonly within: readonly string[];
  readonly depth: number;
}

export const OUTSIDE: Around = { isKept: false, isRepeated: false, isGuarded: false, within: [], depth: 0 };

/** What stands around the parts of this node. */
export function insideOf(node: SyntaxNode, around: Around): Around {
  if (node.type === "Pipeline") {
    const last = node.commands.at(-1);
    const isKept = around.isKept || (last?.type === "Command" && keeps(last));
    return { ...around, isKept, isGuarded: around.isGuarded || node.prefixes.some(({ type }) => type === "Negation") };
  }
  if (node.type === "Redirected") return { ...around, isKept: around.isKept || node.redirects.some(isKeeping) };
  return { ...around, ...CHANGED[node.type] };
}

const CHANGED: Readonly<Partial<Record<SyntaxNode["type"], Partial<Around>>>> = {
  AndOr: { isGuarded: true },
  While: { isRepeated: true, isGuarded: true },
  For: { isRepeated: true },
  Assignment: { isKept: true },
};

/** Its output goes into a file that is kept. */
export const isKeeping = (redirect: Redirection): boolean =>
  redirect.type === "Redirect" &&
  [">", ">>", ">|", "&>", "&>>"].includes(redirect.operator) &&
  !(redirect.descriptor?.type === "FileDescriptor" && redirect.descriptor.value === 2) &&
  redirect.target?.value !== "/dev/null";

export const keeps = (command: Command): boolean =>
  command.redirects.some(isKeeping) || command.name?.value === "tee" || command.name?.value === "read";
