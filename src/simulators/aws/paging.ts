import { AwsError } from "./service.ts";

export interface Page<T> {
  readonly entries: T[];
  /** Where the next page begins; absent on the last one. */
  readonly marker: string | undefined;
}

/** One page in the order of the keys, after the entry that `marker` names. Markers are opaque to the caller. */
export function page<T>(
  all: readonly T[],
  key: (entry: T) => string,
  { size, marker }: { readonly size: number; readonly marker?: string | undefined },
): Page<T> {
  const after = marker === undefined ? "" : Buffer.from(marker, "base64url").toString("utf8");
  if (marker !== undefined && !all.some((entry) => key(entry) === after)) {
    throw new AwsError("InvalidParameterValue", "Invalid or expired Marker");
  }
  const rest = all.filter((entry) => key(entry) > after).sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const entries = rest.slice(0, size);
  const last = entries.at(-1);
  const marks = rest.length > size && last !== undefined;
  return { entries, marker: marks ? Buffer.from(key(last)).toString("base64url") : undefined };
}
