import type { Event } from "../domain/event.ts";
import type { FreezeLine } from "../domain/plan-run/freeze.ts";
import type { Plan } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Captured, RunEntry } from "../domain/plan-run/run-entry.ts";
import type { Strength } from "./asker.ts";

/** What changes together with a run's journal, in one atomic step. */
export interface Appended {
  readonly entries: readonly RunEntry[];
  readonly events: readonly Event[];
  /** Takes the service for this run, without expiry, or gives it back and starts the cool-down. */
  readonly claim?: { readonly action: "hold" | "release"; readonly service: string; readonly coolDownUntilMs?: number };
  /** Ends the run whose rest this one takes over, and takes the service from it. That run must not have changed either. */
  readonly continues?: { readonly run: RunState; readonly entry: RunEntry; readonly event: Event };
  /** The run needs nobody's attention any more. */
  readonly over?: boolean;
}

export type AppendAnswer =
  | { readonly kind: "appended"; readonly run: RunState }
  /** Somebody was faster: read again and decide again. */
  | { readonly kind: "conflict" }
  | { readonly kind: "claimed-by"; readonly run: string }
  | CoolingDown;

interface CoolingDown {
  readonly kind: "cooling-down";
  readonly untilMs: number;
}

/** What a plan that needs no key starts with, in the step that keeps it. */
export interface Start {
  readonly entry: Extract<RunEntry, { kind: "started" }>;
  readonly events: readonly Event[];
}

export type CreateAnswer =
  | { readonly kind: "created" }
  /** Another plan of the service waits for keys, or a run holds it that this plan does not continue. */
  | { readonly kind: "in-the-way"; readonly run: string };

/** Journals of runs. The only truth about a run; changed only by an append at the expected position. */
export interface Runs {
  /** Of several plans of one service that come at once, one is created. */
  create(plan: Plan, digest: string, events: readonly Event[]): Promise<CreateAnswer>;
  /** Keeps a plan, takes the service for it and starts it, all or nothing: no such plan ever waits. */
  createStarted(proposed: RunState, start: Start): Promise<CreateAnswer | CoolingDown>;
  read(id: string): Promise<RunState | undefined>;
  append(run: RunState, change: Appended): Promise<AppendAnswer>;
  /** Runs that are not over: what the sweep looks at. With a service those of it, and those whose plan nobody can read. */
  openIds(service?: string): Promise<readonly string[]>;
  /** Every plan and run that was made for this incident, over or not. */
  ofIncident(incident: string): Promise<readonly string[]>;
  /** The run that holds the service, if any. */
  holderOf(service: string): Promise<string | undefined>;
  /** World time until which no failover of the service may start. */
  coolDownUntil(service: string): Promise<number | undefined>;
}

/** Code of the TransientError of a ledger that takes no line, as on a full disk. */
export const LEDGER_UNWRITABLE = "ledger-unwritable";

/** The append-only copy outside the store (G12, G17). */
export interface Ledger {
  /** Written and fsynced before this resolves. */
  append(entry: LedgerEntry): Promise<void>;
  /** Why nothing may be changed: the store is empty or older than what this ledger saw. Undefined: they agree. */
  disagreement(): Promise<string | undefined>;
  /** The end of this ledger as it is now; undefined: it has no line yet. */
  head(): LedgerHead | undefined;
  /** Highest epoch that was ever written here for any run. */
  highestEpoch(): number;
}

/** How far a journal was: all up to that line, since its seal goes on from those before it. */
export interface JournalEnd {
  readonly length: number;
  /** Seal of the newest line that TwoKey has written. */
  readonly seal: string;
}

/** The same, of a run whose keys authorise something until then, world time. */
export interface SeenEnd extends JournalEnd {
  readonly untilMs: number;
}

/** Names the newest line of a ledger, so that nobody cuts it off unseen. */
export interface LedgerHead {
  /** Whose ledger it is, and how many lines its present file has. */
  readonly process: string;
  readonly lines: number;
  /** The newest line's seal, as hex. */
  readonly seal: string;
}

export interface LedgerEntry {
  readonly atMs: number;
  readonly run: string;
  readonly service?: string;
  readonly epoch: number;
  readonly kind: string;
  readonly step?: string;
  /** Person id, door, and how sure the door was of them, where somebody asked for it. */
  readonly by?: string;
  readonly door?: string;
  readonly strength?: Strength;
  readonly says: string;
  readonly requestIds?: readonly string[];
  /** How far the run's journal was when the line was written: it still has to be so far when a process starts with this ledger. */
  readonly journal?: SeenEnd;
  /** Something that was said to freeze or to lift. */
  readonly freeze?: FreezeLine;
  /** How that stood which a fence takes away: people need it to give it back, also when the store is lost. */
  readonly captured?: Captured;
}
