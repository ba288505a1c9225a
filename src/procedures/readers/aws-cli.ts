import type { Act, OptionValue, Word } from "../procedure.ts";
import { plainName } from "../procedure.ts";
import { treeIn } from "./tree.ts";

/** Options of the CLI itself that take a value. */
const WITH_VALUE = [
  ...["region", "profile", "output", "query", "endpoint-url", "color", "ca-bundle", "cli-binary-format"],
  ...["cli-read-timeout", "cli-connect-timeout", "cli-input-json", "cli-input-yaml", "generate-cli-skeleton"],
  ...["max-items", "starting-token", "page-size"],
];
const WITHOUT_VALUE = [
  ...["debug", "no-verify-ssl", "no-paginate", "no-sign-request", "version", "v2-debug"],
  ...["no-cli-pager", "cli-auto-prompt", "no-cli-auto-prompt", "cli-error-format"],
];
/** What every command of the CLI takes, by its plain name. */
export const CLI_OPTIONS: ReadonlySet<string> = new Set([...WITH_VALUE, ...WITHOUT_VALUE].map(plainName));

/** A word as it stands, with its line. */
export interface PlacedWord extends Word {
  readonly line: number;
  /** A file that the same script writes is read as what it was told. */
  readonly tree?: OptionValue["tree"];
}

/** The call of AWS that these words make, from the word after `aws` on; undefined where a variable names what is called. */
export function awsCall(
  words: readonly PlacedWord[],
): Pick<Act, "name" | "service" | "options" | "isOpen"> | undefined {
  const named: string[] = [];
  const options = new Map<string, OptionValue>();
  let isOpen = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (!word) break;
    if (!word.text.startsWith("--")) {
      if (!word.isPlain) isOpen = true;
      named.push(word.text);
      continue;
    }
    const [name, own] = splitOnce(word.text.slice(2));
    const values = own === undefined ? valuesAfter(words, at, WITH_VALUE.includes(name)) : [{ ...word, text: own }];
    if (own === undefined) at += values.length;
    options.set(plainName(name), valueFrom(values, word.line));
  }
  const [service, ...operation] = named;
  if (service === undefined || !/^[a-z][a-z0-9-]*$/.test(service)) return undefined;
  const verb = operation.slice(0, operation[0] === "wait" ? 2 : 1);
  return { name: [service, ...verb].join(" "), service, options, isOpen };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** The values of an option; one of the CLI itself takes exactly one. Before the operation is named, the rest names it. */
function valuesAfter(words: readonly PlacedWord[], at: number, isSingle: boolean): PlacedWord[] {
  const rest = words.slice(at + 1);
  const end = rest.findIndex(({ text }) => text.startsWith("--"));
  const values = end === -1 ? rest : rest.slice(0, end);
  if (isSingle) return values.slice(0, 1);
  const before = words.slice(0, at).filter(({ text }) => !text.startsWith("--")).length;
  return before === 0 ? [] : [...values];
}

function valueFrom(values: readonly PlacedWord[], line: number): OptionValue {
  const text = values.map((value) => value.text).join(" ");
  const first = values[0];
  return {
    ...{ text, line: first?.line ?? line },
    isPlain: values.every(({ isPlain }) => isPlain),
    tree: first?.tree ?? treeIn(text, first?.line ?? line),
  };
}
