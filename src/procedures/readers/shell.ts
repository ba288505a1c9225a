import {
  type Command,
  forEachChild,
  type HereDoc,
  type If,
  type ParsedScript,
  parse,
  type Redirection,
  type SyntaxNode,
} from "unbash";
import {
  type Act,
  NOTHING_READ,
  type Place,
  type Procedure,
  type Reading,
  type Setting,
  type Trap,
  type Unread,
} from "../procedure.ts";
import { awsCall, type PlacedWord } from "./aws-cli.ts";
import { commentAbove, lineFinder } from "./lines.ts";
import { type Around, insideOf, keeps, OUTSIDE } from "./shell-around.ts";
import { wordOf } from "./shell-words.ts";
import { readTree } from "./tree.ts";

/** Commands that run the one behind them. */
const WRAPPERS = new Set(["sudo", "env", "nohup", "command", "exec", "xargs", "timeout", "retry", "time", "run"]);
/** Shells that are told what to do in a word. */
const SHELLS = new Set(["bash", "sh", "zsh", "eval"]);
/** A function that calls itself, and words for a shell in words for a shell. */
const DEEPEST = 8;

/** Reads a script, or the commands of a section. What bash would not take is reported, and the rest is read. */
export function readShell(text: string, place: Place): Reading {
  const reader = new ShellReader(text, place);
  reader.read();
  return {
    ...NOTHING_READ,
    procedures: [reader.procedure()],
    unread: reader.unread,
    settings: [...reader.files.values()],
  };
}

/** Holds what a script has set so far. */
class ShellReader {
  readonly unread: Unread[] = [];
  /** What here-documents have written. */
  readonly files = new Map<string, Setting>();
  readonly #acts: Act[] = [];
  readonly #traps: Trap[] = [];
  readonly #functions = new Map<string, SyntaxNode>();
  readonly #constants = new Map<string, string>();
  readonly #assigned = new Set<string>();
  readonly #options = new Set<string>();
  readonly #lines: readonly string[];
  readonly #lineOf: (at: number) => number;
  readonly #text: string;
  readonly #place: Place;

  constructor(text: string, place: Place) {
    this.#text = text;
    this.#place = place;
    this.#lines = text.split("\n");
    this.#lineOf = lineFinder(text, place.before);
  }

