/** What a look at the old side of a run found, as the watch needs it. */
export type OldSide =
  /** Database or compute API there gives no answer: left alone. */
  | { readonly kind: "silent" }
  /** People sent the service back there; taking it away from its users is no longer ours to do. */
  | { readonly kind: "moved-back"; readonly why: string }
  | {
      readonly kind: "back";
      /** What stands there now, for undo. Undefined where reading is refused, though the region answers. */
      readonly captured: Readonly<Record<string, unknown>> | undefined;
      /** Nothing is left to be closed or stopped. */
      readonly isClosed: boolean;
    };
