import { type Inventory, inventoryFrom } from "../domain/service/inventory.ts";
import { FILE_VERSION, type TwoKeyFile } from "../domain/service/twokey-file.ts";
import { TWOKEY_FILE } from "./file-schema.ts";
import { childOf } from "./json-schema.ts";
import { lint } from "./lint.ts";
import { type Finding, inReadingOrder, type Problem, type ProblemSeverity, sayPath } from "./problem.ts";
import type { Rule } from "./rules/rule.ts";
import { schemaFindings } from "./schema-findings.ts";
import { readSections } from "./sections.ts";
import { MAX_FILE_CHARACTERS, type Position, readSource } from "./source.ts";

export type Loaded =
  | {
      readonly ok: true;
      readonly inventory: Inventory;
      readonly file: TwoKeyFile;
      readonly warnings: readonly Problem[];
    }
  /** In reading order: every error, and the warnings among them. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads the text of `twokey.yaml`. Never throws: all problems come back at once, each with its place in `path`.
 * `more`: rules that hold besides those of the file itself, such as those of runbooks. Only after a broken structure (a quote that is not closed) is the rest left unjudged.
 */
export function loadFile(path: string, text: string, more: readonly Rule[] = []): Loaded {
  if (text.length > MAX_FILE_CHARACTERS) return { ok: false, problems: [tooLarge(path, text.length)] };
  const source = readSource(text);
  const problem = (
    finding: Finding,
    position: Position,
    { rule, severity }: { readonly rule: string; readonly severity: ProblemSeverity },
  ): Problem => ({
    ...{ file: path, ...position, path: sayPath(finding.path), severity, rule },
    ...{ what: finding.what, instead: finding.instead },
  });
  const syntax = source.findings.map((finding) =>
    problem(finding, finding.position, { rule: finding.rule, severity: "error" }),
  );
  if (!source.isReadable) return { ok: false, problems: inReadingOrder(syntax) };

  const older = olderVersion(source.value);
  if (older)
    return { ok: false, problems: [problem(older, source.positionOf(older), { rule: "version", severity: "error" })] };
  const { findings, cleaned } = schemaFindings(source.value, source.writtenAs);
  const schema = findings.map((finding) =>
    problem(finding, source.positionOf(finding), { rule: "schema", severity: "error" }),
  );
  const sense = lint(readSections(cleaned), more).map((finding) =>
    problem(finding, source.positionOf(finding), { rule: finding.rule, severity: finding.severity }),
  );
  const problems = inReadingOrder([...syntax, ...schema, ...sense]);
  const parsed = TWOKEY_FILE.safeParse(source.value);
  if (!parsed.success || problems.some(({ severity }) => severity === "error")) return { ok: false, problems };
  return { ok: true, inventory: inventoryFrom(parsed.data), file: parsed.data, warnings: problems };
}

/** A file of an earlier version would break every rule there is; one finding that says what changed is worth more. */
function olderVersion(value: unknown): Finding | undefined {
  const version = childOf(value, "version");
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1 || version >= FILE_VERSION)
    return undefined;
  return {
    path: ["version"],
    what: `this file has version ${version}; this TwoKey reads version ${FILE_VERSION} only`,
    instead: WHAT_CHANGED,
  };
}

const WHAT_CHANGED = [
  "write version: 2 and move what changed:",
  "home and standby are regions: [home, standby];",
  "sites.<region>.database is stores.<name> with kind: rds-replica and in: { <region>: { id: … } };",
  "sites.<region>.compute is compute.<name> with kind: ecs and id: cluster/service;",
  "traffic is entrance: { kind: route53, names: [ … ] }; database_record is the store's name;",
  "public_url is url, description is about, deep_health is one path;",
  "aws.home is aws.sts, execute_role is role;",
  "what AWS knows by itself may be left out (docs/configuration.md)",
].join(" ");

function tooLarge(file: string, characters: number): Problem {
  return {
    ...{ file, line: 1, column: 1, path: "", severity: "error", rule: "size" },
    what: `the file has ${characters} characters, more than ${MAX_FILE_CHARACTERS}`,
    instead: "check that this is twokey.yaml; a file of this format is far smaller",
  };
}
