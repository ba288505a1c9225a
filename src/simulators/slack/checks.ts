import { isJson, type Json } from "./json.ts";

/** Appends what is wrong with `value`, which lies at JSON pointer `at`, in Slack's wording. */
export type Check = (value: unknown, at: string, problems: string[]) => void;

export interface Field {
  readonly name: string;
  readonly required?: boolean;
  readonly check: Check;
}

const say = (problems: string[], at: string, what: string) => problems.push(`${what} [json-pointer:${at}]`);

export const string =
  (most: number, least = 0): Check =>
  (value, at, problems) => {
    if (typeof value !== "string") say(problems, at, "must be a string");
    else if (value.length > most) say(problems, at, `must be less than ${most + 1} characters`);
    else if (value.length < least) say(problems, at, `must be more than ${least - 1} characters`);
  };

export const integer =
  (low: number, high: number): Check =>
  (value, at, problems) => {
    if (!Number.isInteger(value) || Number(value) < low || Number(value) > high)
      say(problems, at, `must be an integer between ${low} and ${high}`);
  };

export const boolean: Check = (value, at, problems) => {
  if (typeof value !== "boolean") say(problems, at, "must be a boolean");
};

export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, at, problems) => {
    if (typeof value !== "string" || !allowed.includes(value))
      say(problems, at, `must be one of ${allowed.join(", ")}`);
  };

export const list =
  (most: number, each: Check, least = 0): Check =>
  (value, at, problems) => {
    if (!Array.isArray(value)) say(problems, at, "must be an array");
    else if (value.length > most) say(problems, at, `no more than ${most} items allowed`);
    else if (value.length < least) say(problems, at, `must have at least ${least} items`);
    else for (const [index, item] of value.entries()) each(item, `${at}/${index}`, problems);
  };

export const object =
  (fields: readonly Field[], also?: (value: Json, at: string, problems: string[]) => void): Check =>
  (value, at, problems) => {
    if (!isJson(value)) {
      say(problems, at, "must be an object");
      return;
    }
    for (const field of fields) {
      const member = value[field.name];
      if (member !== undefined && member !== null) field.check(member, `${at}/${field.name}`, problems);
      else if (field.required) say(problems, at, `missing required field: ${field.name}`);
    }
    also?.(value, at, problems);
  };

/** An object whose `type` picks its fields from `table`; `allowed` narrows which types this place takes. */
export const typed =
  (table: () => Readonly<Record<string, Check>>, allowed?: (type: string) => boolean): Check =>
  (value, at, problems) => {
    const type = isJson(value) ? value["type"] : undefined;
    const check = typeof type === "string" ? table()[type] : undefined;
    if (typeof type !== "string" || !check || allowed?.(type) === false)
      say(problems, `${at}/type`, `unsupported type: ${String(type)}`);
    else check(value, at, problems);
  };

/** A text object; Slack refuses empty text. */
export const text = (most: number, kind: "any" | "plain" = "any"): Check =>
  object([
    { name: "type", required: true, check: kind === "plain" ? oneOf("plain_text") : oneOf("plain_text", "mrkdwn") },
    { name: "text", required: true, check: string(most, 1) },
  ]);

export const anything: Check = () => undefined;

export const required = (name: string, check: Check): Field => ({ name, required: true, check });
export const optional = (name: string, check: Check): Field => ({ name, check });
