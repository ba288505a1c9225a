import type { Setting, Unread } from "../procedure.ts";
import { lineFinder } from "./lines.ts";
import type { Tree } from "./tree.ts";

/**
 * Terraform, as far as rules need it: blocks, attributes, objects, and the line of each. Expressions stay as they are written.
 * A block is a setting whose key is its type and its labels: `resource aws_db_instance replica`.
 */
export function readHcl(text: string, before: number): Tree {
  const reader = new HclReader(text, before);
  const settings = reader.body([]);
  return {
    settings: [{ key: "", path: [], line: before + 1, text: undefined, children: settings }],
    unread: reader.unread,
  };
}

const OPENING = "{[(";
const CLOSING = "}])";
const DEEPEST = 100;

class HclReader {
  readonly unread: Unread[] = [];
  readonly #text: string;
  readonly #lineOf: (at: number) => number;
  #at = 0;

  constructor(text: string, before: number) {
    this.#text = text;
    this.#lineOf = lineFinder(text, before);
  }

  /** What stands between braces, or in the whole file. */
  body(path: readonly string[]): Setting[] {
    const found: Setting[] = [];
    for (this.#skip(); this.#at < this.#text.length && !this.#sees("}"); this.#skip()) {
      const from = this.#at;
      const setting = path.length > DEEPEST ? undefined : this.#statement(path);
      if (setting) found.push(setting);
      else this.#giveUp(from);
    }
    if (path.length > 0 && !this.#sees("}")) this.#report(this.#text.length, "a brace is never closed");
    else if (path.length === 0 && this.#sees("}")) this.#giveUp(this.#at);
    this.#at += 1;
    return found;
  }

  #statement(path: readonly string[]): Setting | undefined {
    const from = this.#at;
    const words = [...this.#words()];
    const key = words.join(" ");
    const line = this.#lineOf(from);
    if (key === "") return undefined;
    const below = [...path, key];
    if (this.#takes("{")) return { key, path: below, line, text: undefined, children: this.body(below) };
    if (!this.#takes("=") && !this.#takes(":")) return undefined;
    this.#blanks();
    if (this.#takes("{")) return { key, path: below, line, text: undefined, children: this.body(below) };
    const text = this.#expression();
    return { key, path: below, line, text: unquoted(text), children: [] };
  }

  /** Names and labels up to `{`, `=` or `:`. */
  *#words(): Generator<string> {
    for (;;) {
      this.#blanks();
      const [word] = /^(?:"[^"\n]*"|[\w.-]+|\([^()\n]*\))/.exec(this.#text.slice(this.#at, this.#at + 500)) ?? [];
      if (word === undefined) return;
      this.#at += word.length;
      yield unquoted(word);
    }
  }

  /** Up to the end of the line, or of the list that it stands in. */
  #expression(): string {
    const from = this.#at;
    let depth = 0;
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at] ?? "";
      if (depth === 0 && (sign === "\n" || sign === "," || CLOSING.includes(sign) || this.#isComment())) break;
      if (sign === '"') this.#string();
      else if (this.#text.startsWith("<<", this.#at)) this.#heredoc();
      else {
        if (OPENING.includes(sign)) depth += 1;
        if (CLOSING.includes(sign)) depth -= 1;
        this.#at += 1;
      }
    }
    return this.#text.slice(from, this.#at).trim();
  }

  #string(): void {
    let depth = 0;
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const sign = this.#text[this.#at];
      if (sign === "\\") this.#at += 1;
      else if (this.#text.startsWith("${", this.#at)) depth += 1;
      else if (sign === "}" && depth > 0) depth -= 1;
      else if ((sign === '"' && depth === 0) || sign === "\n") break;
    }
    this.#at += 1;
  }

  #heredoc(): void {
    const [opened = "<<", , name = ""] = /^<<([-~]?)(\w+)/.exec(this.#text.slice(this.#at, this.#at + 200)) ?? [];
    const end = name === "" ? -1 : this.#text.slice(this.#at).search(new RegExp(`\\n[ \\t]*${name}[ \\t]*(?:\\n|$)`));
    const closing = end === -1 ? -1 : this.#text.indexOf(name, this.#at + end);
    this.#at = closing === -1 ? this.#at + opened.length : closing + name.length;
  }

  /** Blanks, line ends, commas and comments. */
  #skip(): void {
    for (;;) {
      this.#blanks();
      if (this.#isComment()) this.#comment();
      else if (this.#sees("\n") || this.#sees(",")) this.#at += 1;
      else return;
    }
  }

  #blanks(): void {
    while (/[ \t\r]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #comment(): void {
    const isLong = this.#text.startsWith("/*", this.#at);
    const end = this.#text.indexOf(isLong ? "*/" : "\n", this.#at);
    this.#at = end === -1 ? this.#text.length : end + (isLong ? 2 : 0);
  }

  #isComment = (): boolean => ["#", "//", "/*"].some((mark) => this.#text.startsWith(mark, this.#at));
  #sees = (sign: string): boolean => this.#text[this.#at] === sign;

  #takes(sign: string): boolean {
    this.#blanks();
    if (!this.#sees(sign)) return false;
    this.#at += 1;
    return true;
  }

  /** A line that is no Terraform is said, and the next one is read. */
  #giveUp(from: number): void {
    this.#report(from, "this is no Terraform");
    const end = this.#text.indexOf("\n", Math.max(this.#at, from + 1));
    this.#at = end === -1 ? this.#text.length : end;
  }

  #report(at: number, why: string): void {
    if (this.unread.length === 0) this.unread.push({ line: this.#lineOf(Math.min(at, this.#text.length)), why });
  }
}

const unquoted = (text: string): string => (/^"[^"]*"$/.test(text) ? text.slice(1, -1) : text);
