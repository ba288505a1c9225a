/** Steps from the root of the file to a value: keys of maps and indexes of lists. */
export type Path = readonly (string | number)[];

export type ProblemSeverity = "error" | "warning";

/** A problem before it has a place: rules and schema speak of paths, the source knows lines. */
export interface Finding {
  readonly path: Path;
  /** True when the key itself is wrong, so that its place counts and not its value's. */
  readonly isAboutKey?: true;
  readonly what: string;
  readonly instead: string;
  /** Where the case is milder than its rule; absent: what the rule says. */
  readonly severity?: ProblemSeverity;
}
