import { type Plan, planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { Secret } from "../../src/domain/secret.ts";
import { sealedWith, WITHOUT_KEY } from "../../src/store/seal.ts";

/** The ledger's key of every world and bot of the tests. */
export const LEDGER_KEY = new Secret("k".repeat(40));
/** Whose store and ledgers the tests write. */
export const WHOSE = { environment: "production", world: "production" } as const;
/** How every process of the tests writes its journals; one that remembers them brings its own memory. */
export const JOURNAL = sealedWith(LEDGER_KEY);

/** What a line of a stored journal says, whoever wrote it. */
export const entryIn = (line: string): RunEntry =>
  RunEntry.parse(WITHOUT_KEY.read(line, { run: "", position: 0 })?.entry);

/** A key as TwoKey turns it: on this very plan, with all that has to be agreed to. */
export function turned(plan: Plan, by: string, atMs: number): Extract<RunEntry, { kind: "key-turned" }> {
  const accepted = plan.acceptances.map(({ id }) => id);
  return { kind: "key-turned", by, door: "slack", atMs, digest: planDigest(plan), accepted };
}

/** Complete keys, and the start. */
export function started(plan: Plan, atMs: number, people: readonly string[] = ["ana", "ben"]): RunEntry[] {
  return [...people.map((by) => turned(plan, by, atMs)), { kind: "started", atMs, keys: [...people] }];
}

/** A plan that was started, and whose fence is done, with this shown of the old side; and what came then. */
export function fenced(
  run: RunState,
  fence: "fenced" | "cannot-know" = "fenced",
  more: readonly RunEntry[] = [],
): RunState {
  const { madeAtMs: atMs } = run.plan;
  const step = { atMs, epoch: 1, step: "fence" };
  const entries: RunEntry[] = [
    ...started(run.plan, atMs),
    { kind: "claimed", atMs, epoch: 1, worker: "w1" },
    { kind: "intent", ...step, attempt: 1 },
    { kind: "done", ...step, says: "seen", output: { fence } },
  ];
  return [...entries, ...more].reduce(transition, run);
}
