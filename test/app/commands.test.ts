import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createCommands } from "../../src/app/commands.ts";
import { createStores } from "../../src/app/stores.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { example } from "../harness/example.ts";
import { clockAt, quietLedger, who } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const nothing = async () => undefined;

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

test("a decision to wait that the ledger cannot tell a full Redis of says so in plain words", async () => {
  const stores = createStores(await bench.connect(), () => AT, JOURNAL);
  const plan = planFor(inventory, { id: "F-AAA111" });
  await stores.runs.create(plan, planDigest(plan), []);
  const full = new Error("OOM command not allowed when used memory > 'maxmemory'.");
  const { intents } = createCommands({
    ...{ stores, clock: clockAt(() => AT), inventory: () => inventory },
    ledger: quietLedger({ append: () => Promise.reject(full) }),
    wake: { card: nothing, run: nothing },
    proven: { standings: () => [] },
    outside: { chat: {}, cloud: {}, pagers: {}, accounts: {} },
  } as never);
  const text = "5m because of the lag";
  const answer = await intents({ verb: "wait", args: text.split(" "), text, who: who("ana"), channel: "C1" });

  expect(answer).toMatchObject({
    card: { text: expect.stringContaining("The ledger does not have it: TwoKey's memory (Redis) is full") },
  });
});
