import { z } from "zod";
import { Condition, holds, isArnLike, isLike, type RequestContext, Texts } from "./conditions.ts";

const Statement = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(["Allow", "Deny"]),
    // Names of actions are compared without regard to case.
    Action: Texts.transform((actions) => actions.map((action) => action.toLowerCase())),
    Resource: Texts.optional(),
    NotResource: Texts.optional(),
    Condition: Condition.default({}),
  })
  .refine(({ Resource, NotResource }) => (Resource === undefined) !== (NotResource === undefined), {
    message: "A statement has either Resource or NotResource",
  });
type Statement = z.infer<typeof Statement>;

/** A policy document, as far as this world can judge one. Whatever it has besides is refused, not ignored. */
export const PolicyDocument = z.strictObject({
  Version: z.literal("2012-10-17"),
  Id: z.string().optional(),
  Statement: z.union([Statement.transform((one) => [one]), z.array(Statement).min(1)]),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;

/** One thing that a call has to be allowed: most calls are one, some are several. */
export interface Access {
  /** `rds:PromoteReadReplica`. */
  readonly action: string;
  /** An ARN; `*` where IAM knows no resource for the action. */
  readonly resource: string;
  readonly context: RequestContext;
}

export type Judgement = "allowed" | "denied" | "not-allowed";

/** An explicit deny of any document wins; otherwise one of them has to allow it. */
export function judge(documents: readonly PolicyDocument[], access: Access): Judgement {
  const asked = { ...access, action: access.action.toLowerCase() };
  const fitting = documents.flatMap((document) => document.Statement.filter((statement) => isAbout(statement, asked)));
  if (fitting.some(({ Effect }) => Effect === "Deny")) return "denied";
  return fitting.length > 0 ? "allowed" : "not-allowed";
}

function isAbout(statement: Statement, { action, resource, context }: Access): boolean {
  const isOn = (patterns: readonly string[]) =>
    patterns.some((pattern) => (resource === "*" ? pattern === "*" : isArnLike(pattern, resource)));
  return (
    statement.Action.some((pattern) => isLike(pattern, action)) &&
    (statement.Resource === undefined ? !isOn(statement.NotResource ?? []) : isOn(statement.Resource)) &&
    holds(statement.Condition, context)
  );
}
