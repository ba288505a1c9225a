import { createHash } from "node:crypto";

/** Characters of a snapshot's name: RDS allows 63 for that of a cluster, and names are made alike for all kinds. */
const MOST_NAME = 63;
const MOST_SUBJECT = 24;
/** UTC, to the minute. */
const minuteOf = (ms: number): string => new Date(ms).toISOString().slice(0, "2026-11-26T03:11".length);

/** What a name says: a plan's request has all of it. */
export interface Named {
  readonly id: string;
  readonly service: { readonly name: string };
  readonly reason: string;
  readonly nowMs: number;
}

/**
 * Service, store where there are several, time, and as much of the reason as there is room for; the whole of it is a tag. RDS:
 * letters, digits and single hyphens, a letter first. The plan's id keeps it unique, and a digest where a long name was cut.
 */
export function snapshotName({ id, service, reason, nowMs }: Named, store: string): string {
  const words = ["twokey", subjectOf(service.name + store), minuteOf(nowMs), id, reason].map(plain);
  return cut(words.join("-"));
}

/** The same with a beginning of its own: whoever may delete copies cannot delete an original by its name. */
export const copyName = (original: string): string => cut(original.replace(/^twokey-/, "twokeycopy-"));

const cut = (name: string): string => name.slice(0, MOST_NAME).replace(/-+$/, "");

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");

/** The digest keeps two long names apart. */
function subjectOf(name: string): string {
  if (name.length <= MOST_SUBJECT) return name;
  const mark = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.slice(0, MOST_SUBJECT - mark.length - 1)}-${mark}`;
}
