import type { CommandResult } from "../config/check.ts";
import { messageOf } from "../domain/errors.ts";
import { awsModel } from "../integrations/aws/model.ts";
import { lintProcedures, servicesIn } from "../procedures/lint.ts";
import { procedurePage } from "../procedures/page.ts";
import { readDocument } from "../procedures/readers/read.ts";
import type { Fault } from "../procedures/rule.ts";

export const LINT_USAGE =
  "Usage: twokey lint-procedure FILE... [--json]   or: twokey lint-procedure --rules\n" +
  "Reads runbooks and scripts: Markdown, shell, Python, YAML, JSON and Terraform. Several files are judged as one plan.";

export interface LintSources {
  /** Throws when the file cannot be read. */
  readonly readText: (path: string) => string;
}

/** `twokey lint-procedure`: 0 where nothing was found, 1 where something was, 2 where it was called wrongly. Nothing is run, and AWS is not asked. */
export async function lintProcedure(args: readonly string[], { readText }: LintSources): Promise<CommandResult> {
  if (args.length === 1 && args[0] === "--rules") return { text: procedurePage(), exitCode: 0 };
  const files = args.filter((word) => !word.startsWith("-"));
  const options = args.filter((word) => word.startsWith("-"));
  if (files.length === 0 || options.some((option) => option !== "--json")) return { text: LINT_USAGE, exitCode: 2 };
  const texts: { file: string; text: string }[] = [];
  for (const file of files) {
    try {
      texts.push({ file, text: readText(file) });
    } catch (error) {
      return { text: `${file} cannot be read: ${messageOf(error)}\n${LINT_USAGE}`, exitCode: 2 };
    }
  }
  const documents = texts.map(({ file, text }) => readDocument(file, text));
  const services = servicesIn(documents);
  const aws = await awsModel(services);
  const faults = lintProcedures(documents, aws);
  const notCompared = services.filter((service) => !aws.has(service));
  const exitCode = faults.length === 0 ? 0 : 1;
  if (options.includes("--json")) return { text: JSON.stringify({ faults, notCompared }, null, 2), exitCode };
  const counts = files.map((file) => `${file}: ${sayCount(faults.filter((fault) => fault.file === file).length)}`);
  return { text: [...faults.map(sayFault), ...sayNotCompared(notCompared), ...counts].join("\n"), exitCode };
}

/** `file:line` first, so that editors and terminals make it a link. */
const sayFault = ({ file, line, rule, what, why, instead }: Fault): string =>
  `${file}:${line}: ${what} [${rule}]\n    ${why}\n    ${instead}`;

const sayNotCompared = (services: readonly string[]): string[] =>
  services.length === 0
    ? []
    : [
        `note: options of aws ${services.join(", aws ")} were not compared with AWS: TwoKey has no model of ${services.length === 1 ? "it" : "them"}`,
      ];

function sayCount(count: number): string {
  if (count === 0) return "no faults";
  return count === 1 ? "1 fault" : `${count} faults`;
}
