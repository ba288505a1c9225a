import { readFileSync } from "node:fs";
import { awsModel } from "../../src/integrations/aws/model.ts";
import { lintProcedures, servicesIn } from "../../src/procedures/lint.ts";
import { readDocument } from "../../src/procedures/readers/read.ts";
import type { Fault } from "../../src/procedures/rule.ts";

/** Files by the names that decide how they are read, judged together as the command judges them. */
export async function faultsIn(files: Readonly<Record<string, string>>): Promise<Fault[]> {
  const documents = Object.entries(files).map(([name, text]) => readDocument(name, text));
  return lintProcedures(documents, await awsModel(servicesIn(documents)));
}

export const FIXTURES = "test/procedures/fixtures";

export async function faultsOfFile(path: string): Promise<Fault[]> {
  return faultsIn({ [path]: readFileSync(path, "utf8") });
}

/** `12 load-balancer-zone`: where, and what kind. */
export const placed = (faults: readonly Fault[]): string[] => faults.map(({ line, rule }) => `${line} ${rule}`);
