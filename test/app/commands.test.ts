import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createCommands } from "../../src/app/commands.ts";
import { createStores, type Stores } from "../../src/app/stores.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { openedIncident } from "../cards/incident-states.ts";
import { example } from "../harness/example.ts";
import { clockAt, quietLedger, who } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const nothing = async () => undefined;

let bench: StoreBench;
let stores: Stores;
beforeEach(async () => {
  bench = await StoreBench.start();
  stores = createStores(await bench.connect(), () => AT, JOURNAL);
});
afterEach(() => bench.close());

const planned = async () => {
  const plan = planFor(inventory, { id: "F-AAA111" });
  await stores.runs.create(plan, planDigest(plan), []);
};

/** What Ana types in a channel. */
function says(verb: string, text: string, ledger = quietLedger()) {
  const { intents } = createCommands({
    ...{ stores, ledger, clock: clockAt(() => AT), inventory: () => inventory },
    wake: { card: nothing, run: nothing },
    proven: { standings: () => [] },
    outside: { chat: {}, cloud: {}, pagers: {}, accounts: {} },
  } as never);
  return intents({ verb, args: text.split(" "), text, who: who("ana"), channel: "C1" });
}

test("a decision to wait that the ledger cannot tell a full Redis of says so in plain words", async () => {
  await planned();
  const full = new Error("OOM command not allowed when used memory > 'maxmemory'.");

  const answer = await says("wait", "5m because of the lag", quietLedger({ append: () => Promise.reject(full) }));

  expect(answer).toMatchObject({
    card: { text: expect.stringContaining("The ledger does not have it: TwoKey's memory (Redis) is full") },
  });
});

test("an incident whose service is being moved is not resolved, and who asks is told by which run", async () => {
  const incident = openedIncident();
  await stores.incidents.change(incident.id, () => ({ value: incident, events: [], dueAtMs: undefined }));
  await planned();
  const waiting = await stores.runs.read("F-AAA111");
  if (!waiting) throw new Error("the run is there");
  await stores.runs.append(waiting, {
    entries: [{ kind: "started", atMs: AT, keys: ["ana", "ben"] }],
    events: [],
    claim: { action: "hold", service: "inventory" },
  });

  await expect(says("resolve", `${incident.id} fixed`)).rejects.toThrow(
    /^Not while a run is still under way: .*F-AAA111/,
  );
});
