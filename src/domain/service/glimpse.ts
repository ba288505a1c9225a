import type { Region } from "./region.ts";

/** One part of a look as soon as it is there: for people who wait for the whole, and for nobody else. */
export interface Glimpse {
  /** A later one under the same key takes its place. */
  readonly key: string;
  /** Absent: it belongs to no region. */
  readonly region?: Region;
  readonly what: string;
  /** Absent: it was asked, and has not answered yet. */
  readonly says?: string;
}
