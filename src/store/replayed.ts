import { z } from "zod";
import { Plan } from "../domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../domain/plan-run/run.ts";
import { RunEntry } from "../domain/plan-run/run-entry.ts";
import { notOurs, transition } from "../domain/plan-run/run-transition.ts";
import { checkSchema } from "./put-aside.ts";
import type { JournalLines } from "./seal.ts";

const StoredPlan = z.object({ plan: z.string(), digest: z.string() });

/** What the store has of one run: its document, and the lines of its journal. */
export type StoredRun = readonly [stored: Readonly<Record<string, string>>, journal: readonly string[]];

interface Known {
  readonly stored: Readonly<Record<string, string>>;
  readonly journal: readonly string[];
  readonly run: RunState;
}

/** Runs that a process reads again and again: those under way, and the newest ones of the board. */
const MOST_KNOWN = 64;

/**
 * Replays a run from what the store has. A run is read many times a minute and its journal only grows: where plan and earlier
 * lines are, character by character, what was replayed here before, only the new lines are parsed and applied. Whatever
 * differs is read from its beginning, so that nothing is believed that the store does not have now.
 */
export function replayer(version: number, lines: JournalLines): (id: string, found: StoredRun) => RunState | undefined {
  const known = new Map<string, Known>();
  return (id, [stored, journal]) => {
    const before = known.get(id);
    known.delete(id);
    if (Object.keys(stored).length === 0 && journal.length === 0) return undefined;
    const isKnown = before !== undefined && isSame(before.stored, stored) && begins(journal, before.journal);
    const from = isKnown ? before.run : fromPlan(stored, version);
    const added = isKnown ? journal.slice(before.journal.length) : journal;
    const run = added.reduce((state, text) => {
      const entry = lines.read(text, { run: id, position: state.length });
      return entry === undefined ? notOurs(state) : transition(state, RunEntry.parse(entry));
    }, from);
    known.set(id, { stored, journal, run });
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    return run;
  };
}

function fromPlan(stored: StoredRun[0], version: number): RunState {
  checkSchema(stored["schema"], version);
  const { plan, digest } = StoredPlan.parse(stored);
  return proposedRun(Plan.parse(JSON.parse(plan)), digest);
}

function isSame(one: StoredRun[0], other: StoredRun[0]): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

const begins = (journal: readonly string[], earlier: readonly string[]): boolean =>
  earlier.length <= journal.length && earlier.every((line, at) => line === journal[at]);
