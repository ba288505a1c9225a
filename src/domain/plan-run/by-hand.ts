import { z } from "zod";

/**
 * What people paste at once, and what has to be so before they paste the next one. A gate in the middle of a paste would stop nobody,
 * so a block has exactly one. It is printed last, and only where no command before it has failed.
 */
export const ByHandBlock = z.strictObject({
  /** The part of the step that it is about, such as a resource; blocks of one part wait for each other, and for no other part. */
  of: z.string().exactOptional(),
  /** What people have to know before they paste it. */
  before: z.string().exactOptional(),
  /**
   * Line after line. The first that fails is the last that runs, so what may fail says so itself (`|| true`). Inside `for` and
   * `if`, lines are indented, and each ends the block by itself: a loop in brackets with `|| exit 1`. The last one stands on one
   * line: people repeat it.
   */
  commands: z.array(z.string()),
  /** When to go on, behind “Go on”: "when that says 200." */
  goOn: z.string(),
});
export type ByHandBlock = z.infer<typeof ByHandBlock>;

/** Where people find a block. */
export interface BlockPlace {
  /** `3`, or `3-2` of a step with several. */
  readonly number: string;
  /** Of a call that leads back when it is made twice: the block that only looks. */
  readonly looks?: string | undefined;
}

/**
 * As it is pasted: one list of the shell. `set -e` would close the shell of the person, and a subshell would lose what later blocks
 * need. The gate stands on the line of the last command, which can so be repeated alone.
 */
export function pastedLines({ commands, goOn }: ByHandBlock, place: BlockPlace): string[] {
  const lines = commands.map((line) => (line.endsWith(" &") ? `{ ${line} }` : line));
  return [
    ...lines.slice(0, -1).map((line) => (IS_OPEN.test(line) ? line : `${line} &&`)),
    `${lines.at(-1)} && ${told(`Go on ${goOn}`)} || ${told(failedAt(place))}`,
  ];
}

/** A line behind which a command is not over. */
const IS_OPEN = /^(\s|\(?for |if |do$|then$|else$)/;

const failedAt = ({ number, looks }: BlockPlace): string =>
  looks === undefined
    ? `FAILED in step ${number}: do not go on. Mend the error above (none: an answer was empty), then paste this whole block again.`
    : `FAILED in step ${number}: do not go on, and do not paste this block again: its call may have been made all the same. Look again as in block ${looks}.`;

/**
 * Lines that people paste into bash or zsh, on Linux or macOS, at three in the morning. zsh takes a `#` for a command and an
 * unquoted `?` for a file, so nothing here has either: what people are told is printed by the lines themselves.
 */
export const told = (words: string): string => `echo ${quoted(words)}`;

/** As one word, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
