import { z } from "zod";

/** What a call is about besides action and resource, by condition key in lower case. A key with several values has them all. */
export type RequestContext = Readonly<Record<string, readonly string[]>>;

type Test = (wanted: string, actual: string) => boolean;

const ARN_PARTS = 6;

/**
 * `*` and `?` as in policies; everything else stands for itself. Every call is judged against each statement of the role and
 * of its session: an expression made for each comparison would be the dearest part of a simulated call.
 */
export function isLike(pattern: string, text: string): boolean {
  let [wanted, at] = [0, 0];
  // The last star, and the first character that it does not stand for so far.
  let star: { readonly wanted: number; readonly at: number } | undefined;
  while (at < text.length) {
    const next = pattern[wanted];
    if (next === "*") {
      star = { wanted, at };
      wanted += 1;
    } else if (next === "?" || next === text[at]) {
      wanted += 1;
      at += 1;
    } else if (star) {
      star = { ...star, at: star.at + 1 };
      [wanted, at] = [star.wanted + 1, star.at];
    } else return false;
  }
  while (pattern[wanted] === "*") wanted += 1;
  return wanted === pattern.length;
}

/** Wildcards of an ARN reach no further than to the next colon, but for the resource itself. */
export function isArnLike(pattern: string, arn: string): boolean {
  if (pattern === "*") return true;
  const [wanted, actual] = [partsOf(pattern), partsOf(arn)];
  return wanted.length === ARN_PARTS && wanted.every((part, at) => isLike(part, actual[at] ?? ""));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(":")];
}

interface Operator {
  readonly test: Test;
  /** True where none of the values may fit; it also holds for a key that is not there. */
  readonly isNegated: boolean;
}

const equals: Test = (wanted, actual) => wanted === actual;
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: { test: equals, isNegated: false },
  StringNotEquals: { test: equals, isNegated: true },
  StringLike: { test: isLike, isNegated: false },
  StringNotLike: { test: isLike, isNegated: true },
  // The two are one operator in AWS.
  ArnEquals: { test: isArnLike, isNegated: false },
  ArnLike: { test: isArnLike, isNegated: false },
  ArnNotLike: { test: isArnLike, isNegated: true },
  Bool: { test: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(), isNegated: false },
};

const NAME = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

const Text = z.union([z.string(), z.boolean().transform(String)]);
export const Texts = z.union([Text.transform((one) => [one]), z.array(Text).min(1)]);

/** Operator, key and values. What this world cannot judge is malformed, and never silently true. */
export const Condition = z.record(z.string(), z.record(z.string(), Texts)).superRefine((condition, found) => {
  for (const [name, keys] of Object.entries(condition)) {
    const base = NAME.exec(name)?.[2] ?? "";
    if (name !== "Null" && !Object.hasOwn(OPERATORS, base))
      found.addIssue({ code: "custom", message: `The simulated IAM has no condition operator ${name}` });
    if (
      Object.values(keys)
        .flat()
        .some((value) => value.includes("${"))
    )
      found.addIssue({ code: "custom", message: "The simulated IAM resolves no policy variables" });
  }
});
export type Condition = z.infer<typeof Condition>;

/** Every operator and every key has to hold. */
export function holds(condition: Condition, context: RequestContext): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => fits(operator, wanted, context[key.toLowerCase()])),
  );
}

function fits(name: string, wanted: readonly string[], actual: readonly string[] | undefined): boolean {
  if (name === "Null") return wanted.includes(String(actual === undefined));
  const [, qualifier, base = "", ifExists] = NAME.exec(name) ?? [];
  const operator = OPERATORS[base];
  if (!operator) throw new Error(`The simulated IAM has no condition operator ${name}`);
  const matches = (value: string) => wanted.some((one) => operator.test(one, value)) !== operator.isNegated;
  if (actual === undefined || actual.length === 0) {
    if (qualifier === "ForAnyValue") return false;
    return qualifier === "ForAllValues" || ifExists !== undefined || operator.isNegated;
  }
  if (qualifier === "ForAnyValue") return actual.some(matches);
  // Without a qualifier a key has one value; several are only judged as a set.
  if (qualifier === undefined && actual.length > 1) return false;
  return actual.every(matches);
}
