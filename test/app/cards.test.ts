import { expect, test } from "@jest/globals";
import { renderCard } from "../../src/app/cards.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { cardText } from "../../src/views/card-text.ts";
import { example } from "../harness/example.ts";
import { testClock } from "../harness/fakes/index.ts";
import { started } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { proposed } from "../harness/plans.ts";

const inventory = example("inventory");
const nothing = { get: async () => undefined };

test("the progress of a run is drawn with its newest note, and of a run that is not kept nothing is drawn", async () => {
  const asked = proposed(inventory);
  const entries: RunEntry[] = [
    ...started(asked.plan, AT),
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    { kind: "intent", atMs: AT, step: "fence", epoch: 1, attempt: 1 },
    { kind: "asked", atMs: AT, step: "fence", epoch: 1, requestIds: [], data: {} },
  ];
  const run = entries.reduce(transition, asked);
  const runs = { read: async (id: string) => (id === run.plan.id ? run : undefined) };
  const notes = { get: async () => ({ value: { says: { fence: "2 tasks still run" } } }) };
  const sources = {
    stores: { runs, notes, calls: nothing, incidents: nothing, waits: nothing },
    ...{ clock: testClock(), inventory: () => inventory },
  };
  const drawn = (id: string) => Reflect.apply(renderCard, undefined, ["progress", id, sources]);

  expect(cardText(await drawn(run.plan.id))).toContain("2 tasks still run");
  expect(await drawn("F-GONE")).toBeUndefined();
});
