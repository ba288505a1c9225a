import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import {
  type Act,
  type Comparison,
  type FieldUse,
  NOTHING_READ,
  type Place,
  type Procedure,
  type Reading,
  type Setting,
  type Unread,
} from "../procedure.ts";
import { serviceOfCall } from "../purposes.ts";
import { commentAbove, lineFinder } from "./lines.ts";
import { Answers } from "./python-answers.ts";
import { childrenOf, optionsOf, settingOf, stringIn } from "./python-values.ts";

interface Around {
  readonly isRepeated: boolean;
  readonly isGuarded: boolean;
  readonly within: readonly string[];
}

/** Reads a program: each function is a procedure, and what stands outside functions is one more. */
export function readPython(text: string, place: Place): Reading {
  const reader = new PythonReader(text, place);
  const root = parser.parse(text).topNode;
  reader.read(root);
  return { ...NOTHING_READ, procedures: reader.procedures, settings: reader.settings, unread: reader.unread };
}

class PythonReader {
  readonly procedures: Procedure[] = [];
  readonly settings: Setting[] = [];
  readonly unread: Unread[] = [];
  readonly #text: string;
  readonly #lines: readonly string[];
  readonly #place: Place;
  readonly #lineOf: (at: number) => number;
  readonly #clients = new Map<string, string>();
  #acts: Act[] = [];
  #comparisons: Comparison[] = [];
  #fields: FieldUse[] = [];
  #answers = new Answers(this);

