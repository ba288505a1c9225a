import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { RUNBOOK_RULES } from "../../src/app/runbook-rules.ts";
import { loadFile } from "../../src/config/load.ts";
import type { Problem, ProblemSeverity } from "../../src/config/problem.ts";

export const INVENTORY = readFileSync("examples/inventory.yaml", "utf8");
export const REGAMI = readFileSync("examples/regami.yaml", "utf8");

/** A second service that shares nothing with the first. */
const SECOND = INVENTORY.slice(INVENTORY.indexOf("  inventory:\n"))
  .replaceAll(/^ {2}inventory:/gm, "  orders:")
  .replaceAll("mycomputer-inventory-db", "orders-db")
  .replaceAll("inventory-service", "orders-service")
  .replaceAll("targetgroup/inventory", "targetgroup/orders")
  .replaceAll("mycomputer.com/inventory", "mycomputer.com/orders")
  .replaceAll("api.mycomputer.com", "orders.mycomputer.com")
  .replaceAll("db.inventory.mycomputer.internal", "db.orders.mycomputer.internal")
  .replaceAll("mycomputer-production", "mycomputer-orders")
  .replaceAll("primary-alb", "orders-alb")
  .replaceAll("secondary-alb", "orders-standby-alb")
  .replaceAll(/sg-0[0-9a-f]{2}/g, "sg-0ff");
const SECOND_RULE = `    - name: orders has few free connections
      match: { alarm: orders-connections }
      service: orders
      severity: sev3
      opens_incident: false
`;
export const TWO_SERVICES = `${INVENTORY.replace("  correlation_window:", `${SECOND_RULE}  correlation_window:`)}${SECOND}`;

export type Edit = readonly [old: string, now: string];

/** One way to break an example, and what must be said about it. */
export interface Broken {
  /** The file is refused (or warned about) for … */
  readonly claim: string;
  /** Each old text occurs exactly once. */
  readonly edits: readonly Edit[];
  /** A text of the broken file that occurs once, with ‸ before the character that the problem points at. */
  readonly at: string;
  readonly path: string;
  readonly says: readonly string[];
  readonly rule: string;
  readonly severity?: ProblemSeverity;
  readonly text?: string;
}

export function breakText(text: string, edits: readonly Edit[]): string {
  return edits.reduce((now, [old, replacement]) => {
    expectOnce(now, old);
    return now.replace(old, () => replacement);
  }, text);
}

/** Line and column of the ‸, counted in the text itself and not by the parser that is being judged. */
export function placeOf(text: string, marked: string): { line: number; column: number } {
  const plain = marked.replace("‸", "");
  expectOnce(text, plain);
  const before = text.slice(0, text.indexOf(plain) + marked.indexOf("‸")).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export function problemsOf(text: string, file = "twokey.yaml"): readonly Problem[] {
  const loaded = loadFile(file, text, RUNBOOK_RULES);
  return loaded.ok ? loaded.warnings : loaded.problems;
}

/** One test for each row: exactly this problem, exactly there, and errors alone refuse the file. */
export function testEach(rows: readonly Broken[]): void {
  for (const { claim, edits, at, path, says, rule, severity = "error", text = INVENTORY } of rows) {
    test(`${rule}: ${claim}`, () => {
      const broken = breakText(text, edits);
      const found = problemsOf(broken).filter((problem) => problem.rule === rule && problem.path === path);
      expect(found.map(({ line, column }) => ({ line, column }))).toEqual([placeOf(broken, at)]);
      expect(found.map((problem) => problem.severity)).toEqual([severity]);
      for (const fragment of says) expect(`${found[0]?.what}; ${found[0]?.instead}`).toContain(fragment);
      expect(loadFile("twokey.yaml", broken, RUNBOOK_RULES).ok).toBe(severity === "warning");
      expect(problemsOf(text).filter((problem) => problem.rule === rule && problem.path === path)).toEqual([]);
    });
  }
}

function expectOnce(text: string, part: string): void {
  const times = text.split(part).length - 1;
  if (times !== 1) throw new Error(`${JSON.stringify(part)} occurs ${times} times`);
}
