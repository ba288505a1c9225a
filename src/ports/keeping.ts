import type { RunState } from "../domain/plan-run/run.ts";
import type { Documents } from "./documents.ts";

/** What has an end: things that were settled a while ago are exported and removed. */
export interface Keeping {
  /** Ids that are needed no more since before `atMs` (world time), longest ago first. */
  settledBefore(atMs: number, limit: number): Promise<readonly string[]>;
  /** Where it was put aside: back into the indexes, if this version can read it. */
  takeBack(id: string): Promise<boolean>;
}

export interface Removal {
  /** Only if it still is what was exported; undefined: there is nothing but its place in an index. */
  readonly revision: number | undefined;
  readonly nowMs: number;
  /** Keys of the store that go with it in the same step. */
  readonly alongside?: readonly string[];
}

export interface KeptDocuments<T> extends Documents<T>, Keeping {
  /** False: it is open, or has changed since. */
  remove(id: string, removal: Removal): Promise<boolean>;
}

/** One thing of the store that cannot be read. */
export interface PutAside {
  /** `<kind> <id>` */
  readonly name: string;
  readonly kind: string;
  readonly id: string;
  /** One sentence for people. */
  readonly why: string;
  /** A new one was begun in its place. */
  readonly replaced: boolean;
  /** When people were told, world time; absent: they were not yet. */
  readonly reportedAtMs?: number | undefined;
}

export interface Asides {
  /** A random sample where there are many. */
  list(limit: number): Promise<readonly PutAside[]>;
  /** People were told. */
  reported(aside: PutAside, atMs: number): Promise<void>;
}

/** One thing of the store. `place`: it stands neither among what is open nor among what is over; `due`: it is due at no time, and may have to be. */
export interface Unlisted {
  readonly kind: string;
  readonly id: string;
  /** Undefined: only its labels may be missing, or what a run holds. */
  readonly lacks: "place" | "due" | undefined;
}

/** Of one pass of all that is stored, for every process. */
export interface Passing {
  /** People were told of what this pass has listed again. */
  readonly isSaid: boolean;
  /** Runs that are in each part until nothing is in their way. */
  readonly again: readonly string[];
}

export interface UnlistedPart extends Passing {
  readonly things: readonly Unlisted[];
  /** Where the next part begins. */
  readonly next: string;
  /** With it all of it was passed. */
  readonly isWhole: boolean;
}

/** `stands`: nothing is missing, or it has changed meanwhile. `in-the-way`: nothing was changed, for that run holds what it has to hold. */
export type Listing =
  | { readonly kind: "listed" | "stands" }
  | { readonly kind: "in-the-way"; readonly run: string; readonly holds: "service" | "keys" };

/** What of the store may be open and stands in no list, so that nobody looks at it. */
export interface UnlistedThings {
  /** The next part of all that is stored: the same one until it was passed. */
  next(): Promise<UnlistedPart>;
  passed(next: string, passing: Passing): Promise<void>;
  /** Whether it is found by each of these labels. */
  isFoundBy(thing: Pick<Unlisted, "kind" | "id">, labels: readonly string[]): Promise<boolean>;
  /** Lists it, with what it holds. */
  listRun(run: RunState, nowMs: number): Promise<Listing>;
}

/** How things of one kind end. */
export interface Ending {
  settledBefore(atMs: number, limit: number): Promise<readonly string[]>;
  /** Undefined: it is still needed, and is looked at again when another retention is over. */
  last(id: string): Promise<LastWords | undefined>;
}

export interface LastWords {
  /** What the archive keeps of it; absent: nothing. */
  readonly content?: unknown;
  /** False: it is open, or has changed since. */
  remove(): Promise<boolean>;
}

/** Which events of the stream end, and who takes those that stand nowhere else. */
export interface EventsEnding {
  /** World time. */
  readonly beforeMs: number;
  readonly limit: number;
  handOver(events: readonly Exported[]): Promise<void>;
}

export interface Exported {
  readonly kind: string;
  readonly id: string;
  readonly content: unknown;
}

/** A file beside the ledger that outlives the store. */
export interface Archive {
  /** Written, fsynced, and its hash in the ledger before this resolves. */
  write(items: readonly Exported[]): Promise<void>;
}

/** Files beside the store that are written no more: closed segments of the ledger, archives of months that are over. */
export interface ClosedFiles {
  /** Those that were closed before `atMs` (world time). Each stands in the ledger, with its hash, before it is removed. */
  removeBefore(atMs: number): Promise<void>;
  /** The same for all that another process left here that has written nothing since `atMs`. */
  removeUnusedSince(atMs: number): Promise<void>;
}
