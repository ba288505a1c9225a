import { z } from "zod";
import { THE_PLAN } from "../domain/plan-run/not-ours.ts";
import { Plan, planDigest } from "../domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../domain/plan-run/run.ts";
import { RunEntry } from "../domain/plan-run/run-entry.ts";
import { notOurs, transition } from "../domain/plan-run/run-transition.ts";
import type { JournalEnd } from "../ports/runs.ts";
import { checkSchema } from "./put-aside.ts";
import { type Seals, sealIn } from "./seal.ts";

const StoredPlan = z.object({ plan: z.string(), seal: z.string().optional() });

/** What the store has of one run: its document, and the lines of its journal. */
export type StoredRun = readonly [stored: Readonly<Record<string, string>>, journal: readonly string[]];

/** The same, and how far this process knew its journal when it asked: what it learned meanwhile may have come later. */
export type FoundRun = readonly [...StoredRun, known?: JournalEnd | undefined];

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
 * differs is read from its beginning, so that nothing is believed that the store does not have now. That something is gone which was
 * there is said of the run (`lost`).
 */
export function replayer(version: number, lines: Seals): (id: string, found: FoundRun) => RunState | undefined {
  const known = new Map<string, Known>();
  return (id, [stored, journal, end]) => {
    const before = known.get(id);
    known.delete(id);
    if (Object.keys(stored).length === 0 && journal.length === 0) return undefined;
    const isKnown = before !== undefined && isSame(before.stored, stored) && begins(journal, before.journal);
    const from = isKnown ? before.run : fromPlan(stored, { id, version, lines });
    const added = isKnown ? journal.slice(before.journal.length) : journal;
    const run = added.reduce((state, text) => withLine(state, text, { id, lines }), from);
    known.set(id, { stored, journal, run });
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    if (end && end.length > 0 && sealIn(journal[end.length - 1] ?? "") !== end.seal)
      return { ...run, lost: run.lost ?? { lines: end.length, isSaid: false } };
    if (run.length === 0 || (run.seal !== "" && sealIn(journal.at(-1) ?? "") === run.seal)) remember(lines, run);
    return run;
  };
}

/**
 * A plan that is not proven to be ours says nothing of until when. What TwoKey writes while it stands there is TwoKey's all the same, and goes
 * on from what was seen before.
 */
export function remember({ seen }: Seals, { plan: { id }, foreign, length, seal, ...run }: RunState): void {
  const untilMs = foreign.includes(THE_PLAN) ? seen?.journal(id)?.untilMs : run.untilMs;
  if (untilMs !== undefined) seen?.sawJournal(id, { length, seal, untilMs });
}

interface Replaying {
  readonly id: string;
  readonly lines: Seals;
}

function withLine(run: RunState, text: string, { id, lines }: Replaying): RunState {
  const line = lines.read(text, { run: id, position: run.length });
  if (!line) return notOurs(run);
  const { entry, after, seal } = line;
  const next = { ...transition(run, RunEntry.parse(entry)), seal };
  const goesOn = run.seal === "" ? lines.fits(after, { plan: id, digest: run.digest }) : after === run.seal;
  // What it says still tells where the run stood; but it was written behind something else than stands there now.
  return goesOn ? next : { ...next, astray: [...run.astray, next.length] };
}

function fromPlan(stored: StoredRun[0], { id, version, lines }: Replaying & { readonly version: number }): RunState {
  checkSchema(stored["schema"], version);
  const { plan: text, seal } = StoredPlan.parse(stored);
  const plan = Plan.parse(JSON.parse(text));
  if (plan.id !== id) throw new Error(`the plan ${plan.id} stands there`);
  // Of what stands there, and not what is said beside it: that is what is shown, signed and sealed.
  const digest = planDigest(plan);
  const run = proposedRun(plan, digest);
  return lines.fits(seal, { plan: id, digest }) ? run : { ...run, foreign: [THE_PLAN] };
}

function isSame(one: StoredRun[0], other: StoredRun[0]): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

const begins = (journal: readonly string[], earlier: readonly string[]): boolean =>
  earlier.length <= journal.length && earlier.every((line, at) => line === journal[at]);
