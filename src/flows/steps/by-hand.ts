import { type ByHandBlock, quoted, told } from "../../domain/plan-run/by-hand.ts";

/** Where a name leads; go on once it leads there. */
export const digged = (name: string, leadsTo: string): ByHandBlock => ({
  commands: [`dig +short ${name}`],
  goOn: `when that answers ${leadsTo}.`,
});

/** The status of a URL; go on once it is 2xx. `options` as curl takes them. */
export const fetched = (url: string, options = ""): ByHandBlock => ({
  commands: [`curl -sS -o /dev/null -w '%{http_code}\\n' ${options}${quoted(url)}`],
  goOn: "when that says 200.",
});

/** One write by the write check. */
export const written = (writeCheck: string): ByHandBlock => ({
  commands: [`curl -sS -X POST ${quoted(writeCheck)}`],
  goOn: 'when that says {"written":true}.',
});

/** Said before the first of several blocks. */
export const firstSaid = (before: string, [first, ...others]: readonly ByHandBlock[]): ByHandBlock[] =>
  first
    ? [{ ...first, before: [before, ...(first.before === undefined ? [] : [first.before])].join(" ") }, ...others]
    : [];

/** Said before the last of several blocks. */
export const lastSaid = (before: string, blocks: readonly ByHandBlock[]): ByHandBlock[] => [
  ...blocks.slice(0, -1),
  ...firstSaid(before, blocks.slice(-1)),
];

/** What AWS answers, kept for the lines behind it, which are not reached where it answers nothing. */
export const readAs = (variable: string, asked: string): string[] => [
  `${variable}=$(${asked})`,
  `test -n "\${${variable}#None}"`,
];

/** What AWS answers, in a file. */
export const keptIn = (file: string, asked: string): string[] => [
  `${asked} --output json > "${file}"`,
  `test -s "${file}"`,
];

/** A list of names in `there` is not empty. */
export const IS_THERE = `test -n "\${there#None}"`;

/** What is asked for only where a look shows that nobody has done it. `otherwise`: what people are told else. */
export const unlessThere = (isThere: string, otherwise: string, call: string): string[] => [
  ...[`if ${isThere}`, "then", `  ${told(otherwise)}`, "else", `  ${call}`, "fi"],
];

/** A file of its own at each paste, so that nothing which was saved before is written over. */
export const savedAs = (name: string): string => `saved="${name.replaceAll(/[^\w.-]/g, "_")}-$(date +%H%M%S)"`;
