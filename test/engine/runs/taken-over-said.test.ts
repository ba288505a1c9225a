import { expect, test } from "@jest/globals";
import type { Event } from "../../../src/domain/event.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { RunHold } from "../../../src/engine/runs/journal.ts";
import type { Runs } from "../../../src/ports/runs.ts";
import { cardText } from "../../../src/views/card-text.ts";
import { timelineCard } from "../../../src/views/timeline.ts";
import { openedIncident } from "../../cards/incident-states.ts";
import { example } from "../../harness/example.ts";
import { quietLedger, testClock } from "../../harness/fakes/index.ts";
import { started } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

/** A run that was started, in a store that keeps what is said of it. */
function startedRun() {
  const waiting = proposed(example("inventory"));
  let run: RunState = started(waiting.plan, AT).reduce(transition, waiting);
  const events: Event[] = [];
  const unasked = () => Promise.reject(new Error("nobody asks for this"));
  const runs: Runs = {
    ...{
      create: unasked,
      createStarted: unasked,
      openIds: unasked,
      ofIncident: unasked,
      holderOf: unasked,
      coolDownUntil: unasked,
    },
    read: async () => run,
    append: async (_run, change) => {
      run = change.entries.reduce(transition, run);
      events.push(...change.events);
      return { kind: "appended", run };
    },
  };
  const deps = { runs, clock: testClock(), ledger: quietLedger(), frozen: async () => undefined };
  return { events, take: (worker: string) => RunHold.take(deps, run.plan.id, { worker }), state: () => run };
}

test("the timeline says that a process went away, and neither number nor host of the one that goes on", async () => {
  const at = startedRun();
  await at.take("bot@vm-7:9901");
  await at.take("bot@vm-8:4410");

  expect([at.state().epoch, at.state().worker]).toEqual([2, "bot@vm-8:4410"]);
  const shown = cardText(timelineCard(openedIncident(), at.events));
  expect(shown).toContain("TwoKey performs the run");
  expect(shown).toContain("Another TwoKey process performs the run now");
  expect(shown).not.toMatch(/epoch|drives|\bvm-|:\d{4,5}\b/);
});
