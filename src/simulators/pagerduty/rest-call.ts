import { z } from "zod";
import type { Directory } from "./directory.ts";
import type { Incident } from "./incident.ts";
import type { Account } from "./spec.ts";

/** One authenticated call of the REST API. */
export interface RestCall {
  /** The id in the path; empty where the route has none. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The `From` header as sent. */
  readonly from: string | undefined;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface RestRoute {
  /** Name for planned faults, for example `incidents.create`. */
  readonly operation: string;
  readonly method: "GET" | "POST" | "PUT";
  /** Segments of the path; `:id` stands for any. */
  readonly pattern: string;
  readonly handle: (directory: Directory, call: RestCall) => RestAnswer;
}

export interface RestFailure {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly errors?: readonly string[] | undefined;
}

/** PagerDuty's own error: HTTP status, its numbered code, and details for people. */
export class RestError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: readonly string[];

  constructor({ status, code, message, errors = [] }: RestFailure) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  toJson(): Record<string, unknown> {
    return { error: { message: this.message, code: this.code, errors: this.errors } };
  }
}

export const notFound = () => new RestError({ status: 404, code: 2100, message: "Not Found" });
export const invalidInput = (...errors: string[]) =>
  new RestError({ status: 400, code: 2001, message: "Invalid Input Provided", errors });

export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalidInput(...parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`));
}

/** The user named in `From`; required where PagerDuty writes down who did something. */
export function requester(directory: Directory, call: RestCall): Account["users"][number] {
  if (call.from === undefined || call.from === "") throw invalidInput("From header is required");
  const { account } = directory;
  const isAllowed = account.fromUsers === undefined || account.fromUsers.includes(call.from);
  const user = isAllowed ? account.users.find((candidate) => candidate.email === call.from) : undefined;
  if (!user) throw new RestError({ status: 400, code: 1008, message: "Requester User Not Found" });
  return user;
}

export function incidentOf(directory: Directory, call: RestCall): Incident {
  const incident = directory.incident(call.id);
  if (!incident) throw notFound();
  return incident;
}

const DEFAULT_LIMIT = 25;
const LARGEST_LIMIT = 100;
const LARGEST_END = 10_000;

const Page = z.object({
  limit: z.coerce.number().int().positive().default(DEFAULT_LIMIT),
  offset: z.coerce.number().int().nonnegative().default(0),
});

/** Classic paging: `limit` is capped at 100, `offset + limit` may not pass 10,000, `more` says whether to go on. */
export function page<T>(
  call: RestCall,
  name: string,
  { rows, render }: { readonly rows: readonly T[]; readonly render: (row: T) => Record<string, unknown> },
): RestAnswer {
  const wanted = parseBody(Page, Object.fromEntries(call.query));
  const limit = Math.min(wanted.limit, LARGEST_LIMIT);
  const { offset } = wanted;
  if (offset + limit > LARGEST_END) throw invalidInput("Offset plus limit must not exceed 10000");
  const shown = rows.slice(offset, offset + limit).map(render);
  return {
    status: 200,
    body: { [name]: shown, limit, offset, total: null, more: offset + shown.length < rows.length },
  };
}

/** All values of a list parameter, sent as `name[]` or `name`. */
export function listParameter(call: RestCall, name: string): string[] {
  return [...call.query.getAll(`${name}[]`), ...call.query.getAll(name)];
}