  read(): void {
    const script = parse(this.#text);
    this.#reportErrors(script);
    this.#findFunctions(script);
    for (const letter of /^#!.*\s-(\w+)\s*$/.exec(this.#lines[0] ?? "")?.[1] ?? "") this.#options.add(letter);
    const called = new Set(this.#functions.keys());
    this.#walk(script, OUTSIDE);
    // A function that nothing calls here is called by somebody else: what it does is read at the end.
    for (const name of called) if (!this.#called.has(name)) this.#enter(name, OUTSIDE);
  }

  procedure(): Procedure {
    const isScript = (this.#lines[0] ?? "").startsWith("#!");
    return {
      ...{
        title: this.#place.title,
        name: "",
        isPart: false,
        file: this.#place.file,
        line: this.#place.before + 1,
        language: "shell",
        isScript,
      },
      ...{
        acts: this.#acts,
        traps: this.#traps,
        constants: this.#constants,
        assigned: this.#assigned,
        comparisons: [],
        fields: [],
      },
      ...{ stopsOnFailure: this.#options.has("e"), stopsOnUnset: this.#options.has("u") },
    };
  }

  readonly #called = new Set<string>();

  #reportErrors({ errors = [] }: ParsedScript, at?: number): void {
    for (const { message, pos } of errors.slice(0, 1))
      this.unread.push({ line: this.#lineOf(Math.min(at ?? pos, this.#text.length)), why: message });
  }

  #findFunctions(node: SyntaxNode): void {
    if (node.type === "Function") this.#functions.set(node.name.value, node.body);
    if (node.type !== "Word") forEachChild(node, (child) => this.#findFunctions(child));
  }

  #enter(name: string, around: Around): boolean {
    const body = this.#functions.get(name);
    if (!body || around.depth >= DEEPEST) return false;
    this.#called.add(name);
    this.#walk(body, { ...around, depth: around.depth + 1 });
    return true;
  }

  #walk(node: SyntaxNode, around: Around): void {
    if (node.type === "Function") return;
    if (node.type === "Command") this.#command(node, around);
    else if (node.type === "If") this.#if(node, around);
    else {
      if (node.type === "Assignment") this.#assigned.add(node.name);
      if (node.type === "For" || node.type === "Select") this.#assigned.add(node.name.value);
      if (node.type === "Assignment" && node.value.type === "Word" && node.index === undefined)
        this.#remember(node.name, wordOf(node.value, 0, this.files));
      if (node.type === "CommandExpansion" && node.script) this.#reportErrors(node.script, node.pos);
      const inside = insideOf(node, around);
      forEachChild(node, (child) => this.#walk(child, inside));
    }
  }

  #if({ clause, then, elif, else: other }: If, around: Around): void {
    this.#walk(clause, { ...around, isGuarded: true });
    const within = [...around.within, this.#text.slice(clause.pos, clause.end)];
    this.#each([then, ...elif, ...(other ? [other] : [])], { ...around, within });
  }

  #each(nodes: readonly SyntaxNode[], around: Around): void {
    for (const node of nodes) this.#walk(node, around);
  }

  #remember(name: string, { text, isPlain }: PlacedWord): void {
    if (isPlain && text !== "" && !/[\s*?[]/.test(text)) this.#constants.set(name, text);
  }

  #command(command: Command, around: Around): void {
    forEachChild(command, (child) => this.#walk(child, around));
    const words = [command.name, ...command.args]
      .flatMap((word) => (word?.type === "Word" ? [word] : []))
      .map((word) => wordOf(word, this.#lineOf(word.pos), this.files));
    this.#heredoc(command.redirects, words);
    const name = words[0]?.text;
    if (name === undefined) return;
    if (name === "set") this.#set(words.slice(1));
    if (name === "trap") this.#trap(command, words, around);
    if (this.#enter(name, around)) return;
    const told = SHELLS.has(name) ? words.slice(1).find(({ text }) => !text.startsWith("-")) : undefined;
    if (told && (name === "eval" || words.some(({ text }) => /^-\w*c$/.test(text)))) this.#told(told, around);
    else this.#acts.push(this.#actOf(command, words, { ...around, isKept: around.isKept || keeps(command) }));
  }

  #actOf(command: Command, words: readonly PlacedWord[], { isKept, isRepeated, isGuarded, within }: Around): Act {
    const at = words.findIndex(({ text }) => /(?:^|\/)aws$/.test(text));
    const isCall =
      at === 0 || (at > 0 && (WRAPPERS.has(words[0]?.text ?? "") || this.#functions.has(words[0]?.text ?? "")));
    const call = isCall ? awsCall(words.slice(at + 1)) : undefined;
    const line = this.#lineOf(command.pos);
    return {
      ...(call ?? { name: words[0]?.text ?? "", service: undefined, options: new Map(), isOpen: false }),
      ...{ line, words, isKept, isRepeated, isGuarded, within },
      note: commentAbove(this.#lines, line - this.#place.before),
    };
  }

  /** Words for another shell are read as part of this procedure, all in the line of the words. */
  #told({ text, line }: PlacedWord, around: Around): void {
    if (around.depth >= DEEPEST) return;
    const inner = new ShellReader(text, { ...this.#place, before: line - 1 });
    inner.read();
    this.#acts.push(...inner.procedure().acts.map((act) => ({ ...act, line, isGuarded: around.isGuarded })));
    this.unread.push(...inner.unread);
  }

  #heredoc(redirects: readonly Redirection[], words: readonly PlacedWord[]): void {
    const document = redirects.find((redirect): redirect is HereDoc => redirect.type === "HereDoc");
    const target = redirects.find((redirect) => redirect.type === "Redirect" && redirect.operator.startsWith(">"));
    const teed = words[0]?.text === "tee" ? words.at(-1)?.text : undefined;
    const name = target?.type === "Redirect" ? target.target?.value : teed;
    if (!document || name === undefined || !/^\s*[[{]/.test(document.body.text)) return;
    const { settings } = readTree(document.body.text, this.#lineOf(document.body.pos) - 1);
    if (settings[0]) this.files.set(name, settings[0]);
  }

  #set(words: readonly PlacedWord[]): void {
    const texts = words.map(({ text }) => text);
    for (const text of texts) for (const letter of /^-(\w+)$/.exec(text)?.[1] ?? "") this.#options.add(letter);
    if (texts.includes("errexit") && texts.includes("-o")) this.#options.add("e");
    if (texts.includes("nounset") && texts.includes("-o")) this.#options.add("u");
  }

  #trap(command: Command, [, does, ...signals]: readonly PlacedWord[], around: Around): void {
    if (!does || around.depth >= DEEPEST) return;
    const body = this.#functions.get(does.text);
    const text = body ? `${does.text} ${this.#text.slice(body.pos, body.end)}` : does.text;
    if (body) this.#called.add(does.text);
    this.#traps.push({ line: this.#lineOf(command.pos), signals: signals.map((signal) => signal.text), does: text });
  }
}
