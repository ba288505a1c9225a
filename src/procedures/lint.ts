import type { AwsModel } from "../ports/aws-model.ts";
import type { Document } from "./procedure.ts";
import type { Fault } from "./rule.ts";
import { PROCEDURE_RULES } from "./rules/index.ts";

export const UNREAD = "could-not-be-read";

/** What is wrong with what these files say to do, in reading order. What could not be read is a fault as well: nobody knows what it does. */
export function lintProcedures(documents: readonly Document[], aws: AwsModel): Fault[] {
  const found = PROCEDURE_RULES.flatMap(({ id, reason, instead: usual, ...rule }) =>
    rule.finds({ documents, aws }).map(({ file, line, what, instead = usual }) => ({
      file,
      line,
      rule: id,
      what,
      why: reason,
      instead,
    })),
  );
  const unread = documents.flatMap(({ file, unread: all }) =>
    all.map(({ line, why }) => ({
      ...{ file, line, rule: UNREAD, what: `could not be read: ${why}` },
      why: "What cannot be read was not judged, and a shell or a program may stop at it as well.",
      instead: "Mend it, or take it out of the file; then run this again.",
    })),
  );
  const order = documents.map(({ file }) => file);
  return [...unique([...found, ...unread])].sort(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line,
  );
}

/** Calls of AWS in these files whose service is not known here. */
export function servicesIn(documents: readonly Document[]): string[] {
  const acts = documents.flatMap(({ procedures }) => procedures.flatMap(({ acts: all }) => all));
  return [...new Set(acts.flatMap(({ service }) => service ?? []))].sort();
}

/** A function that is read twice is told of once. */
function unique(faults: readonly Fault[]): Fault[] {
  const byPlace = new Map(
    faults.map((fault) => [JSON.stringify([fault.file, fault.line, fault.rule, fault.what]), fault]),
  );
  return [...byPlace.values()];
}
