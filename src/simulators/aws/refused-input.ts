import type { z } from "zod";
import { AwsError } from "./service.ts";

/** As the vendors refuse a parameter: the first that is wrong, by its name, with what is wrong about its value. */
export function refusedInput(error: z.ZodError, input: unknown, code: string): AwsError {
  const [issue] = error.issues;
  if (!issue) return new AwsError(code, "The request is not valid.");
  const name = issue.path.join(".");
  if (issue.code === "unrecognized_keys") return new AwsError(code, `Unknown parameter: ${issue.keys.join(", ")}`);
  const value = valueAt(input, issue.path);
  if (value === undefined) return new AwsError(code, `The request must contain the parameter ${name}`);
  return new AwsError(code, `Invalid value ${JSON.stringify(value)} for ${name}.${bound(issue)}`);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    input,
  );
}

function bound(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small") return ` Must be at least ${issue.minimum}`;
  if (issue.code === "too_big") return ` Must be at most ${issue.maximum}`;
  return issue.code === "custom" ? ` ${issue.message}` : "";
}