  constructor(text: string, place: Place) {
    this.#text = text;
    this.#lines = text.split("\n");
    this.#place = place;
    this.#lineOf = lineFinder(text, place.before);
    for (const [, name = "", service = ""] of text.matchAll(/(\w+)\s*=\s*[\w.]+\.client\(\s*["']([\w-]+)["']/g))
      this.#clients.set(name, service);
  }

  read(root: SyntaxNode): void {
    root.cursor().iterate((node) => {
      if (node.type.isError && this.unread.length === 0)
        this.unread.push({ line: this.#lineOf(node.from), why: "this is no Python" });
    });
    this.#procedure(root, { name: "", title: this.#place.title });
  }

  say = (node: SyntaxNode): string => this.#text.slice(node.from, node.to);

  /** A function's own body; functions inside it are procedures of their own. */
  #procedure(body: SyntaxNode, { name, title }: Pick<Procedure, "name" | "title">): void {
    const before = [this.#acts, this.#comparisons, this.#fields, this.#answers] as const;
    [this.#acts, this.#comparisons, this.#fields, this.#answers] = [[], [], [], this.#answers.copy()];
    this.#walk(body, { isRepeated: false, isGuarded: false, within: [] });
    const { file } = this.#place;
    if (this.#acts.length + this.#comparisons.length + this.#fields.length > 0)
      this.procedures.push({
        ...{ name, title, file, isPart: false, line: this.#lineOf(body.from), language: "python", isScript: true },
        ...{ stopsOnFailure: true, stopsOnUnset: true, traps: [], constants: new Map(), assigned: new Set() },
        ...{ acts: this.#acts, comparisons: this.#comparisons, fields: this.#fields },
      });
    [this.#acts, this.#comparisons, this.#fields, this.#answers] = before;
  }

  #walk(node: SyntaxNode, around: Around): void {
    if (node.name === "FunctionDefinition") this.#define(node);
    else if (node.name === "IfStatement" || node.name === "TryStatement") this.#branches(node, around);
    else {
      const isLoop = node.name === "ForStatement" || node.name === "WhileStatement";
      if (isLoop) this.#loopVariable(node);
      this.#each(node, isLoop ? { ...around, isRepeated: true } : around);
      this.#note(node, around);
    }
  }

  #define(node: SyntaxNode): void {
    const name = this.say(node.getChild("VariableName") ?? node);
    const parameters = node.getChild("ParamList");
    const body = node.getChild("Body");
    if (body)
      this.#procedure(body, {
        name,
        title: `${this.#place.title} ${name}${parameters ? this.say(parameters) : ""}`.trim(),
      });
  }

  /** What this node does, once its parts are read. */
  #note(node: SyntaxNode, around: Around): void {
    if (node.name === "AssignStatement") this.#assign(node);
    if (node.name === "CallExpression") this.#call(node, around);
    if (node.name === "ArrayExpression") this.#steps(node, around);
    if (node.name === "BinaryExpression") this.#compare(node);
    if (node.name === "MemberExpression") this.#field(node);
  }

  #each(node: SyntaxNode, around: Around): void {
    for (const child of childrenOf(node)) this.#walk(child, around);
  }

  /** What stands under a condition or in a handler knows it. */
  #branches(node: SyntaxNode, around: Around): void {
    let said = "";
    for (const child of childrenOf(node)) {
      if (child.name === "Body")
        this.#walk(child, {
          ...around,
          isGuarded: node.name === "TryStatement" || around.isGuarded,
          within: [...around.within, said.trim()],
        });
      else this.#walk(child, { ...around, isGuarded: true });
      said = child.name === "Body" ? "" : `${said} ${this.say(child)}`;
    }
  }

  #loopVariable(node: SyntaxNode): void {
    const [name, , from] = childrenOf(node).slice(1);
    const answer = from && this.#answers.of(from);
    if (name?.name === "VariableName" && answer) this.#answers.set(this.say(name), answer);
  }

  #assign(node: SyntaxNode): void {
    const [name, , value] = childrenOf(node);
    if (!name || !value) return;
    const answer = this.#answers.of(value);
    if (answer) this.#answers.set(this.say(name), answer);
    if (/^(?:Dictionary|Array)Expression$/.test(value.name))
      this.settings.push(
        settingOf(value, { key: this.say(name), path: [this.say(name)] }, { text: this.#text, lineOf: this.#lineOf }),
      );
  }

  #call(node: SyntaxNode, around: Around): void {
    const [callee] = childrenOf(node);
    if (!callee) return;
    const name = this.#nameOf(callee);
    const line = this.#lineOf(node.from);
    const { options, isOpen } = optionsOf(node, { text: this.#text, lineOf: this.#lineOf });
    const call = this.awsName(node);
    this.#acts.push({
      ...{ ...around, line, options, isOpen, words: [] },
      ...{ name: call ?? name, service: call?.split(" ")[0], isKept: isKeptBy(node) },
      note: commentAbove(this.#lines, line - this.#place.before),
    });
  }

  #nameOf(callee: SyntaxNode): string {
    const last = callee.name === "MemberExpression" ? callee.getChild("PropertyName") : callee;
    return this.say(last ?? callee);
  }

  /** `rds promote-read-replica` for `self.rds.promote_read_replica(…)`; the call of a waiter or a paginator is the call behind it. */
  awsName(node: SyntaxNode): string | undefined {
    const callee = this.say(childrenOf(node)[0] ?? node).replaceAll(/\s/g, "");
    const [, of = "", via, behind = "", method = ""] =
      /^(?:\w+\.)*?(\w+|boto3\.client\(["'][\w-]+["']\))\.(?:get_(waiter|paginator)\(["'](\w+)["']\)\.)?(\w+)$/.exec(
        callee,
      ) ?? [];
    const name = (behind || method).replaceAll("_", "-");
    const service = /^boto3\.client\(["']([\w-]+)/.exec(of)?.[1] ?? this.#clients.get(of) ?? serviceOfCall(name);
    if (service === undefined || method.startsWith("get_waiter") || method.startsWith("get_paginator"))
      return undefined;
    return via === "waiter" ? `${service} wait ${name}` : `${service} ${name}`;
  }

  /** A list of functions is a list of steps. */
  #steps(node: SyntaxNode, around: Around): void {
    const items = childrenOf(node).filter(({ name }) => !/^[[\],]$/.test(name));
    if (items.length < 2) return;
    if (!items.every(({ name }) => name === "VariableName" || name === "MemberExpression")) return;
    for (const item of items)
      this.#acts.push({
        ...{ ...around, line: this.#lineOf(item.from), name: this.#nameOf(item), service: undefined },
        ...{ options: new Map(), words: [], isOpen: true, isKept: false, note: "" },
      });
  }

  #compare(node: SyntaxNode): void {
    const operator = node.getChild("CompareOp");
    const [left, , right] = childrenOf(node);
    if (!operator || !left || !right) return;
    this.#comparisons.push({
      ...{
        line: this.#lineOf(node.from),
        left: this.say(left),
        operator: this.say(operator),
        right: stringIn(this.say(right)),
      },
    });
  }

  #field(node: SyntaxNode): void {
    const [of, bracket, index] = childrenOf(node);
    if (bracket?.name !== "[" || !of || !index) return;
    const answer = this.#answers.of(of);
    if (!answer) return;
    const line = this.#lineOf(index.from);
    if (index.name === "String")
      this.#fields.push({ line, of: answer.of, path: [...answer.path, stringIn(this.say(index))], item: undefined });
    const { isOrdered, path } = answer;
    if (/^-?\d+$/.test(this.say(index)) && path.length > 0)
      this.#fields.push({ line, of: answer.of, path, item: { list: path.at(-1) ?? "", isOrdered } });
  }
}

/** An answer that goes into a variable, or into a file. */
const isKeptBy = (node: SyntaxNode): boolean => {
  const above = node.parent?.name === "AwaitExpression" ? node.parent.parent : node.parent;
  return above?.name === "AssignStatement" || above?.name === "ArgList";
};
