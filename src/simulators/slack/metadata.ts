import { SlackError } from "./errors.ts";
import { isJson, type Json } from "./json.ts";

const MOST_BYTES = 8_000;

export interface Metadata {
  readonly event_type: string;
  readonly event_payload: Json;
}

/** `null` where an empty object asks for removal. Throws invalid_metadata_format, invalid_metadata_schema, metadata_too_large. */
export function checkedMetadata(value: unknown): Metadata | null {
  if (!isJson(value)) throw new SlackError("invalid_metadata_format");
  if (Object.keys(value).length === 0) return null;
  const type = value["event_type"];
  const payload = value["event_payload"];
  if (typeof type !== "string" || type === "" || !isJson(payload)) throw new SlackError("invalid_metadata_schema");
  if (Buffer.byteLength(JSON.stringify(value)) > MOST_BYTES) throw new SlackError("metadata_too_large");
  return { event_type: type, event_payload: payload };
}
