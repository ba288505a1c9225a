/**
 * Lines that people paste into bash or zsh, on Linux or macOS, at three in the morning. zsh takes a `#` for a command and an
 * unquoted `?` for a file, so nothing here has either: what people are told is printed by the lines themselves.
 */
export const told = (words: string): string => `echo ${quoted(words)}`;

/** As one word, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Where a name leads; go on once it leads there. */
export const digged = (name: string, leadsTo: string): string[] => [
  `dig +short ${name}`,
  told(`Go on when that answers ${leadsTo}.`),
];

/** The status of a URL; go on once it is 2xx. `options` as curl takes them. */
export const fetched = (url: string, options = ""): string[] => [
  `curl -sS -o /dev/null -w '%{http_code}\\n' ${options}${quoted(url)}`,
  told("Go on when that says 200."),
];

/** One write by the write check. */
export const written = (writeCheck: string): string[] => [
  `curl -sS -X POST ${quoted(writeCheck)}`,
  told('Go on when that says {"written":true}.'),
];

/** A file of its own at each paste, so that nothing which was saved before is written over. */
export const savedAs = (name: string): string => `saved="${name.replaceAll(/[^\w.-]/g, "_")}-$(date +%H%M%S)"`;
