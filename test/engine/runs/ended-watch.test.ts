import { describe, expect, test } from "@jest/globals";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { standsFenced } from "../../../src/engine/runs/proven-again.ts";
import { example } from "../../harness/example.ts";
import { started } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const at = { atMs: AT, step: "fence", epoch: 1 };
const OPENED: RunEntry = { kind: "fence-lost", ...at, seenClosedMs: AT, why: "it stands open" };

/** A run past its promotion whose old side was fenced, and is not watched any more. */
function unwatched(...since: readonly RunEntry[]): RunState {
  const waiting = proposed(example("inventory"));
  const entries: RunEntry[] = [
    ...started(waiting.plan, AT),
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    { kind: "intent", ...at, attempt: 1 },
    { kind: "done", ...at, says: "fenced", output: { fence: "fenced" } },
    { kind: "intent", ...at, step: "promote", attempt: 1 },
    ...since,
    { kind: "watch-ended", ...at, why: "the end date of the plan" },
  ];
  return entries.reduce(transition, waiting);
}

/** What the end of the run is at that time, and what is written of it. */
async function end(run: RunState, atMs: number) {
  const written: RunEntry[] = [];
  const append = async (decide: (now: RunState) => { readonly entry: RunEntry } | undefined) => {
    const entered = decide(run);
    if (entered) written.push(entered.entry);
  };
  const proving = { hold: { append }, deps: { clock: { now: () => atMs } }, signal: new AbortController().signal };
  // A side that nobody watches any more is asked nothing.
  return { end: await standsFenced(proving as never, run), written };
}

describe("at the end of a run, an old side that is not watched any more", () => {
  test("and was never seen open since its fence holds nothing up, also after the end date of the plan", async () => {
    const run = unwatched();

    for (const atMs of [AT, run.untilMs]) expect(await end(run, atMs)).toEqual({ end: { stands: true }, written: [] });
  });

  test("and was opened by somebody pauses the run after the end date, since nobody may fence it again", async () => {
    const run = unwatched(OPENED);

    expect(await end(run, run.untilMs - 1)).toEqual({ end: { stands: true }, written: [] });
    expect(await end(run, run.untilMs)).toEqual({
      end: { stands: false },
      written: [
        expect.objectContaining({
          kind: "voided",
          why: ["the end date of the plan is over, and eu-west-1 was opened by somebody before it"],
        }),
      ],
    });
  });
});
