import type { Ask } from "../../commands/intent.ts";
import type { Members } from "./members.ts";

/** Slack's encoding of a mention (`should_escape`); the label after `|` is whatever somebody calls themselves. */
const MEMBER = /<@([UW][A-Z0-9]+)(?:\|([^>]*))?>/g;
const CHANNEL = /<#([CDG][A-Z0-9]+)(?:\|[^>]*)?>/g;
const GROUP = /<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>/g;
const LINK = /<((?:https?:\/\/|mailto:)[^|>]*)(?:\|[^>]*)?>/g;

/** What a copied word brings along unseen: zero-width characters, marks of direction, soft hyphens. */
const INVISIBLE = /\p{Cf}/gu;

/** Letters of other scripts that nobody can tell from these. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  ...{ а: "a", с: "c", ԁ: "d", е: "e", һ: "h", і: "i", ј: "j", ӏ: "l", о: "o", р: "p", ѕ: "s", у: "y", х: "x", ԝ: "w" },
  ...{ А: "A", В: "B", С: "C", Е: "E", Н: "H", І: "I", К: "K", М: "M", О: "O", Р: "P", Ѕ: "S", Т: "T", У: "Y", Х: "X" },
  ...{ ο: "o", ν: "v", α: "a", ι: "i", ρ: "p", Α: "A", Β: "B", Ε: "E", Ι: "I", Κ: "K", Μ: "M", Ν: "N", Ο: "O", Ρ: "P" },
};
const LOOKS_ALIKE = new RegExp(`[${Object.keys(LOOK_ALIKES).join("")}]`, "gu");

/** One argument: what stands between spaces, or between double quotes; a quote that is never closed is a character. */
const ARGUMENT = /"([^"]*)"(?=\s|$)|\S+/g;

/** Command text as people typed it, undone of what Slack and its clients made of it. */
export function parseCommand(given: string, members: Pick<Members, "personOf">): Pick<Ask, "verb" | "args" | "text"> {
  const typed = asTyped(given, members).trim();
  const [verb = "", ...rest] = typed.split(/(?<=^\S+)\s+/);
  const text = rest.join(" ");
  const args = Array.from(text.matchAll(ARGUMENT), ([whole, quoted]) => quoted ?? whole);
  return { verb: verb === "" ? "help" : verb.toLowerCase(), args, text };
}

/**
 * Characters that only look like others of the same word (full-width letters, ligatures, a Cyrillic а among Latin letters) become those; what nobody sees goes. Mentions become `@<person id>` and `#<channel id>`, links their address, entities characters. Phones curl quotes and make a dash of
 * `--`; a dash that stands alone is one that somebody meant.
 */
function asTyped(given: string, { personOf }: Pick<Members, "personOf">): string {
  return given
    .replaceAll(MEMBER, (_mention, member: string, label?: string) => `@${personOf(member) ?? unlisted(label)}`)
    .replaceAll(CHANNEL, "#$1")
    .replaceAll(GROUP, "@$1")
    .replaceAll(LINK, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .normalize("NFKC")
    .replaceAll(INVISIBLE, "")
    .replaceAll(/\S+/g, inOneScript)
    .replaceAll(/[“”„‟]/g, '"')
    .replaceAll(/[‘’‚‛]/g, "'")
    .replaceAll(/(^|\s)[—–](?=\w)/g, "$1--");
}

/** A word of another script alone is left as it is: somebody writes in that language. */
function inOneScript(word: string): string {
  return /[a-z0-9]/i.test(word) ? word.replaceAll(LOOKS_ALIKE, (letter) => LOOK_ALIKES[letter] ?? letter) : word;
}

/** No person's id has brackets in it: nobody is taken for somebody else by what they call themselves. */
function unlisted(label = ""): string {
  return `${label.replaceAll(/[^\p{L}\p{N}._-]+/gu, ".") || "somebody"}(not-listed)`;
}
