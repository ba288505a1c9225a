import { parseArgs } from "node:util";
import type { Reading, ReadingVerb } from "../../commands/reading.ts";
import { messageOf, UserError } from "../../domain/errors.ts";
import { asItLooks } from "../../domain/typed-words.ts";
import type { CardTextOptions } from "../../views/card-text.ts";
import { terminalText } from "./render.ts";

/** What is printed, and how the process ends: 0 answered, 1 there is no answer, 2 called wrongly. */
export interface Printed {
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
}

/** An app that only reads, as long as one question takes. */
export interface ReadingApp extends CardTextOptions {
  readonly ask: Reading;
  close(): void;
}

/** One verb typed into a terminal. `open` is called once the words are understood; what it throws is said in one sentence. */
export async function inTerminal(
  verb: ReadingVerb,
  args: readonly string[],
  open: () => Promise<ReadingApp>,
): Promise<Printed> {
  const read = readArgs(args, verb);
  if ("printed" in read) return read.printed;
  let app: ReadingApp | undefined;
  try {
    app = await open();
    const card = await app.ask(verb, read.words);
    return { exitCode: 0, text: read.isJson ? JSON.stringify(card) : terminalText(card, app) };
  } catch (error) {
    if (error instanceof UserError) return { exitCode: 1, text: error.message };
    return { exitCode: 1, text: `twokey ${verb.usage} could not be answered: ${messageOf(error)}` };
  } finally {
    app?.close();
  }
}

export function usageOf({ usage, says }: ReadingVerb): string {
  return [
    `Usage: twokey ${usage} [--json]`,
    "",
    `  ${says}. It reads what is stored and changes nothing.`,
    "  --json   the same as one line of JSON: { text, parts }",
    "",
    "It needs REDIS_URL and the twokey.yaml that TWOKEY_CONFIG names.",
  ].join("\n");
}

type ReadArgs = { readonly words: readonly string[]; readonly isJson: boolean } | { readonly printed: Printed };

function readArgs(args: readonly string[], verb: ReadingVerb): ReadArgs {
  const wrong = (why: string): ReadArgs => ({ printed: { exitCode: 2, text: `${why}\n\n${usageOf(verb)}` } });
  try {
    const { values, positionals } = parseArgs({
      args: args.map(asItLooks),
      options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    if (values.help === true) return { printed: { exitCode: 0, text: usageOf(verb) } };
    const extra = positionals[verb.words];
    if (extra !== undefined) return wrong(`“${extra}” is one word too many.`);
    return { words: positionals, isJson: values.json === true };
  } catch (error) {
    return wrong(messageOf(error));
  }
}
