import type { AwsModel } from "../ports/aws-model.ts";
import type { Document, Procedure } from "./procedure.ts";

/** Files that are read together: one plan may stand in several. */
export interface Plan {
  readonly documents: readonly Document[];
  readonly aws: AwsModel;
}

export interface Found {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** What to do here, where that is more than the rule's own words. */
  readonly instead?: string;
}

/** One kind of fault in what people wrote down to do. */
export interface ProcedureRule {
  readonly id: string;
  /** Why it is a fault, in one sentence. */
  readonly reason: string;
  readonly instead: string;
  finds(plan: Plan): readonly Found[];
}

/** A fault as it is told. Lines count from 1. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly what: string;
  readonly why: string;
  readonly instead: string;
}

export function eachProcedure(plan: Plan, find: (procedure: Procedure) => readonly Omit<Found, "file">[]): Found[] {
  return plan.documents.flatMap(({ file, procedures }) =>
    procedures.flatMap((procedure) => find(procedure).map((found) => ({ file, ...found }))),
  );
}
