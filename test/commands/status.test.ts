import { expect, test } from "@jest/globals";
import { type StatusDeps, statusOfServices } from "../../src/commands/status.ts";
import { cardText } from "../../src/views/card-text.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";

const inventory = example("inventory");
const SERVER = "TwoKey's own state: Redis 7.0.15 writes each command to disk before it answers.";
const deps = (server: string | undefined): StatusDeps => ({
  runs: {
    openIds: async () => [],
    holderOf: async () => undefined,
    ofIncident: async () => [],
    read: async () => undefined,
  },
  clock: { now: () => AT },
  inventory: () => inventory,
  observed: async () => undefined,
  incidentShown: async () => undefined,
  freezes: { get: async () => undefined },
  ...{ server, standings: undefined },
  onCall: async () => [],
});

test("the board ends with what holds TwoKey's own state; a terminal, which has not looked, says nothing of it", async () => {
  const name = inventory.services[0]?.name;

  expect(cardText(await statusOfServices(undefined, deps(SERVER)))).toContain(SERVER);
  expect(cardText(await statusOfServices(undefined, deps(undefined)))).not.toContain("own state");
  expect(cardText(await statusOfServices(name, deps(SERVER)))).not.toContain("own state");
});

test("guard lost on the board: while the store is lost the board begins with that, and with the way on", async () => {
  const lost = { ...deps(SERVER), ledger: { disagreement: async () => "Redis came back empty" } };
  const name = inventory.services[0]?.name;

  for (const card of [await statusOfServices(undefined, lost), await statusOfServices(name, lost)])
    expect(cardText(card)).toMatch(
      /^STATE LOST\. Redis came back empty\. Nothing is changed\. The way on: \/dr accept-store\./,
    );
  const agreed = { ...deps(SERVER), ledger: { disagreement: async () => undefined } };
  expect(cardText(await statusOfServices(undefined, agreed))).not.toContain("STATE LOST");
});
