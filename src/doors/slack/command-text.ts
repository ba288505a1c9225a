import type { Ask } from "../../commands/intent.ts";
import { asItLooks } from "../../domain/typed-words.ts";
import type { Members } from "./members.ts";

/** Slack's encoding of a mention (`should_escape`); the label after `|` is whatever somebody calls themselves. */
const MEMBER = /<@([UW][A-Z0-9]+)(?:\|([^>]*))?>/g;
const CHANNEL = /<#([CDG][A-Z0-9]+)(?:\|[^>]*)?>/g;
const GROUP = /<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>/g;
const LINK = /<((?:https?:\/\/|mailto:)[^|>]*)(?:\|[^>]*)?>/g;

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
 * Mentions become `@<person id>` and `#<channel id>`, links their address, entities characters. Phones curl quotes and make a dash of
 * `--`; a dash that stands alone is one that somebody meant.
 */
function asTyped(given: string, { personOf }: Pick<Members, "personOf">): string {
  const said = given
    .replaceAll(MEMBER, (_mention, member: string, label?: string) => `@${personOf(member) ?? unlisted(label)}`)
    .replaceAll(CHANNEL, "#$1")
    .replaceAll(GROUP, "@$1")
    .replaceAll(LINK, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
  return asItLooks(said)
    .replaceAll(/[“”„‟]/g, '"')
    .replaceAll(/[‘’‚‛]/g, "'")
    .replaceAll(/(^|\s)[—–](?=\w)/g, "$1--");
}

/** No person's id has brackets in it: nobody is taken for somebody else by what they call themselves. */
function unlisted(label = ""): string {
  return `${label.replaceAll(/[^\p{L}\p{N}._-]+/gu, ".") || "somebody"}(not-listed)`;
}
