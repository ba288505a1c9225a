/** A setting of a document, or a value of a command: a tree of names, each with its line. Lines count from 1. */
export interface Setting {
  /** Name of the key; the number of an item in a list; empty at the root. */
  readonly key: string;
  readonly path: readonly string[];
  readonly line: number;
  /** Undefined for what has children. */
  readonly text: string | undefined;
  readonly children: readonly Setting[];
}

export interface OptionValue {
  readonly text: string;
  readonly line: number;
  /** False where a variable or another command stands in it. */
  readonly isPlain: boolean;
  /** The value as a tree, where it is JSON, YAML or a dictionary. */
  readonly tree: Setting | undefined;
}

/** A word of a shell command. */
export interface Word {
  readonly text: string;
  readonly isPlain: boolean;
  /** Variables that the shell splits into words and looks for file names in. */
  readonly unquoted: readonly string[];
  /** Variables that stop the command when they are empty: `${NAME:?}`. */
  readonly insisted: readonly string[];
  readonly variables: readonly string[];
}

/** One thing that a procedure does, in the order in which it does it. */
export interface Act {
  readonly line: number;
  /** `rds promote-read-replica`, `rds wait db-instance-available`, `rm`, `update_dns_records`. */
  readonly name: string;
  /** Undefined for what is no call of AWS. */
  readonly service: string | undefined;
  /** By their names without dashes and in small letters. */
  readonly options: ReadonlyMap<string, OptionValue>;
  readonly words: readonly Word[];
  /** True where more options may stand in a variable. */
  readonly isOpen: boolean;
  /** What stands above it: comments, and what it says to its reader. */
  readonly note: string;
  /** Its answer is kept, in a file or in a variable. */
  readonly isKept: boolean;
  /** It stands in a loop, so it may wait by asking again. */
  readonly isRepeated: boolean;
  /** Something looks at whether it worked. */
  readonly isGuarded: boolean;
  /** Conditions and handlers around it, as they are written. */
  readonly within: readonly string[];
}

/** What is done from the first line to the last, by one script, one function or one section of a document. */
export interface Procedure {
  /** Headings and names above it. */
  readonly title: string;
  /** By which other procedures of the file call it; empty for what has no name. */
  readonly name: string;
  /** True for what another procedure of the file calls. */
  readonly isPart: boolean;
  readonly file: string;
  readonly line: number;
  readonly language: "shell" | "python" | "list";
  /** A script runs without a person who looks at each line. */
  readonly isScript: boolean;
  /** It ends at the first command that fails. */
  readonly stopsOnFailure: boolean;
  /** An unset variable ends it. */
  readonly stopsOnUnset: boolean;
  readonly acts: readonly Act[];
  /** What happens when it ends or fails, whatever the line. */
  readonly traps: readonly Trap[];
  /** Variables that are set to a plain text without spaces in it. */
  readonly constants: ReadonlyMap<string, string>;
  /** Variables that are set to anything at all. */
  readonly assigned: ReadonlySet<string>;
  readonly comparisons: readonly Comparison[];
  readonly fields: readonly FieldUse[];
}

export interface Trap {
  readonly line: number;
  readonly signals: readonly string[];
  readonly does: string;
}

/** `lag > 300`. */
export interface Comparison {
  readonly line: number;
  readonly left: string;
  readonly operator: string;
  readonly right: string;
}

/** A field that is read from the answer of a call. */
export interface FieldUse {
  readonly line: number;
  readonly of: string;
  readonly path: readonly string[];
  /** An item by its number that is read from a list, and how the list was ordered. */
  readonly item: { readonly list: string; readonly isOrdered: boolean } | undefined;
}

export interface Sentence {
  readonly line: number;
  readonly text: string;
  /** Headings above it, the nearest last. */
  readonly headings: readonly string[];
}

export interface Unread {
  readonly line: number;
  readonly why: string;
}

/** All that was read in one file. */
export interface Document {
  readonly file: string;
  readonly procedures: readonly Procedure[];
  readonly settings: readonly Setting[];
  readonly prose: readonly Sentence[];
  readonly unread: readonly Unread[];
}

/** What a reader of one language gives. */
export type Reading = Omit<Document, "file">;

export const NOTHING_READ: Reading = { procedures: [], settings: [], prose: [], unread: [] };

/** Where a piece of a file begins, and what stands above it. */
export interface Place {
  readonly file: string;
  /** Lines of the file before its first line. */
  readonly before: number;
  readonly title: string;
}

export function* everySetting(from: readonly Setting[]): Generator<Setting> {
  for (const setting of from) {
    yield setting;
    yield* everySetting(setting.children);
  }
}

/** Names are told apart without case, dashes and underscores, as CLI, SDK and templates write them differently. */
export const plainName = (name: string): string => name.replaceAll(/[-_\s]/g, "").toLowerCase();

/** The text of the child with one of these names. */
export function textOf(setting: Setting, ...names: readonly string[]): Setting | undefined {
  const wanted = names.map(plainName);
  return setting.children.find(({ key, text }) => text !== undefined && wanted.includes(plainName(key)));
}
