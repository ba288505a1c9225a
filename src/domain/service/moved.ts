import type { Region } from "./region.ts";

/** A side that a run of ours has left, and that is proven to be closed. */
export interface FencedSide {
  readonly run: string;
  /** World time at which it was fenced last. */
  readonly sinceMs: number;
}

/** What our own runs tell of who writes, where AWS cannot: a database that was fenced says that it takes writes all the same. */
export type Moved =
  | {
      readonly kind: "proven";
      /** Where the newest move led. */
      readonly to: Region;
      readonly fenced: Readonly<Record<Region, FencedSide>>;
    }
  /** The newest move, which left that side, proves nothing now; `why` is a clause. */
  | { readonly kind: "unproven"; readonly left: Region; readonly why: string };
