import { z } from "zod";

/**
 * What people paste at once, and what has to be so before they paste the next one. A gate in the middle of a paste would stop nobody,
 * so a block has exactly one, and it is printed last.
 */
export const ByHandBlock = z.strictObject({
  /** The part of the step that it is about, such as a resource; blocks of one part wait for each other, and for no other part. */
  of: z.string().exactOptional(),
  /** What people have to know before they paste it. */
  before: z.string().exactOptional(),
  commands: z.array(z.string()),
  /** When to go on, behind “Go on”: "when that says 200." */
  goOn: z.string(),
});
export type ByHandBlock = z.infer<typeof ByHandBlock>;

/** As it is pasted. */
export const pastedLines = ({ commands, goOn }: ByHandBlock): string[] => [...commands, told(`Go on ${goOn}`)];

/**
 * Lines that people paste into bash or zsh, on Linux or macOS, at three in the morning. zsh takes a `#` for a command and an
 * unquoted `?` for a file, so nothing here has either: what people are told is printed by the lines themselves.
 */
export const told = (words: string): string => `echo ${quoted(words)}`;

/** As one word, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
