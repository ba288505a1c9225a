import { SlackError } from "./errors.ts";
import { isJson, type Json, parseJson } from "./json.ts";

/** The arguments of one API call, from a form (all strings, objects as JSON text) or a JSON body. */
export class Arguments {
  readonly #values: Json;

  constructor(values: Json) {
    this.#values = values;
  }

  static parse(contentType: string, body: string, query: URLSearchParams): Arguments {
    const values: Record<string, unknown> = Object.fromEntries(query);
    if (contentType.startsWith("application/json")) {
      const parsed = parseJson(body);
      if (!isJson(parsed)) throw new SlackError("invalid_json");
      return new Arguments({ ...values, ...parsed });
    }
    return new Arguments({ ...values, ...Object.fromEntries(new URLSearchParams(body)) });
  }

  /** For the list of recent calls: everything but the token. */
  visible(): Json {
    const { token: _token, ...rest } = this.#values;
    return rest;
  }

  has(name: string): boolean {
    const value = this.#values[name];
    return value !== undefined && value !== null && value !== "";
  }

  /** Empty text where the argument is missing. */
  text(name: string): string {
    const value = this.#values[name];
    return typeof value === "string"
      ? value
      : typeof value === "number" || typeof value === "boolean"
        ? `${value}`
        : "";
  }

  optional(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  flag(name: string, otherwise = false): boolean {
    return this.has(name) ? ["true", "1"].includes(this.text(name)) : otherwise;
  }

  /** A page size between 1 and `most`. */
  limit(otherwise: number, most: number): number {
    if (!this.has("limit")) return otherwise;
    const value = Number(this.text("limit"));
    if (!Number.isInteger(value) || value < 1) throw new SlackError("invalid_limit");
    return Math.min(value, most);
  }

  /** Comma-separated, or a JSON array. */
  list(name: string): string[] {
    const raw = this.#values[name];
    const value = typeof raw === "string" && raw.startsWith("[") ? parseJson(raw) : raw;
    const parts = Array.isArray(value) ? value.map(String) : this.text(name).split(",");
    return parts.map((part) => part.trim()).filter((part) => part !== "");
  }

  /** A JSON argument; `undefined` where missing, `null` where it cannot be read. */
  json(name: string): unknown {
    if (!this.has(name)) return undefined;
    const raw = this.#values[name];
    return typeof raw === "string" ? (parseJson(raw) ?? null) : raw;
  }

  /** One page of `items` with Slack's opaque cursor. */
  page<T>(items: readonly T[], otherwise: number, most: number): { items: T[]; nextCursor: string } {
    const cursor = this.text("cursor");
    const offset = cursor === "" ? 0 : Number(/^next:(\d+)$/.exec(Buffer.from(cursor, "base64").toString("utf8"))?.[1]);
    if (!Number.isInteger(offset)) throw new SlackError("invalid_cursor");
    const end = offset + this.limit(otherwise, most);
    const nextCursor = end < items.length ? Buffer.from(`next:${end}`).toString("base64") : "";
    return { items: items.slice(offset, end), nextCursor };
  }
}
