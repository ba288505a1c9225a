import type { Found } from "../domain/service/found.ts";
import { withFound } from "../domain/service/inventory.ts";
import type { Service } from "../domain/service/service.ts";
import { leftToAws, sparedSettings } from "../flows/resources/settings-of.ts";
import { editorSchema } from "./json-schema.ts";
import { loadFile } from "./load.ts";
import { type Problem, sayList } from "./problem.ts";
import { shippedExamples } from "./reference-examples.ts";
import { referencePage } from "./reference-page.ts";
import type { Rule } from "./rules/rule.ts";
import { sharedByDiscovery } from "./rules/sharing.ts";

/** What a command prints and how its process ends: 0 fine, 1 problems were found, 2 it was called wrongly. */
export interface CommandResult {
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
  /** The text is the answer, however the command ended: programs read it from standard output. */
  readonly isAnswer?: boolean;
}

export const CHECK_USAGE = "Usage: twokey check [file]   (default: twokey.yaml)";
export const SCHEMA_USAGE = "Usage: twokey schema [--markdown]";

export interface CheckSources {
  /** Throws when the file cannot be read. */
  readonly readText: (path: string) => string;
  /** What the bot of this machine remembers of AWS. */
  readonly remembered: () => Promise<Found>;
  /** What runbooks warn of. */
  readonly rules?: readonly Rule[];
}

/** `twokey check [file]`. Warnings are printed and do not fail. */
export async function check(
  args: readonly string[],
  { readText, remembered, rules }: CheckSources,
): Promise<CommandResult> {
  const [path = "twokey.yaml", ...rest] = args;
  if (path.startsWith("-") || rest.length > 0) return { text: CHECK_USAGE, exitCode: 2 };
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { text: `${path} cannot be read: ${reason}\n${CHECK_USAGE}`, exitCode: 2 };
  }
  const loaded = loadFile(path, text, rules);
  const problems = loaded.ok ? loaded.warnings : loaded.problems;
  const services = loaded.ok ? withFound(loaded.inventory, await remembered()).services : [];
  const notes = [...services.flatMap(notesOf), ...sharingNotes(services)];
  const lines = [...problems.map(sayProblem), ...notes, `${path}: ${sayCounts(problems)}`];
  return { text: lines.join("\n"), exitCode: loaded.ok ? 0 : 1 };
}

const sharingNotes = (services: readonly Service[]): string[] =>
  sharedByDiscovery(services).flatMap(({ rule, what, instead }) => [
    `note: as AWS says, ${what} [${rule}]`,
    `    ${instead}`,
  ]);

/** What the file leaves to AWS is no problem of the file; its reader is told what has to be found. */
function notesOf(service: Service): string[] {
  const { known, open, spared } = leftToAws(service);
  const note = (what: string, left: readonly string[], then: string) =>
    left.length === 0
      ? []
      : [`note: services.${service.name}: ${left.length} settings ${what}: ${sayList(left)}`, `    ${then}`];
  const contradicted = sparedSettings(service).filter((each) => typeof each !== "string");
  return [
    ...note("were discovered from AWS", known, `twokey explain ${service.name} shows them, and how old each is`),
    ...note(
      "will be discovered from AWS",
      open,
      `twokey explain ${service.name} --now shows them; no plan can be made before they are known`,
    ),
    ...note(
      "will be discovered from AWS, which a plan can do without",
      spared,
      `twokey explain ${service.name} --now shows them`,
    ),
    ...contradicted.flatMap(({ says }) => [
      `note: services.${service.name}: ${says}`,
      "    correct the one that is wrong",
    ]),
  ];
}

/** `twokey schema` prints the JSON Schema for editors, `--markdown` the reference page. */
export function schema(args: readonly string[], rules: readonly Rule[] = []): CommandResult {
  const [flag, ...rest] = args;
  if (rest.length > 0 || (flag !== undefined && flag !== "--markdown")) return { text: SCHEMA_USAGE, exitCode: 2 };
  const text = flag === undefined ? JSON.stringify(editorSchema(), null, 2) : referencePage(rules, shippedExamples());
  return { text: text.trimEnd(), exitCode: 0 };
}

/** `file:line:column` first, so that editors and terminals make it a link. */
export function sayProblem(problem: Problem): string {
  const { file, line, column, severity, rule, path, what, instead } = problem;
  const place = path === "" ? "" : `${path}: `;
  return `${file}:${line}:${column}: ${severity}: ${place}${what} [${rule}]\n    ${instead}`;
}

function sayCounts(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  if (problems.length === 0) return "no problems";
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return [errors > 0 ? count(errors, "error") : "no errors", count(warnings, "warning")].join(", ");
}
