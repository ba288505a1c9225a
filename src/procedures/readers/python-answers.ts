import type { SyntaxNode } from "@lezer/common";
import { childrenOf, stringIn } from "./python-values.ts";

/** An answer of AWS that a variable holds, or a part of it. */
export interface Answer {
  readonly of: string;
  readonly path: readonly string[];
  readonly isOrdered: boolean;
}

interface Speaks {
  readonly say: (node: SyntaxNode) => string;
  /** The call of AWS that an expression makes. */
  awsName(node: SyntaxNode): string | undefined;
}

/** Which variable holds which part of which answer. */
export class Answers {
  readonly #known: Map<string, Answer>;
  readonly #speaks: Speaks;

  constructor(speaks: Speaks, known: ReadonlyMap<string, Answer> = new Map()) {
    this.#speaks = speaks;
    this.#known = new Map(known);
  }

  copy = (): Answers => new Answers(this.#speaks, this.#known);

  set(name: string, answer: Answer): void {
    this.#known.set(name, answer);
  }

  /** What an expression holds of an answer; undefined for everything else. */
  of(node: SyntaxNode): Answer | undefined {
    const [first, second, third] = childrenOf(node);
    switch (node.name) {
      case "AwaitExpression":
      case "ParenthesizedExpression":
        return second && this.of(second);
      case "VariableName":
        return this.#known.get(this.#speaks.say(node));
      case "CallExpression":
        return this.#ofCall(node);
      case "MemberExpression": {
        const known = this.#known.get(this.#speaks.say(node));
        if (known || !first || second?.name !== "[" || !third) return known;
        const from = this.of(first);
        if (third.name !== "String") return from;
        return from && { ...from, path: [...from.path, stringIn(this.#speaks.say(third))] };
      }
      default:
        return undefined;
    }
  }

  #ofCall(node: SyntaxNode): Answer | undefined {
    const call = this.#speaks.awsName(node);
    if (call !== undefined && !call.includes(" wait ")) return { of: call, path: [], isOrdered: false };
    const [callee] = childrenOf(node);
    const list = node.getChild("ArgList");
    const argument = list ? childrenOf(list)[1] : undefined;
    const name = callee ? this.#speaks.say(callee) : "";
    const from = argument && /^(?:sorted|max|min|list|reversed)$/.test(name) ? this.of(argument) : undefined;
    if (from) return { ...from, isOrdered: name === "sorted" || from.isOrdered };
    const of = callee?.name === "MemberExpression" && name.endsWith(".get") ? callee.firstChild : undefined;
    const got = of && this.of(of);
    return got && argument?.name === "String"
      ? { ...got, path: [...got.path, stringIn(this.#speaks.say(argument))] }
      : undefined;
  }
}
