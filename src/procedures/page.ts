import { UNREAD } from "./lint.ts";
import { PROCEDURE_RULES } from "./rules/index.ts";

const HEAD: readonly string[] = [
  "# Linting a written procedure",
  "",
  "<!-- Made from the table of rules: `npm run --silent twokey -- lint-procedure --rules > docs/lint-procedure.md` -->",
  "",
  "`twokey lint-procedure FILE...` reads what people wrote down to do on the day: a runbook in Markdown, a script for the shell or in",
  "Python, a pipeline or a template in YAML or JSON, Terraform. It runs nothing and asks nobody.",
  "",
  "```sh",
  "npm run --silent twokey -- lint-procedure runbook.md scripts/failover.sh",
  "```",
  "",
  "- Each fault has its file and line, what it is, why it is one, and what to do. `--json` prints the same for programs.",
  "- Several files are judged as one plan: an alarm in one of them by the RPO in another.",
  "- Exit codes: 0 nothing was found; 1 something was found; 2 called wrongly, or a file cannot be read.",
  "- Calls of AWS are compared with the SDK's own models: operations, options, waiters and the fields of answers. A service that TwoKey has",
  "  no model of is named at the end. Options of `aws ec2` are not compared, since the CLI has many short forms of its own there.",
  `- What a reader cannot read is a fault (\`${UNREAD}\`). The rest of the file is judged all the same.`,
  "- `<name>` in a code block of Markdown stands for what the reader fills in.",
  "",
  "What it does not see: commands that a variable names, scripts and templates in files that it is not given, and what a program works out.",
  "A file without faults is no proof that a procedure works; a drill is.",
  "",
  "## Rules",
  "",
  "| rule | why it is a fault | what to do |",
  "| --- | --- | --- |",
];

/** `docs/lint-procedure.md`, made from the rules themselves. */
export function procedurePage(): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = PROCEDURE_RULES.map(({ id, reason, instead }) => `| \`${id}\` | ${cell(reason)} | ${cell(instead)} |`);
  return [...HEAD, ...rows].join("\n");
}
